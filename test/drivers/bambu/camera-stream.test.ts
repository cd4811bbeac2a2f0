import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CameraOptions } from '../../../drivers/bambu/camera.js';
import { isJpeg } from '../../../drivers/bambu/camera-jpeg.js';
import { cameraDid, cameraEvents, commentOf, failure, fakeDecoder } from './camera-rig.js';
import { SessionRig, type Watched } from './session-rig.js';

const signal = new AbortController().signal;
const TIMING = { frameMs: 4_000, idleMs: 300, retryMs: 60_000, freshMs: 1_000 };
const HONEST = `process.stdout.write(picture(JSON.stringify({
  argv: process.argv, env: process.env, start: input.subarray(0, 5).toString('hex'), bytes: input.length,
})));`;

let rig: SessionRig | null = null;
afterEach(() => rig?.stop());

async function viewer(camera: CameraOptions, changes = {}): Promise<{ rig: SessionRig; watched: Watched }> {
  rig = await SessionRig.start({ printers: [{ model: 'H2D' }], camera: { timing: TIMING, ...camera } });
  const watched = rig.watch(0, changes);
  watched.session.start();
  return { rig, watched };
}

describe('a camera that sends a video stream', () => {
  it('is told with the form of its address when there is no decoder, without the access code', async () => {
    const { rig, watched } = await viewer({});
    const error = await failure(watched.session.snapshot(signal));
    const { host, cameraPort, accessCode } = rig.printer();
    const url = `rtsps://bblp:<access code>@${host}:${cameraPort}/streaming/live/1`;
    expect(error.kind).toBe('unsupported');
    expect(error.message).toContain(url);
    expect(error.message).toContain('camera.ffmpeg');
    expect(error.message).not.toContain(accessCode);
    expect(watched.session.cameraStreamUrl).toBe(url);
  });

  it('that is switched off on the screen is told by what to switch on', async () => {
    const ffmpeg = await fakeDecoder(HONEST);
    const { rig, watched } = await viewer({ ffmpeg });
    rig.printer().addFault('camera.liveviewOff');
    await watched.online();
    const error = await failure(watched.session.snapshot(signal));
    expect(error.kind).toBe('rejected');
    expect(error.message).toContain('enable "LAN mode liveview"');
    expect(cameraEvents(rig, 'refused')).toBe(0);
  });

  it('that is switched off, of which no report told yet, says so by closing', async () => {
    const ffmpeg = await fakeDecoder(HONEST);
    const { rig, watched } = await viewer({ ffmpeg }, { mqttPort: 1 });
    rig.printer().addFault('camera.liveviewOff');
    const error = await failure(watched.session.snapshot(signal));
    expect(error.message).toContain('Enable "LAN mode liveview"');
  });

  it('gives pictures through a decoder that knows no secret and ends with each of them', async () => {
    const ffmpeg = await fakeDecoder(HONEST);
    const { rig, watched } = await viewer({ ffmpeg });
    const frames = await Promise.all([1, 2, 3].map(() => watched.session.snapshot(signal)));
    expect(new Set(frames.map(({ jpeg }) => jpeg)).size).toBe(1);
    const jpeg = frames[0]?.jpeg ?? Buffer.alloc(0);
    expect(isJpeg(jpeg)).toBe(true);
    const told = commentOf(jpeg);
    expect(told).not.toContain(rig.printer().accessCode);
    expect(told).not.toContain(rig.printer().host);
    // What came is a sequence set first, and a whole picture of 99 macroblocks.
    expect(JSON.parse(told)).toMatchObject({ start: '0000000167', env: {} });
    expect(JSON.parse(told).bytes).toBeGreaterThan(99 * 384);
    expect(cameraEvents(rig, 'open')).toBe(1);
    await cameraDid(rig, 'closed');
  });

  it('refuses a wrong code', async () => {
    const ffmpeg = await fakeDecoder(HONEST);
    const { rig, watched } = await viewer({ ffmpeg }, { accessCode: '00000000' });
    const error = await failure(watched.session.snapshot(signal));
    expect(error.kind).toBe('auth');
    expect(error.message).toContain('refused the access code');
    expect(cameraEvents(rig, 'refused')).toBe(1);
  });

  it('never gets the access code when its certificate is not the printer\u2019s', async () => {
    const ffmpeg = await fakeDecoder(HONEST);
    const { rig, watched } = await viewer({ ffmpeg });
    rig.printer().addFault('tls.unknownCa');
    expect((await failure(watched.session.snapshot(signal))).kind).toBe('certificate');
    expect(rig.emulator.log.entries.filter(({ kind }) => kind === 'camera')).toEqual([]);
  });

  it('is read over pictures that are none, up to the next key picture', async () => {
    const ffmpeg = await fakeDecoder(HONEST);
    const { rig, watched } = await viewer({ ffmpeg });
    rig.printer().addFault('camera.garbage', { times: 2 });
    expect(isJpeg((await watched.session.snapshot(signal)).jpeg)).toBe(true);
  });
});

describe('a decoder', () => {
  it('that cannot be run is named', async () => {
    const { watched } = await viewer({ ffmpeg: '/no/such/ffmpeg' });
    const error = await failure(watched.session.snapshot(signal));
    expect(error.kind).toBe('unsupported');
    expect(error.message).toMatch(/^\/no\/such\/ffmpeg \(camera\.ffmpeg\) cannot be run/);
  });

  it('that fails is quoted', async () => {
    const ffmpeg = await fakeDecoder(`process.stderr.write('no such codec\\u0007'); process.exitCode = 3;`);
    const { watched } = await viewer({ ffmpeg });
    const { message } = await failure(watched.session.snapshot(signal));
    expect(message).toMatch(/made no picture of the camera's stream \(exit code 3\): no such codec$/);
  });

  it('that writes without end is stopped (pain-36)', async () => {
    const ffmpeg = await fakeDecoder(
      `const more = () => { while (process.stdout.write(Buffer.alloc(65536, 1))); process.stdout.once('drain', more); }; more();`,
    );
    const { watched } = await viewer({ ffmpeg });
    const { message } = await failure(watched.session.snapshot(signal));
    expect(message).toContain('wrote more than a picture has');
  });

  it('that hangs is killed when its time is over, and with the session (pain-36)', async () => {
    const ffmpeg = await fakeDecoder(
      `require('node:fs').writeFileSync(__filename + '.pid', String(process.pid)); setInterval(() => {}, 1000);`,
    );
    const { watched } = await viewer({ ffmpeg, timing: { ...TIMING, frameMs: 2_000 } });
    const { readFile } = await import('node:fs/promises');
    const asked = failure(watched.session.snapshot(signal));
    const pid = await vi.waitFor(async () => Number(await readFile(`${ffmpeg}.pid`, 'utf8')), 8_000);
    expect(pid).toBeGreaterThan(0);
    expect((await asked).kind).toBe('timeout');
    await watched.session.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
