/** What tests of cameras share: the log of the emulated camera, and decoders that behave as a test wants. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DriverError } from '../../../drivers/driver.js';
import type { SessionRig } from './session-rig.js';

/** So often this happened to the camera of a printer. */
export function cameraEvents(rig: SessionRig, event: string, index = 0): number {
  const { serial } = rig.printer(index);
  return rig.emulator.log.entries.filter(
    (entry) => entry.serial === serial && entry.kind === 'camera' && entry.event === event,
  ).length;
}

/** Waits for it to have happened so often. */
export async function cameraDid(rig: SessionRig, event: string, times = 1, index = 0): Promise<void> {
  const { serial } = rig.printer(index);
  await rig.emulator.log.waitFor(
    () => cameraEvents(rig, event, index) >= times,
    8_000,
    `the camera of ${serial} to be ${event} ${times} times`,
  );
}

/** The error with which it fails. */
export async function failure(promise: Promise<unknown>): Promise<DriverError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DriverError) return error;
  throw error;
}

/** The comment inside a JPEG. */
export function commentOf(jpeg: Buffer): string {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xfe]));
  if (at < 0) throw new Error('the picture has no comment');
  return jpeg.subarray(at + 4, at + 2 + jpeg.readUInt16BE(at + 2)).toString('utf8');
}

/**
 * A program in ffmpeg's place. `body` is JavaScript that finds `input`, all of standard input, and `picture(comment)`,
 * which makes a JPEG. @returns its path
 */
export async function fakeDecoder(body: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pfd-decoder-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'ffmpeg.cjs');
  await writeFile(
    file,
    `#!${process.execPath}
const picture = (comment) => {
  const text = Buffer.from(comment);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length + 2);
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xfe]), length, text, Buffer.from([0xff, 0xd9])]);
};
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  const input = Buffer.concat(chunks);
  ${body}
});
`,
  );
  await chmod(file, 0o755);
  return file;
}
