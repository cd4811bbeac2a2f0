import { type CameraFrame, DriverError, type PrinterTarget } from '../driver.js';
import { CameraFeed } from './camera-feed.js';
import { jpegSource } from './camera-jpeg.js';
import { CAMERA_TIMING, type CameraSource, type CameraTiming } from './camera-source.js';
import { STREAM_PORT, streamSource } from './camera-stream.js';
import type { BambuModel } from './models.js';
import { FifoSlots } from './transfer-slots.js';

export interface CameraOptions {
  /** Cameras that are open at one time, over all printers; default 8. */
  readonly max?: number;
  /** Path of an ffmpeg that makes pictures of video streams; null, the default, does without. */
  readonly ffmpeg?: string | null;
  readonly timing?: Partial<CameraTiming>;
}

/** Running at one time, over all printers; each works for a fraction of a second. */
const DECODERS = 2;

/** What all cameras of a driver share. */
export interface CameraParts {
  readonly places: FifoSlots;
  readonly timing: CameraTiming;
  /** Makes pictures of a video stream; null without a decoder. */
  readonly streamSource: CameraSource | null;
}

export function cameraParts({ ffmpeg = null, ...options }: CameraOptions): CameraParts {
  return {
    places: new FifoSlots(options.max ?? 8),
    timing: { ...CAMERA_TIMING, ...options.timing },
    streamSource: ffmpeg === null ? null : streamSource({ program: ffmpeg, places: new FifoSlots(DECODERS) }),
  };
}

/** What a camera needs to know of its printer. */
export interface CameraOwner {
  readonly model: BambuModel | null;
  /** False when the printer says that its live view is switched off; null when it says nothing. */
  readonly liveView: boolean | null;
}

/** The camera of one session. */
export class PrinterCamera {
  readonly #parts: CameraParts;
  readonly #owner: CameraOwner;
  readonly #target: () => PrinterTarget;
  readonly #feed: CameraFeed;
  #open = false;

  constructor(parts: CameraParts, owner: CameraOwner, target: () => PrinterTarget, now: () => number) {
    this.#parts = parts;
    this.#owner = owner;
    this.#target = target;
    this.#feed = new CameraFeed({
      source: (target, stream) => this.#source()(target, stream),
      target,
      timing: parts.timing,
      places: parts.places,
      now,
    });
  }

  /** Where the video stream is, without the access code; null where there is none. */
  get streamUrl(): string | null {
    if (this.#owner.model?.camera !== 'rtsps') return null;
    const { host, cameraPort } = this.#target();
    const address = host.includes(':') ? `[${host}]` : host;
    return `rtsps://bblp:<access code>@${address}:${cameraPort ?? STREAM_PORT}/streaming/live/1`;
  }

  open(): void {
    this.#open = true;
  }

  /** @throws DriverError */
  async snapshot(signal: AbortSignal): Promise<CameraFrame> {
    if (!this.#open) throw new DriverError('aborted', 'The session with this printer is stopped.');
    const { trust, pinnedFingerprint } = this.#target();
    if (trust === 'tofu' && pinnedFingerprint === null) {
      throw new DriverError(
        'certificate',
        "The printer's certificate is not known yet: it is pinned at the first connection, then its camera can be used.",
      );
    }
    this.#source();
    return this.#feed.snapshot(signal);
  }

  /** Ends the connection; the next picture makes a new one, to wherever the printer is then. */
  drop(): Promise<void> {
    return this.#feed.close();
  }

  async close(): Promise<void> {
    this.#open = false;
    await this.#feed.close();
  }

  /** @throws DriverError `unsupported`, `rejected` */
  #source(): CameraSource {
    const model = this.#owner.model;
    if (model === null) {
      throw new DriverError(
        'unsupported',
        'The model of this printer is not known yet, and with it how its camera speaks.',
      );
    }
    if (model.camera === 'jpeg') return jpegSource;
    if (this.#owner.liveView === false) {
      throw new DriverError(
        'rejected',
        'The live view of this printer is switched off: on its screen, enable "LAN mode liveview" in the settings.',
      );
    }
    const { streamSource } = this.#parts;
    if (streamSource !== null) return streamSource;
    throw new DriverError(
      'unsupported',
      `The camera of ${model.name} sends a video stream, ${this.streamUrl}. Watch it there, or set camera.ffmpeg in the ` +
        'configuration to get single pictures here.',
    );
  }
}
