import { afterEach, describe, expect, test } from 'vitest';
import { type Emulator, Emulator as EmulatorClass } from '../../../drivers/emulator/index.js';
import { isRecord, only, startEmulator } from './clients.js';

let emulator: Emulator;
afterEach(() => emulator.stop());

async function farm(): Promise<string> {
  emulator = await startEmulator({ printers: [{ model: 'P1S' }], control: { host: '127.0.0.1', port: 0 } });
  if (emulator.controlUrl === null) throw new Error('the control API was asked for');
  return emulator.controlUrl;
}

async function post(url: string, body: unknown): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const json: unknown = await response.json();
  return { status: response.status, json: isRecord(json) ? json : {} };
}

describe('the control API', () => {
  test('lists printers and tells one', async () => {
    const url = await farm();
    const printer = only(emulator);

    const list: unknown = await (await fetch(`${url}/printers`)).json();
    const one: unknown = await (await fetch(`${url}/printers/${printer.serial}`)).json();

    const shown = {
      serial: printer.serial,
      modelCode: 'C12',
      host: printer.host,
      mqttPort: printer.mqttPort,
      ftpPort: printer.ftpPort,
      accessCode: printer.accessCode,
      activity: 'IDLE',
    };
    expect(list).toMatchObject([shown]);
    expect(one).toMatchObject({ ...shown, files: [] });
  });

  test('injects and clears faults, presses buttons, switches power and sets the speed', async () => {
    const url = await farm();
    const base = `${url}/printers/${only(emulator).serial}`;

    expect((await post(`${base}/faults`, { name: 'mqtt.noAck', args: { times: 1 } })).status).toBe(200);
    expect((await fetch(`${base}/faults`, { method: 'DELETE' })).status).toBe(200);
    expect((await post(`${url}/time`, { speed: 5000 })).json).toEqual({ speed: 5000 });
    expect((await post(`${base}/power`, { on: false })).status).toBe(200);
    expect((await post(`${base}/power`, { on: true })).status).toBe(200);
    await post(`${url}/time`, { speed: 10 });
    only(emulator).startExternalJob('screen', 3600);
    await emulator.log.waitFor((e) => e.event === 'RUNNING', 8_000, 'RUNNING');
    expect((await post(`${base}/screen`, { press: 'pause' })).json.activity).toBe('PAUSE');
    expect((await post(`${base}/screen`, { press: 'resume' })).json.activity).toBe('RUNNING');
    expect((await post(`${base}/screen`, { press: 'cancel' })).json.activity).toBe('FAILED');
    expect((await post(`${base}/screen`, { press: 'dismiss' })).json.activity).toBe('IDLE');
  });

  test('gives the log as JSON lines from an index on', async () => {
    const url = await farm();
    only(emulator).addFault('hms.clear');

    const whole = await fetch(`${url}/log`);
    const next = Number(whole.headers.get('x-next-index'));
    const lines = (await whole.text()).trim().split('\n');
    only(emulator).clearFaults();
    const rest = (await (await fetch(`${url}/log?since=${next}`)).text()).trim().split('\n');

    expect(lines).toHaveLength(next);
    expect(rest.map((line) => JSON.parse(line))).toMatchObject([{ kind: 'fault', event: 'cleared' }]);
  });

  test('says what is wrong with a request', async () => {
    const url = await farm();
    const base = `${url}/printers/${only(emulator).serial}`;

    expect(await post(`${base}/faults`, { name: 'nothing' })).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining('known are') },
    });
    expect((await post(`${base}/power`, { on: 'yes' })).status).toBe(400);
    expect((await post(`${base}/screen`, { press: 'self-destruct' })).status).toBe(400);
    expect((await post(`${url}/time`, { speed: -1 })).status).toBe(400);
    expect((await post(`${url}/printers/00M000/power`, { on: true })).status).toBe(404);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
    expect((await fetch(`${url}/log?since=x`)).status).toBe(400);
    expect((await post(`${base}/faults`, { name: 'x'.repeat(100_000) })).status).toBe(413);
  });

  test('listens on loopback only', async () => {
    emulator = new EmulatorClass({ printers: [], control: { host: '0.0.0.0', port: 0 } });

    await expect(emulator.start()).rejects.toThrow(/127\.0\.0\.0\/8 only/);
  });
});
