import { DriverError, type PrinterTarget } from '../driver.js';
import type { CameraSource } from './camera-source.js';
import { openSecureSocket } from './secure-socket.js';

/** Where cameras that send single pictures listen. */
export const JPEG_PORT = 6000;
/** More is no picture of a printer, and would be memory given to whoever sends it. */
export const LARGEST_FRAME_BYTES = 5 * 1024 * 1024;

const HEADER_BYTES = 16;
const NAME_BYTES = 32;
const USER_NAME = 'bblp';

/** Pictures of a camera that sends JPEG after JPEG (docs/protocol.md §13.1). */
export const jpegSource: CameraSource = async (target, { port, timing, signal, onFrame }) => {
  const greeting = cameraGreeting(target.accessCode);
  const { socket } = await openSecureSocket(target, port ?? JPEG_PORT, {
    timeoutMs: timing.connectMs,
    signal,
  });
  const frames = new JpegFrames();
  let heard = false;
  try {
    return await new Promise<DriverError>((resolve) => {
      const stalled = setTimeout(() => resolve(silentCamera(timing.frameMs)), timing.frameMs);
      signal.addEventListener('abort', () => resolve(unwanted()), { once: true });
      socket.on('close', () => resolve(heard ? brokeOff() : closedWithoutPicture(target)));
      socket.on('data', (chunk: Buffer) => {
        heard = true;
        try {
          for (const frame of frames.push(chunk)) {
            stalled.refresh();
            onFrame(frame);
          }
        } catch (error) {
          resolve(error instanceof DriverError ? error : brokeOff(error));
        }
      });
      socket.once('close', () => clearTimeout(stalled));
      if (signal.aborted) resolve(unwanted());
      socket.write(greeting);
    });
  } finally {
    socket.destroy();
  }
};

/** The 80 bytes that open the stream: four words, then name and access code, padded with zeros. */
export function cameraGreeting(accessCode: string): Buffer {
  const code = Buffer.from(accessCode, 'utf8');
  if (code.length > NAME_BYTES) {
    throw new DriverError(
      'auth',
      'The access code is longer than any camera takes: it has 8 characters on the screen.',
    );
  }
  const greeting = Buffer.alloc(80);
  greeting.writeUInt32LE(0x40, 0);
  greeting.writeUInt32LE(0x3000, 4);
  greeting.write(USER_NAME, HEADER_BYTES, 'latin1');
  code.copy(greeting, HEADER_BYTES + NAME_BYTES);
  return greeting;
}

/** Puts pictures together from whatever pieces the network delivers. */
export class JpegFrames {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #frame: Buffer | null = null;
  #frameBytes = 0;

  /** @returns the pictures that this piece completes. @throws DriverError `protocol` when it is no camera's stream */
  push(chunk: Buffer): readonly Buffer[] {
    const complete: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      at +=
        this.#frame === null
          ? this.#takeHeader(chunk, at)
          : this.#takeFrame(this.#frame, chunk, at, complete);
    }
    return complete;
  }

  #takeHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, at);
    this.#headerBytes += taken;
    if (this.#headerBytes < HEADER_BYTES) return taken;
    this.#headerBytes = 0;
    const size = this.#header.readUInt32LE(0);
    if (size < 4 || size > LARGEST_FRAME_BYTES) {
      throw new DriverError(
        'protocol',
        `The camera announces a picture of ${size} bytes; 4 to ${LARGEST_FRAME_BYTES} are taken.`,
      );
    }
    this.#frame = Buffer.allocUnsafe(size);
    this.#frameBytes = 0;
    return taken;
  }

  #takeFrame(frame: Buffer, chunk: Buffer, at: number, complete: Buffer[]): number {
    const taken = chunk.copy(frame, this.#frameBytes, at);
    this.#frameBytes += taken;
    if (this.#frameBytes < frame.length) return taken;
    this.#frame = null;
    if (!isJpeg(frame)) {
      throw new DriverError('protocol', 'The camera sent something that is no whole JPEG picture.');
    }
    complete.push(frame);
    return taken;
  }
}

/** Begins and ends with JPEG's own marks. */
export function isJpeg(bytes: Buffer): boolean {
  const { length } = bytes;
  return length >= 4 && bytes.readUInt16BE(0) === 0xffd8 && bytes.readUInt16BE(length - 2) === 0xffd9;
}

function closedWithoutPicture(target: PrinterTarget): DriverError {
  return new DriverError(
    'rejected',
    `The camera of ${target.serial} closed the connection without a picture: the access code is wrong (it changes with ` +
      'LAN-only and Developer Mode), or somebody else is watching, for the camera serves one viewer at a time.',
  );
}

/** Nothing came within the limit, milliseconds. */
export function silentCamera(limitMs: number): DriverError {
  return new DriverError(
    'timeout',
    `The camera took the connection, but sent no picture in ${limitMs / 1000} s. If that stays so, restart the printer.`,
  );
}

export function brokeOff(cause?: unknown): DriverError {
  return new DriverError('unreachable', 'The connection to the camera broke off.', { cause });
}

export function unwanted(): DriverError {
  return new DriverError('aborted', 'Nobody wants pictures of this camera any more.');
}
