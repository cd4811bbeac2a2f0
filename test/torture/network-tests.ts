import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createBambuDriver } from '../../drivers/bambu/index.js';
import type { DriverLog, PrinterDriver, PrinterSession } from '../../drivers/driver.js';
import { type EmulatedPrinter, Emulator } from '../../drivers/emulator/index.js';
import { Dice } from './dice.js';
import type { TortureTest, Verdict } from './trial.js';

const PRINTERS = 200;
const ANNOUNCED_EVERY_MS = 5_000;
const CORRECT_WITHIN_MS = 5_000;
const LONGEST_S = 60;

const quiet: DriverLog = { debug() {}, info() {}, warn() {}, error() {} };

/** One printer of the farm and the session with it. */
interface Line {
  readonly printer: EmulatedPrinter;
  readonly session: PrinterSession;
  /** The network between is gone. */
  cut: boolean;
}

/**
 * No. 14: two hundred printers are cut off and come back, each in a rhythm of its own, 1 to 60 s away and 1 to 60 s
 * there. They announce themselves every five seconds while they are there, as real ones do.
 */
export const flapping: TortureTest = {
  number: 14,
  name: 'partitions and flapping, 200 printers',
  async run({ seeds, minutes, tell }): Promise<Verdict> {
    const [seed = 1] = seeds;
    const dice = new Dice(seed, 'flapping');
    const emulator = new Emulator({
      printers: Array.from({ length: PRINTERS }, (_, at) => ({
        model: dice.pick(['X1C', 'P1S', 'A1', 'A1M']),
        host: `127.63.${Math.floor(at / 250)}.${1 + (at % 250)}`,
        mqttPort: 0,
        ftpPort: 0,
      })),
      seed,
    });
    await emulator.start();
    const attempts: number[] = [];
    const onSocket = () => void attempts.push(performance.now());
    subscribe('net.client.socket', onSocket);
    const driver = createBambuDriver({ log: quiet, maxConnecting: 16, maxTransfers: 8 });
    const lines = emulator.printers.map((printer) => lineTo(printer, emulator.caPem, driver));
    const failures: string[] = [];
    let announcing: NodeJS.Timeout | undefined;
    const end = performance.now() + minutes * 60_000;
    try {
      for (const { session } of lines) session.start();
      await allOnline(lines, 60_000);
      const handlesBefore = openHandles();
      announcing = announce(lines);
      let cuts = 0;
      await Promise.all(
        lines.map(async (line) => {
          const { printer } = line;
          const own = new Dice(seed, printer.serial);
          while (performance.now() < end) {
            await delay(own.whole(1_000, LONGEST_S * 1_000));
            line.cut = true;
            printer.addFault('net.refuse');
            printer.addFault('net.drop');
            cuts += 1;
            await delay(own.whole(1_000, LONGEST_S * 1_000));
            printer.clearFaults();
            line.cut = false;
          }
        }),
      );
      const lastHeal = performance.now();
      const wrong = await allOnline(lines, 60_000).then(
        () => null,
        (error: unknown) => String(error),
      );
      const correctMs = performance.now() - lastHeal;
      await delay(2_000);
      const grown = openHandles() - handlesBefore;
      const storm = busiestSecond(attempts);
      if (wrong !== null) failures.push(wrong);
      if (correctMs > CORRECT_WITHIN_MS)
        failures.push(`all states were right ${Math.round(correctMs)} ms after the last heal`);
      if (storm >= 20) failures.push(`${storm} connection attempts within a second`);
      if (grown > 10) failures.push(`${grown} more handles than before`);
      const figures =
        `${minutes} min, ${cuts} cuts, ${attempts.length} attempts, ${storm} in the busiest second; ` +
        `right ${(correctMs / 1000).toFixed(1)} s after the last heal; handles ${grown >= 0 ? '+' : ''}${grown}`;
      tell(figures);
      return { runs: 1, figures, failures };
    } finally {
      clearInterval(announcing);
      unsubscribe('net.client.socket', onSocket);
      await Promise.all(lines.map(({ session }) => session.stop()));
      await emulator.stop();
    }
  },
};

function lineTo(printer: EmulatedPrinter, ca: string, driver: PrinterDriver): Line {
  const { serial, host, mqttPort, ftpPort, accessCode, modelCode } = printer;
  const session = driver.createSession(
    {
      ...{ serial, host, mqttPort, ftpPort, accessCode, modelCode },
      trust: 'ca',
      extraCa: [ca],
      pinnedFingerprint: null,
    },
    { onConnection() {}, onReport() {}, onPinned() {}, onCapabilities() {} },
    quiet,
  );
  return { printer, session, cut: false };
}

/** One after the other over the interval. */
function announce(lines: readonly Line[]): NodeJS.Timeout {
  let next = 0;
  return setInterval(() => {
    const line = lines[next++ % lines.length];
    if (line && !line.cut) line.session.hint();
  }, ANNOUNCED_EVERY_MS / lines.length);
}

async function allOnline(lines: readonly Line[], timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const off = lines.filter(({ session }) => session.connection.status !== 'online');
    if (off.length === 0) return;
    if (performance.now() > end) {
      const told = off.slice(0, 3).map(({ session }) => JSON.stringify(session.connection));
      throw new Error(`${off.length} printers are not online: ${told.join(', ')}`);
    }
    await delay(20);
  }
}

function openHandles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The most moments within any second. */
function busiestSecond(moments: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [at, moment] of moments.entries()) {
    while ((moments[from] ?? moment) <= moment - 1_000) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}
