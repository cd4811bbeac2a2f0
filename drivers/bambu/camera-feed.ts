import { type CameraFrame, DriverError, type PrinterTarget } from '../driver.js';
import { silentCamera } from './camera-jpeg.js';
import type { CameraSource, CameraTiming } from './camera-source.js';
import type { FifoSlots } from './transfer-slots.js';

export interface CameraFeedParts {
  readonly source: CameraSource;
  readonly target: () => PrinterTarget;
  readonly timing: CameraTiming;
  /** Cameras that are open at one time, over all printers. */
  readonly places: FifoSlots;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Waiting {
  resolve(frame: CameraFrame): void;
  reject(error: DriverError): void;
}

const MOST_WAITING = 64;

/**
 * One connection to one camera, shared by all who want a picture (docs/protocol.md §13): opened when the first asks,
 * closed when nobody has asked for a while.
 */
export class CameraFeed {
  readonly #parts: CameraFeedParts;
  readonly #waiting = new Set<Waiting>();
  #life: AbortController | null = null;
  #hasPlace = false;
  #done: Promise<void> = Promise.resolve();
  #last: { readonly frame: CameraFrame; readonly at: number } | null = null;
  #failure: { readonly error: DriverError; readonly at: number } | null = null;
  #idle: NodeJS.Timeout | null = null;

  constructor(parts: CameraFeedParts) {
    this.#parts = parts;
  }

  /** A picture that is fresh. @throws DriverError */
  async snapshot(signal: AbortSignal): Promise<CameraFrame> {
    if (signal.aborted) throw calledOff();
    const { timing } = this.#parts;
    if (this.#last !== null && performance.now() - this.#last.at < timing.freshMs) {
      this.#used();
      return this.#last.frame;
    }
    const failure = this.#failure;
    if (this.#life === null && failure !== null && performance.now() - failure.at < timing.retryMs) {
      throw failure.error;
    }
    if (this.#waiting.size >= MOST_WAITING) {
      throw new DriverError('busy', `${MOST_WAITING} others wait for a picture of this printer already.`);
    }
    this.#open();
    return this.#next(signal);
  }

  /** Ends the connection; who waits is told. Resolves when nothing of it is left. May be repeated. */
  async close(): Promise<void> {
    this.#end(calledOff());
    this.#failure = null;
    await this.#done;
  }

  #next(signal: AbortSignal): Promise<CameraFrame> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(late);
        signal.removeEventListener('abort', leave);
        this.#waiting.delete(waiting);
        this.#used();
      };
      const waiting: Waiting = {
        resolve: (frame) => {
          settle();
          resolve(frame);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const leave = (): void => waiting.reject(calledOff());
      const { frameMs } = this.#parts.timing;
      const late = setTimeout(() => {
        waiting.reject(this.#hasPlace ? silentCamera(frameMs) : tooManyOpen());
      }, frameMs);
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiting);
    });
  }

  #open(): void {
    if (this.#life !== null) return;
    const life = new AbortController();
    this.#life = life;
    this.#done = this.#done.then(() => this.#run(life));
  }

  async #run(life: AbortController): Promise<void> {
    let ending = await this.#stream(life.signal);
    // A stream that had pictures and broke off is worth opening again while somebody waits; others need mending.
    while (this.#life === life && ending.frames > 0 && this.#waiting.size > 0) {
      ending = await this.#stream(life.signal);
    }
    if (this.#life !== life) return;
    this.#end(ending.error);
    if (ending.frames === 0) this.#failure = { error: ending.error, at: performance.now() };
  }

  /** One connection from its beginning to its end; never rejects. */
  async #stream(signal: AbortSignal): Promise<{ readonly error: DriverError; readonly frames: number }> {
    const { source, target, timing, places } = this.#parts;
    let frames = 0;
    try {
      const release = await places.take(signal);
      this.#hasPlace = true;
      try {
        const to = target();
        const error = await source(to, {
          port: to.cameraPort ?? null,
          timing,
          signal,
          isWanted: () => this.#waiting.size > 0,
          onFrame: (jpeg) => {
            if (signal.aborted) return;
            frames += 1;
            this.#received(jpeg);
          },
        });
        return { error, frames };
      } finally {
        this.#hasPlace = false;
        release();
      }
    } catch (error) {
      return { error: asDriverError(error), frames };
    }
  }

  #received(jpeg: Buffer): void {
    const frame: CameraFrame = { jpeg, takenAt: this.#parts.now() };
    this.#last = { frame, at: performance.now() };
    this.#failure = null;
    for (const waiting of [...this.#waiting]) waiting.resolve(frame);
  }

  #used(): void {
    if (this.#life === null) return;
    this.#idle ??= setTimeout(() => this.#fallIdle(), this.#parts.timing.idleMs);
    this.#idle.refresh();
  }

  #fallIdle(): void {
    if (this.#waiting.size > 0) this.#idle?.refresh();
    else this.#end(calledOff());
  }

  #end(error: DriverError): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    const life = this.#life;
    this.#life = null;
    this.#last = null;
    life?.abort();
    for (const waiting of [...this.#waiting]) waiting.reject(error);
  }
}

function asDriverError(error: unknown): DriverError {
  if (error instanceof DriverError) return error;
  return new DriverError(
    'protocol',
    'The camera could not be read by a fault of this program; see its log.',
    {
      cause: error,
    },
  );
}

function calledOff(): DriverError {
  return new DriverError('aborted', 'The picture was not wanted any more.');
}

function tooManyOpen(): DriverError {
  return new DriverError(
    'busy',
    'As many cameras are open as are allowed (camera.max); try again in a moment.',
  );
}
