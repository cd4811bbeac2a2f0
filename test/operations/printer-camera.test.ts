import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';

let farm: TestFarm;
let picture: string;
let video: string;

beforeAll(async () => {
  farm = await testFarm({ printers: [{ model: 'P1S' }, { model: 'X1C' }] });
  const [small, large] = farm.emulator.printers;
  if (!small || !large) throw new Error('The farm has no printers');
  picture = farm.printerId(small.serial);
  video = farm.printerId(large.serial);
});
afterAll(() => farm.stop());

const camera = (id: string) => `/v1/printers/${id}/camera`;

describe('the camera of a printer', () => {
  it('answers with a JPEG that nobody keeps', async () => {
    const response = await fetch(`${farm.url}${camera(picture)}`, {
      headers: { authorization: `ApiKey ${farm.key}`, 'x-printago-storeid': farm.storeId },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const jpeg = Buffer.from(await response.arrayBuffer());
    expect(Number(response.headers.get('content-length'))).toBe(jpeg.length);
    expect(jpeg.subarray(0, 2).toString('hex') + jpeg.subarray(-2).toString('hex')).toBe('ffd8ffd9');
  });

  it('that sends a video answers 501 with where it is, not with the access code', async () => {
    const answer = await farm.api('GET', camera(video));
    const printer = farm.emulator.printers[1];
    expect(answer.status).toBe(501);
    expect(answer.body).toMatchObject({
      code: 'not_supported',
      error: 'Not Implemented',
      streamUrl: `rtsps://bblp:<access code>@${printer?.host}:${printer?.cameraPort}/streaming/live/1`,
    });
    expect(textAt(answer.body, 'message')).toContain('camera.ffmpeg');
    expect(answer.text).not.toContain(printer?.accessCode);
  });

  it('is for those who may see printers', async () => {
    const key = textAt(
      await farm.ok('POST', '/v1/api-keys', { name: 'parts', permissions: ['part.view'] }),
      'key',
    );
    const answer = await farm.api('GET', camera(picture), undefined, { authorization: `ApiKey ${key}` });
    expect(answer.status).toBe(403);
    expect(valueAt(answer.body, 'requiredPermissions')).toEqual(['printer.view']);
  });

  it('of a printer that there is not is not found', async () => {
    expect((await farm.api('GET', camera('a'.repeat(24)))).status).toBe(404);
  });

  it('that cannot be reached says so', async () => {
    const [printer] = farm.emulator.printers;
    await farm.ok('PATCH', `/v1/printers/${picture}`, { cameraPort: 1 });
    const answer = await farm.api('GET', camera(picture));
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'printer_unreachable', reason: 'unreachable' });
    expect(textAt(answer.body, 'message')).toContain(`${printer?.host}:1`);
    await farm.ok('PATCH', `/v1/printers/${picture}`, { cameraPort: printer?.cameraPort });
    expect((await farm.api('GET', camera(picture))).status).toBe(200);
  });
});

describe('the messages of a printer', () => {
  const messages = () => farm.api('GET', `/local/printers/${picture}/messages`);

  it('are not kept unless that is asked for, and the answer says how', async () => {
    const answer = await messages();
    expect(answer.status).toBe(409);
    expect(textAt(answer.body, 'message')).toContain('Set diagnostics.messages.enabled to true in');
    expect(textAt(answer.body, 'message')).toContain(farm.configFile);
  });

  it('are kept both ways, without the access code, for those who may configure printers', async () => {
    await farm.restart({ config: { diagnostics: { messages: { enabled: true, perPrinter: 5 } } } });
    const list = await farm.until(`/local/printers/${picture}/messages`, (body) => {
      const directions = Array.isArray(body) ? body.map((one) => valueAt(one, 'direction')) : [];
      return directions.includes('sent') && directions.includes('received');
    });
    expect(JSON.stringify(list)).toContain('push_status');
    expect(JSON.stringify(list)).toContain('pushall');
    expect(JSON.stringify(list)).not.toContain(farm.emulator.printers[0]?.accessCode);
    const key = textAt(
      await farm.ok('POST', '/v1/api-keys', { name: 'view', permissions: ['printer.view'] }),
      'key',
    );
    const path = `/local/printers/${picture}/messages`;
    const refused = await farm.api('GET', path, undefined, { authorization: `ApiKey ${key}` });
    expect(valueAt(refused.body, 'requiredPermissions')).toEqual(['printer.config']);
    expect((await farm.api('GET', `/local/printers/${'a'.repeat(24)}/messages`)).status).toBe(404);
  });
});
