import { type FileHandle, open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { DriverError } from '../driver.js';
import { StallError } from './transfer-errors.js';

export interface SendRequest {
  readonly localPath: string;
  readonly sizeBytes: number;
  /** Without a piece taken for this long the printer counts as stalled. */
  readonly idleMs: number;
  readonly onProgress: ((sentBytes: number) => void) | undefined;
}

/** How fast the last quarter went: by then what the system holds of the file is full, and the printer sets the pace. */
export interface Sent {
  readonly lastBytes: number;
  readonly lastMs: number;
}

/** Read at a time. Two such blocks are what a transfer holds, however large its file. */
const BLOCK_BYTES = 256 * 1024;
/** Handed over at a time: so small that the slowest printer takes one well within the idle time. */
const PIECE_BYTES = 64 * 1024;
/** While one is taken the next one waits behind it, so that the connection never runs dry between two. */
const UNDER_WAY = 2;

/**
 * Sends a local file through a data channel and ends it. A block is read while the one before it is sent; no more is
 * read than the printer takes. After a rejection the socket may still hold pieces: the caller destroys it.
 *
 * @throws StallError when the printer takes nothing, DriverError `protocol` for the local file, else the socket's error
 */
export async function sendFile(socket: Socket, request: SendRequest): Promise<Sent> {
  const { sizeBytes } = request;
  const file = await openLocal(request.localPath);
  const line = new PieceLine(socket, request);
  try {
    const blocks = new Blocks(file, sizeBytes);
    for (let sent = 0; sent < sizeBytes; ) {
      const block = await blocks.next();
      for (let at = 0; at < block.length; at += PIECE_BYTES) {
        await line.room(UNDER_WAY - 1);
        // What is under way now is of this block alone.
        if (at === PIECE_BYTES * (UNDER_WAY - 1)) blocks.readOn();
        line.hand(block.subarray(at, at + PIECE_BYTES));
      }
      sent += block.length;
    }
    await line.room(0);
    const sent = { lastBytes: line.lastBytes, lastMs: line.lastMs };
    // The printer's side of the farewell is not waited for: some firmware never sends it.
    socket.end();
    return sent;
  } finally {
    line.leave();
    await file.close();
  }
}

/** Pieces that the socket has and that the system has not taken yet. */
class PieceLine {
  private underWay = 0;
  private takenBytes = 0;
  private lastQuarter: { readonly from: number; readonly at: number } | null = null;
  private failure: Error | null = null;
  private wake: (() => void) | null = null;
  private readonly idle: NodeJS.Timeout;

  constructor(
    private readonly socket: Socket,
    private readonly request: SendRequest,
  ) {
    this.idle = setTimeout(() => this.stalled(), request.idleMs);
  }

  hand(piece: Buffer): void {
    // Time spent on reading the disk is none of the printer's idleness.
    if (this.underWay === 0) this.idle.refresh();
    this.underWay++;
    this.socket.write(piece, (error) => this.taken(piece.length, error ?? null));
  }

  /** Waits until no more than so many pieces are under way. */
  async room(pieces: number): Promise<void> {
    while (this.underWay > pieces && this.failure === null) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.failure !== null) throw this.failure;
  }

  get lastBytes(): number {
    return this.takenBytes - (this.lastQuarter?.from ?? this.takenBytes);
  }

  get lastMs(): number {
    return this.lastQuarter === null ? 0 : performance.now() - this.lastQuarter.at;
  }

  leave(): void {
    clearTimeout(this.idle);
  }

  private taken(bytes: number, error: Error | null): void {
    this.underWay--;
    if (error === null) {
      this.takenBytes += bytes;
      if (this.takenBytes >= this.request.sizeBytes * 0.75) {
        this.lastQuarter ??= { from: this.takenBytes, at: performance.now() };
      }
      this.idle.refresh();
      this.request.onProgress?.(this.takenBytes);
    } else {
      this.failure ??= error;
    }
    this.wake?.();
  }

  private stalled(): void {
    if (this.underWay === 0) return;
    this.failure ??= new StallError(`The printer took no data for ${this.request.idleMs / 1000} s.`);
    this.wake?.();
  }
}

async function openLocal(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new DriverError('protocol', 'The file to send cannot be read from the disk.', { cause });
  }
}

/** A file's bytes in order, in two buffers by turns. */
class Blocks {
  private readonly buffers: readonly [Buffer, Buffer];
  private turn: 0 | 1 = 0;
  private offset = 0;
  private reading: Promise<Buffer> | null = null;

  constructor(
    private readonly file: FileHandle,
    private readonly sizeBytes: number,
  ) {
    const bytes = Math.min(BLOCK_BYTES, sizeBytes);
    this.buffers = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)];
  }

  /** The next block; it stays as it is until `readOn` has been called for the second time from here. */
  next(): Promise<Buffer> {
    const reading = this.reading ?? this.read();
    this.reading = null;
    return reading;
  }

  /** Begins to read the block after the last one, over the one before that. */
  readOn(): void {
    if (this.reading !== null || this.offset >= this.sizeBytes) return;
    this.reading = this.read();
    // Whoever takes the block hears of it; perhaps nobody does.
    this.reading.catch(() => undefined);
  }

  private async read(): Promise<Buffer> {
    const buffer = this.buffers[this.turn];
    const { offset } = this;
    const wanted = Math.min(buffer.length, this.sizeBytes - offset);
    this.turn = this.turn === 0 ? 1 : 0;
    this.offset += wanted;
    let filled = 0;
    try {
      while (filled < wanted) {
        const { bytesRead } = await this.file.read(buffer, filled, wanted - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (cause) {
      throw new DriverError('protocol', 'The file to send cannot be read from the disk.', { cause });
    }
    if (filled === wanted) return buffer.subarray(0, filled);
    const text = `The file to send has ${offset + filled} bytes, not the ${this.sizeBytes} announced.`;
    throw new DriverError('protocol', text);
  }
}
