import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiAnswer, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
const [pictures, video] = [0, 1];

beforeAll(async () => {
  // A decoder is there, but never comes to work: the live view is off.
  farm = await testFarm({
    printers: [{ model: 'P1S' }, { model: 'H2D' }],
    config: { camera: { ffmpeg: process.execPath } },
    cameraTiming: { frameMs: 2_000 },
  });
});
afterEach(() => {
  for (const printer of farm.emulator.printers) printer.clearFaults();
});
afterAll(() => farm.stop());

function printer(index: number) {
  const found = farm.emulator.printers[index];
  if (!found) throw new Error(`The farm has no printer ${index}`);
  return found;
}

function snapshot(index: number): Promise<ApiAnswer> {
  return farm.api('GET', `/v1/printers/${farm.printerId(printer(index).serial)}/camera`);
}

/** So often the camera of a printer was opened or closed. */
const count = (index: number, event: string) =>
  farm.emulator.log.entries.filter(
    (entry) => entry.serial === printer(index).serial && entry.kind === 'camera' && entry.event === event,
  ).length;

describe('what goes wrong with a camera, as an operator sees it', () => {
  it('a stream that is cut off after a picture is opened again for the next (pain-36)', async () => {
    printer(pictures).addFault('camera.cut', { times: 1 });
    expect((await snapshot(pictures)).status).toBe(200);
    await farm.emulator.log.waitFor(() => count(pictures, 'closed') === 1, 5_000, 'the camera to close');
    expect((await snapshot(pictures)).status).toBe(200);
    expect(count(pictures, 'open') - count(pictures, 'closed')).toBeLessThanOrEqual(1);
  });

  it('a camera that sends something else is said to', async () => {
    // Ends what the test before has open, so that the next picture is the first of its stream.
    const { serial, cameraPort } = printer(pictures);
    const id = farm.printerId(serial);
    await farm.ok('PATCH', `/v1/printers/${id}`, { cameraPort: 1 });
    await farm.ok('PATCH', `/v1/printers/${id}`, { cameraPort });
    printer(pictures).addFault('camera.garbage', { times: 1 });
    const answer = await snapshot(pictures);
    expect([answer.status, valueAt(answer.body, 'reason')]).toEqual([422, 'protocol']);
    expect(textAt(answer.body, 'message')).toContain('no whole JPEG picture');
    await farm.ok('PATCH', `/v1/printers/${id}`, { cameraPort: 1 });
    await farm.ok('PATCH', `/v1/printers/${id}`, { cameraPort });
    expect((await snapshot(pictures)).status).toBe(200);
  });

  it('live view that is switched off is told by what to switch on', async () => {
    printer(video).addFault('camera.liveviewOff');
    await expect
      .poll(async () => textAt((await snapshot(video)).body, 'message'), { timeout: 10_000 })
      .toContain('enable "LAN mode liveview"');
    expect((await snapshot(video)).status).toBe(422);
    expect(count(video, 'open')).toBe(0);
  });

  it('a camera that says nothing is given up', async () => {
    const { serial, cameraPort } = printer(pictures);
    const id = farm.printerId(serial);
    await farm.ok('PATCH', `/v1/printers/${id}`, { cameraPort: 1 });
    await farm.ok('PATCH', `/v1/printers/${id}`, { cameraPort });
    printer(pictures).addFault('camera.silent');
    const answer = await snapshot(pictures);
    expect([answer.status, valueAt(answer.body, 'reason')]).toEqual([422, 'timeout']);
    expect(textAt(answer.body, 'message')).toContain('sent no picture in 2 s');
  });
});
