import { BambuFileTransfer } from '../../drivers/bambu/transfer.js';
import { TRANSFER_TIMING } from '../../drivers/bambu/transfer-timing.js';
import { DriverError } from '../../drivers/driver.js';
import { QUICK, TransferRig } from '../drivers/bambu/transfer-rig.js';
import type { Dice } from './dice.js';

/** The thirty seconds without a byte, on a clock a hundred times as fast. */
const CLOCK = 100;
const IDLE_MS = TRANSFER_TIMING.idleMs / CLOCK;

interface Breakage {
  readonly fault: string;
  args(at: number): Record<string, unknown>;
  /** Larger than what the sockets in between take in. */
  readonly large?: boolean;
  /** Words of the error; null when the file is whole all the same. */
  readonly error: RegExp | null;
}

export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  cut: { fault: 'ftp.dropAt', args: (bytes) => ({ bytes }), error: /./ },
  stall: {
    fault: 'ftp.stallAt',
    args: (bytes) => ({ bytes }),
    large: true,
    error: /took no data for 0\.3 s/,
  },
  '426 after the whole file': { fault: 'ftp.426', args: () => ({ kind: 'complete' }), error: null },
  '426 after half of it': { fault: 'ftp.426', args: () => ({ kind: 'truncated' }), error: /./ },
  '226 after half of it': { fault: 'ftp.half226', args: () => ({}), error: /./ },
  'full after n bytes': {
    fault: 'ftp.552',
    args: (afterBytes) => ({ afterBytes }),
    error: /full|room|space/i,
  },
};

export const MODELS = ['X1C', 'P1S', 'A1', 'H2D'];

export function uploadRig(net: number): TransferRig {
  const printers = MODELS.map((model, at) => ({
    model,
    host: `127.64.${net}.${at + 1}`,
    mqttPort: 0,
    ftpPort: 0,
  }));
  return new TransferRig({ speed: 200, printers });
}

export interface UploadResult {
  /** From the last byte that was taken to the end, in the seconds of a real farm; null where nothing stalls. */
  readonly idleSeconds: number | null;
  readonly broken: readonly string[];
}

/** An upload that breaks at a byte of the seed's choice, and the one after it, which must arrive whole. */
export async function uploadTrial(rig: TransferRig, dice: Dice, breakage: Breakage): Promise<UploadResult> {
  // A stall makes an A1 try again in the clear at once, which is another story.
  const models = breakage.large ? MODELS.filter((model) => model !== 'A1') : MODELS;
  const index = MODELS.indexOf(dice.pick(models));
  const printer = rig.printer(index);
  const size = breakage.large ? 24_000_000 : dice.whole(20_000, 600_000);
  const at = dice.whole(1, breakage.large ? 4_000_000 : size - 1);
  const transfer = new BambuFileTransfer({ timing: { ...QUICK, idleMs: IDLE_MS } });
  const broken: string[] = [];
  let lastByteAt = 0;
  const request = await rig.request(size, {
    onProgress: () => {
      lastByteAt = performance.now();
    },
  });
  const onCard = () => printer.files().find(({ name }) => name === request.remoteName)?.bytes ?? null;
  const where = `${MODELS[index]}, byte ${at} of ${size}`;
  printer.addFault(breakage.fault, { ...breakage.args(at), times: 1 });
  const failure = await transfer.upload(rig.target(index), request).then(
    () => null,
    (error: unknown) => error,
  );
  const idleSeconds = breakage.large ? ((performance.now() - lastByteAt) * CLOCK) / 1000 : null;
  if (breakage.error === null) {
    if (failure !== null) broken.push(`${where}: a whole file was refused: ${String(failure)}`);
    if (onCard() !== size) broken.push(`${where}: ${onCard()} bytes arrived`);
  } else {
    if (!(failure instanceof DriverError) || !breakage.error.test(failure.message))
      broken.push(`${where}: answered with ${String(failure)}`);
    if (onCard() !== null) broken.push(`${where}: ${onCard()} bytes were left on the card`);
  }
  printer.clearFaults();
  const patient = new BambuFileTransfer({ timing: QUICK });
  const again = await patient.upload(rig.target(index), request).catch((error: unknown) => error);
  if (onCard() !== size) broken.push(`${where}: the next upload gave ${String(again)}`);
  await patient.remove(rig.target(index), request.remoteName, request.signal);
  await Promise.all([transfer.close(), patient.close()]);
  return { idleSeconds, broken };
}
