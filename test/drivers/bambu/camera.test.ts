import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cameraGreeting, isJpeg } from '../../../drivers/bambu/camera-jpeg.js';
import { MODELS } from '../../../drivers/bambu/models.js';
import { openSecureSocket } from '../../../drivers/bambu/secure-socket.js';
import { cameraDid, cameraEvents, commentOf, failure } from './camera-rig.js';
import { SessionRig, type Watched } from './session-rig.js';

const signal = new AbortController().signal;

describe('a camera that sends pictures', () => {
  let rig: SessionRig;
  let viewers: Watched[];

  beforeAll(async () => {
    rig = await SessionRig.start({
      printers: [{ model: 'P1S' }, { model: 'A1M' }],
      camera: { max: 1, timing: { frameMs: 1_000, idleMs: 300, retryMs: 60_000, freshMs: 2_000 } },
    });
    viewers = [];
  });
  afterEach(async () => {
    for (const index of [0, 1]) rig.printer(index).clearFaults();
    await Promise.all(viewers.splice(0).map((viewer) => viewer.session.stop()));
    for (const index of [0, 1]) await cameraDid(rig, 'closed', cameraEvents(rig, 'open', index), index);
  });
  afterAll(() => rig.stop());

  async function viewer(index = 0, changes = {}): Promise<Watched> {
    const watched = rig.watch(index, changes);
    viewers.push(watched);
    watched.session.start();
    return watched;
  }

  it('gives a picture of this moment, and to many who ask at once the same over one connection', async () => {
    const before = cameraEvents(rig, 'open');
    const { session } = await viewer();
    const startedAt = Date.now();
    const frames = await Promise.all(Array.from({ length: 20 }, () => session.snapshot(signal)));
    expect(new Set(frames.map(({ jpeg }) => jpeg)).size).toBe(1);
    const [frame] = frames;
    expect(frame && isJpeg(frame.jpeg)).toBe(true);
    expect(frame && commentOf(frame.jpeg)).toContain(rig.printer().serial);
    expect(frame?.takenAt).toBeGreaterThanOrEqual(startedAt);
    // What is fresh answers without the camera.
    expect((await session.snapshot(signal)).jpeg.length).toBeGreaterThan(100);
    expect(cameraEvents(rig, 'open') - before).toBe(1);
  });

  it('is closed when nobody asks any more, and opened again for the next (pain-36)', async () => {
    const { session } = await viewer();
    const [opened, closed] = [cameraEvents(rig, 'open'), cameraEvents(rig, 'closed')];
    await session.snapshot(signal);
    await cameraDid(rig, 'closed', closed + 1);
    await session.snapshot(signal);
    expect(cameraEvents(rig, 'open')).toBe(opened + 2);
  });

  it('is closed with its session', async () => {
    const { session } = await viewer();
    const closed = cameraEvents(rig, 'closed');
    await session.snapshot(signal);
    await session.stop();
    await cameraDid(rig, 'closed', closed + 1);
    expect((await failure(session.snapshot(signal))).kind).toBe('aborted');
  });

  it('refuses a wrong code without a word, which is told; the printer is then left in peace', async () => {
    const refused = cameraEvents(rig, 'refused');
    const { session } = await viewer(0, { accessCode: '00000000' });
    const error = await failure(session.snapshot(signal));
    expect(error.kind).toBe('rejected');
    expect(error.message).toMatch(/closed the connection without a picture: the access code is wrong/);
    expect(error.message).not.toContain('00000000');
    expect((await failure(session.snapshot(signal))).message).toBe(error.message);
    expect(cameraEvents(rig, 'refused')).toBe(refused + 1);
    // The right code counts at once.
    session.retarget(rig.target());
    expect(isJpeg((await session.snapshot(signal)).jpeg)).toBe(true);
  });

  it('never gets the access code when its certificate is not the printer\u2019s', async () => {
    const events = rig.emulator.log.entries.filter(({ kind }) => kind === 'camera').length;
    rig.printer().addFault('tls.wrongCn');
    const { session } = await viewer();
    const error = await failure(session.snapshot(signal));
    expect(error.kind).toBe('certificate');
    expect(error.message).toContain('another machine answers at this address');
    expect(rig.emulator.log.entries.filter(({ kind }) => kind === 'camera')).toHaveLength(events);
  });

  it('serves one viewer, and who finds it taken is told so', async () => {
    const { host, cameraPort } = rig.printer();
    const other = await openSecureSocket(rig.target(), cameraPort, { timeoutMs: 5_000, signal });
    const opened = cameraEvents(rig, 'open');
    other.socket.write(cameraGreeting(rig.printer().accessCode));
    await cameraDid(rig, 'open', opened + 1);
    const { session } = await viewer();
    const error = await failure(session.snapshot(signal));
    expect(error.message, host).toContain('somebody else is watching');
    other.socket.destroy();
  });

  it('is not opened beyond the number that is allowed', async () => {
    rig.printer(0).addFault('camera.silent');
    const taken = failure((await viewer(0)).session.snapshot(signal));
    const error = await failure((await viewer(1)).session.snapshot(signal));
    expect(error.kind).toBe('busy');
    expect(error.message).toContain('camera.max');
    expect((await taken).kind).toBe('timeout');
  });

  it('that says nothing is given up in time', async () => {
    rig.printer().addFault('camera.silent');
    const { session } = await viewer();
    const error = await failure(session.snapshot(signal));
    expect(error.kind).toBe('timeout');
    expect(error.message).toContain('sent no picture in 1 s');
  });

  it('that sends something else is told, and recovers', async () => {
    rig.printer().addFault('camera.garbage', { times: 1 });
    const { session } = await viewer();
    expect((await failure(session.snapshot(signal))).message).toContain('no whole JPEG picture');
    session.retarget(rig.target());
    expect(isJpeg((await session.snapshot(signal)).jpeg)).toBe(true);
  });

  it('that is cut off after a picture is opened again by who asks next', async () => {
    const { session } = await viewer(1);
    rig.printer(1).addFault('camera.cut', { times: 1 });
    const closed = cameraEvents(rig, 'closed', 1);
    await session.snapshot(signal);
    await cameraDid(rig, 'closed', closed + 1, 1);
    expect(isJpeg((await session.snapshot(signal)).jpeg)).toBe(true);
  });

  it('lets a caller go at once who hangs up', async () => {
    rig.printer().addFault('camera.silent');
    const { session } = await viewer();
    const hangUp = new AbortController();
    const asked = failure(session.snapshot(hangUp.signal));
    hangUp.abort();
    expect((await asked).kind).toBe('aborted');
  });

  it('waits for the first connection where the certificate is pinned by it', async () => {
    const watched = rig.watch(0, { trust: 'tofu' });
    viewers.push(watched);
    watched.session.start();
    expect((await failure(watched.session.snapshot(signal))).kind).toBe('certificate');
    await watched.until(() => watched.pinned.length > 0, 'the certificate to be pinned');
    expect(isJpeg((await watched.session.snapshot(signal)).jpeg)).toBe(true);
  });
});

describe('which camera a model has', () => {
  it('is in the table', () => {
    const jpeg = MODELS.filter(({ camera }) => camera === 'jpeg').map(({ code }) => code);
    expect(jpeg.sort()).toEqual(['C11', 'C12', 'N1', 'N2S', 'N9']);
  });
});
