import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** One emulated printer, as `emulate --json` announces it. */
const announced = z.object({
  serial: z.string(),
  host: z.string(),
  accessCode: z.string(),
  model: z.string(),
  mqttPort: z.int(),
  ftpPort: z.int(),
  cameraPort: z.int(),
  caFile: z.string(),
});
export type AnnouncedPrinter = z.infer<typeof announced>;

const STOP_MS = 6_000;

/** This program again, as another process: `emulate` and `run` are the very commands a person would type. */
export class Companion {
  readonly #process: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(
    readonly name: string,
    args: readonly string[],
    logFile: string,
    onLine?: (line: string) => void,
  ) {
    const program = process.argv[1];
    if (program === undefined) throw new Error('the path of this program is not known');
    this.#process = spawn(process.execPath, [...process.execArgv, program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    this.#process.stderr?.pipe(log, { end: false });
    if (onLine && this.#process.stdout) createInterface({ input: this.#process.stdout }).on('line', onLine);
    else this.#process.stdout?.pipe(log, { end: false });
    this.ended = new Promise((resolve) => {
      this.#process.once('error', () => resolve(null));
      this.#process.once('exit', (code) => {
        log.end();
        resolve(code);
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Starts emulated printers in a process of their own. Resolves when all have announced themselves. */
export async function startPrinters(
  args: readonly string[],
  count: number,
  logFile: string,
): Promise<{ companion: Companion; printers: readonly AnnouncedPrinter[] }> {
  const printers: AnnouncedPrinter[] = [];
  let all: () => void = () => undefined;
  const complete = new Promise<void>((resolve) => {
    all = resolve;
  });
  const companion = new Companion(
    'emulate',
    ['emulate', '--json', '--follow-stdin', ...args],
    logFile,
    (line) => {
      const parsed = announced.safeParse(JSON.parse(line));
      if (parsed.success) printers.push(parsed.data);
      if (printers.length === count) all();
    },
  );
  const failed = companion.ended.then((code) => {
    throw new Error(`the emulated printers ended (${code ?? 'not started'}); see ${logFile}`);
  });
  // Unhandled when all goes well: the race is over long before the process ends.
  failed.catch(() => undefined);
  await Promise.race([complete, failed]);
  return { companion, printers };
}
