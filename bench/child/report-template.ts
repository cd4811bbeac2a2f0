/** What the report player sends: the emulator's own full X1C report of about 10 KB, in the middle of a print. */
import { z } from 'zod';
import { Emulator } from '../../drivers/emulator/index.js';
import { connectToPrinter } from './printer-client.js';

const SPOOL = { type: 'PLA', color: 'FFFFFFFF' };
/** Three units with four slots each bring the report to about 10 KB. */
const UNITS = [0, 1, 2].map((id) => ({ id, slots: [SPOOL, SPOOL, SPOOL, SPOOL] }));

const reportMessage = z.object({ print: z.record(z.string(), z.unknown()) });
const versionMessage = z.object({ info: z.record(z.string(), z.unknown()) });

export interface Templates {
  readonly report: Readonly<Record<string, unknown>>;
  readonly version: Readonly<Record<string, unknown>>;
  /** The first letters and digits of the model's serial numbers. */
  readonly serialPrefix: string;
}

/** Asks an emulated printer, which runs for this moment only. */
export async function reportTemplates(host: string): Promise<Templates> {
  const emulator = new Emulator({ printers: [{ model: 'X1C', host, mqttPort: 0, ftpPort: 0, ams: UNITS }] });
  await emulator.start();
  try {
    const [printer] = emulator.printers;
    if (printer === undefined) throw new Error('no printer was emulated');
    const client = await connectToPrinter(printer, emulator.caPem);
    await client.subscribeAsync(`device/${printer.serial}/report`);
    const ask = async (command: unknown): Promise<unknown> => {
      const answered = new Promise<Buffer>((resolve) => {
        client.once('message', (_topic, message) => resolve(message));
      });
      await client.publishAsync(`device/${printer.serial}/request`, JSON.stringify(command));
      return JSON.parse((await answered).toString());
    };
    const version = versionMessage.parse(
      await ask({ info: { command: 'get_version', sequence_id: '1' } }),
    ).info;
    const report = reportMessage.parse(
      await ask({ pushing: { command: 'pushall', sequence_id: '2' } }),
    ).print;
    await client.endAsync(true);
    return { report, version, serialPrefix: printer.serial.slice(0, 3) };
  } finally {
    await emulator.stop();
  }
}
