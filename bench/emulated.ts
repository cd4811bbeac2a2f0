/** Emulated printers in a process of their own, as `printfarmd emulate` runs them, and their log of what happened. */
import { join } from 'node:path';
import { z } from 'zod';
import { Child, CLI } from './child.js';
import type { FarmPrinter } from './farm.js';
import { freeAddress, freePort } from './places.js';

const announced = z.object({
  serial: z.string(),
  host: z.string(),
  accessCode: z.string(),
  model: z.string(),
  mqttPort: z.int(),
  ftpPort: z.int(),
  caFile: z.string(),
});
type Announced = z.infer<typeof announced>;

const truthEntry = z.looseObject({
  time: z.iso.datetime(),
  serial: z.string(),
  kind: z.string(),
  event: z.string(),
  path: z.string().optional(),
  bytes: z.number().nullish(),
});
export type TruthEntry = z.infer<typeof truthEntry>;

const START_MS = 120_000;

export interface EmulatedOptions {
  readonly folder: string;
  readonly count: number;
  readonly model: string;
  /** Virtual seconds per second. */
  readonly speed: number;
}

export class EmulatedFarm {
  private constructor(
    readonly child: Child,
    private readonly controlUrl: string,
    private readonly announced: readonly Announced[],
  ) {}

  static async start({ folder, count, model, speed }: EmulatedOptions): Promise<EmulatedFarm> {
    const port = await freePort();
    const caFile = join(folder, 'emulator-ca.pem');
    const printers: Announced[] = [];
    let all: () => void = () => undefined;
    const complete = new Promise<void>((resolve) => {
      all = resolve;
    });
    const child = new Child({
      name: 'the emulator',
      args: [
        ...[CLI, 'emulate', '--json', '--no-ssdp', '--printers', String(count), '--models', model],
        ...['--address', freeAddress(), '--speed', String(speed), '--ca-file', caFile],
        ...['--control', `127.0.0.1:${port}`],
      ],
      logFile: join(folder, 'emulator.log'),
      onLine: (line) => {
        printers.push(announced.parse(JSON.parse(line)));
        if (printers.length === count) all();
      },
    });
    try {
      await child.within(complete, START_MS, 'all printers announced');
    } catch (error) {
      await child.stop();
      throw error;
    }
    return new EmulatedFarm(child, `http://127.0.0.1:${port}`, printers);
  }

  get printers(): readonly FarmPrinter[] {
    return this.announced.map(({ caFile: _caFile, ...printer }) => printer);
  }

  get caFile(): string {
    const [first] = this.announced;
    if (first === undefined) throw new Error('no printer was emulated');
    return first.caFile;
  }

  async setSpeed(speed: number): Promise<void> {
    await this.#post('/time', { speed });
  }

  async addFault(serial: string, name: string, args: Record<string, unknown>): Promise<void> {
    await this.#post(`/printers/${serial}/faults`, { name, args });
  }

  /** Where the log is now; `log` from here on holds only what follows. */
  async logPosition(): Promise<number> {
    const answer = await fetch(`${this.controlUrl}/log?since=1000000000`);
    await answer.text();
    return Number(answer.headers.get('x-next-index'));
  }

  async log(since: number): Promise<readonly TruthEntry[]> {
    const text = await (await fetch(`${this.controlUrl}/log?since=${since}`)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => truthEntry.parse(JSON.parse(line)));
  }

  stop(): Promise<void> {
    return this.child.stop();
  }

  async #post(path: string, body: unknown): Promise<void> {
    const answer = await fetch(this.controlUrl + path, { method: 'POST', body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the emulator answered ${answer.status} to ${path}: ${text}`);
  }
}
