import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { daemonBundle } from './daemon-bundle.js';

export interface LifeOptions {
  readonly dataDir: string;
  /** File with the emulators' authority. */
  readonly emulatorCa: string;
  /** Where it dies as soon as it comes there; null never. */
  readonly crashAt: string | null;
  readonly timing: Readonly<Record<string, number>>;
  readonly sessionTiming?: Readonly<Record<string, number>>;
  /** Where it listens for announcements on loopback; without it does not. */
  readonly discoveryPort?: number;
  /** Settings in place of the process's own, by section. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface End {
  readonly point: string;
  /** At which passing of the point, from 1. */
  readonly nth: number;
  /** So long after it; 0 is there. */
  readonly afterMs: number;
}

const LINES_KEPT = 300;

/** One daemon in a process of its own, from its start to its end. */
export class DaemonLife {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Map<RegExp, (found: RegExpExecArray) => void>();
  /** Where it answers; '' when it died before it listened. */
  url = '';
  /** Where its clients follow it. */
  mqttUrl = '';
  readonly ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, 'exit');
    if (child.stdout === null) throw new Error('The daemon has no output');
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line));
  }

  /** Resolves when it listens, or has died on the way, which is as good a crash as any. */
  static async begin(options: LifeOptions): Promise<DaemonLife> {
    const script = await daemonBundle();
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const life = new DaemonLife(child);
    const ready = await Promise.race([life.#line(/^READY (\S+) (\S+)$/), life.ended.then(() => null)]);
    life.url = ready?.[1] ?? '';
    life.mqttUrl = ready?.[2] ?? '';
    return life;
  }

  /** What it logged last. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** @throws Error when it could not be started */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The daemon was not started');
    return this.#child.pid;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** Orders its end; resolves when it knows. */
  async endAt(end: End): Promise<void> {
    const armed = this.#line(/^ARMED$/);
    this.#child.stdin?.write(`${JSON.stringify(end)}\n`);
    await armed;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.ended;
  }

  #line(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      this.#waiting.set(pattern, resolve);
    });
  }

  #hear(line: string): void {
    for (const [pattern, resolve] of this.#waiting) {
      const found = pattern.exec(line);
      if (found === null) continue;
      this.#waiting.delete(pattern);
      resolve(found);
      return;
    }
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
  }
}
