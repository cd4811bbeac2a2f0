import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture } from '../../drivers/bambu/ffmpeg.js';
import { keyPicture, PICTURE_SET, SEQUENCE_SET } from '../../drivers/emulator/h264.js';
import { greyJpeg } from '../../drivers/emulator/jpeg.js';
import { type TestFarm, testFarm } from '../fixtures/farm.js';

/** Where Debian has it. */
const FFMPEG = '/usr/bin/ffmpeg';

/** Grey value of one point of a JPEG so many pixels wide, as ffmpeg sees it. */
async function greyAt(jpeg: Buffer, width: number, x: number, y: number): Promise<number> {
  const run = promisify(execFile)(
    FFMPEG,
    ['-v', 'error', '-f', 'mjpeg', '-i', 'pipe:0', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'],
    { encoding: 'buffer' },
  );
  run.child.stdin?.end(jpeg);
  const { stdout } = await run;
  return stdout.readUInt8(y * width + x);
}

describe('pictures, as the real ffmpeg sees them', () => {
  let farm: TestFarm;
  beforeAll(async () => {
    expect(existsSync(FFMPEG), `${FFMPEG}: apt install ffmpeg`).toBe(true);
    farm = await testFarm({ printers: [{ model: 'X1C' }], config: { camera: { ffmpeg: FFMPEG } } });
  });
  afterAll(() => farm.stop());

  it('the emulated JPEG is one, with its bar where its number says', async () => {
    const jpeg = greyJpeg(7, 'seven');
    expect(await greyAt(jpeg, 160, 7 * 8 + 4, 40)).toBeGreaterThan(200);
    expect(await greyAt(jpeg, 160, 2 * 8 + 4, 40)).toBeLessThan(120);
  });

  it('a key picture of the emulated video becomes a JPEG', async () => {
    const units = [SEQUENCE_SET, PICTURE_SET, keyPicture(4)];
    const h264 = Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
    const { signal } = new AbortController();
    const jpeg = await decodePicture(FFMPEG, h264, { timeoutMs: 20_000, signal });
    expect(await greyAt(jpeg, 176, 4 * 16 + 8, 70)).toBeGreaterThan(200);
    expect(await greyAt(jpeg, 176, 9 * 16 + 8, 70)).toBeLessThan(120);
  });

  it('what is no video is told in its words', async () => {
    const { signal } = new AbortController();
    const work = decodePicture(FFMPEG, Buffer.alloc(500, 0x41), { timeoutMs: 20_000, signal });
    await expect(work).rejects.toThrow(/made no picture of the camera's stream/);
  });

  it('the video of an X1C is answered as a picture', async () => {
    const response = await fetch(`${farm.url}/v1/printers/${farm.printerId()}/camera`, {
      headers: { authorization: `ApiKey ${farm.key}`, 'x-printago-storeid': farm.storeId },
    });
    expect(response.status).toBe(200);
    const jpeg = Buffer.from(await response.arrayBuffer());
    expect(await greyAt(jpeg, 176, 0, 0)).toBeGreaterThan(20);
  });
});
