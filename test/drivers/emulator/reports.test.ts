import { afterEach, describe, expect, test } from 'vitest';
import type { Emulator } from '../../../drivers/emulator/index.js';
import { PROFILES } from '../../../drivers/emulator/profiles.js';
import {
  listen,
  listenFully,
  only,
  type Print,
  slicedFor,
  startCommand,
  startEmulator,
  upload,
} from './clients.js';

let emulator: Emulator;
afterEach(() => emulator.stop());

describe('reports', () => {
  test('of a full-report machine are whole every time', async () => {
    emulator = await startEmulator({ printers: [{}] });
    const client = await listen(emulator, only(emulator));

    await client.next((_json) => (client.reports.length >= 3 ? true : undefined), 'three reports');

    for (const report of client.reports) {
      expect(report).toMatchObject({ msg: 0, gcode_state: 'IDLE', stg_cur: -1 });
      expect(Object.keys(report).length).toBeGreaterThan(80);
    }
    const sizes = client.messages.map(({ raw }) => raw.length);
    expect(Math.min(...sizes)).toBeGreaterThan(5_000);
    await client.close();
  });

  test('of a delta machine carry everything on request and changes otherwise', async () => {
    emulator = await startEmulator({ printers: [{ model: 'P1S' }] });
    const printer = only(emulator);
    const client = await listenFully(emulator, printer);
    const whole = client.reports.find((p) => p.msg === 0);
    expect(whole).toMatchObject({ gcode_state: 'IDLE', stg_cur: 255, chamber_temper: 5, subtask_id: '0' });
    expect(whole).toHaveProperty('vt_tray.id', '254');
    expect(whole).not.toHaveProperty('fun');
    expect(whole).not.toHaveProperty('device');
    client.clear();

    await client.send({
      system: { sequence_id: '20002', command: 'ledctrl', led_node: 'chamber_light', led_mode: 'off' },
    });

    const delta = await client.report((p) => p.lights_report !== undefined, 'the light');
    expect(delta).toMatchObject({ msg: 1, lights_report: [{ node: 'chamber_light', mode: 'off' }] });
    expect(Object.keys(delta).length).toBeLessThan(10);
    await client.close();
  });

  test('say nothing but a changed field before a delta machine was asked for everything', async () => {
    emulator = await startEmulator({ printers: [{ model: 'A1' }], reportIntervalMs: 20 });
    const client = await listen(emulator, only(emulator));

    const first = await client.report(() => true, 'an idle report');

    expect(first.msg).toBe(1);
    expect(first).not.toHaveProperty('gcode_state');
    await client.close();
  });

  test('of a dual machine name extruders, packed temperatures and both holders', async () => {
    emulator = await startEmulator({
      printers: [
        {
          model: 'H2D',
          ams: [
            { id: 0, slots: [{ type: 'PLA', color: 'FFFFFFFF' }, null, null, null], extruder: 1 },
            { id: 128, slots: [{ type: 'PA-CF', color: '000000FF' }] },
          ],
        },
      ],
    });
    const client = await listenFully(emulator, only(emulator));

    const [whole] = client.reports;

    expect(whole).toMatchObject({
      sequence_id: '2021',
      ams: {
        ams: [
          { id: '0', info: '2103', tray: [{ id: '0', state: 11 }, { id: '1', state: 0 }, {}, {}] },
          { id: '128', info: '2004', tray: [{ id: '0', tray_type: 'PA-CF' }] },
        ],
        ams_exist_bits: '11',
        tray_exist_bits: '10001',
        power_on_flag: false,
      },
      vir_slot: [{ id: '254' }, { id: '255' }],
      device: {
        extruder: {
          state: 2,
          info: [
            { id: 0, snow: 65535 },
            { id: 1, snow: 65279 },
          ],
        },
        ctc: { info: { temp: 24 } },
        nozzle: { info: [{ id: 0, diameter: 0.4 }, { id: 1 }] },
      },
    });
    await client.close();
  });

  test('of the A2L number the AMS 16 and its slots from bit 24', async () => {
    emulator = await startEmulator({ printers: [{ model: 'A2L' }] });
    const client = await listenFully(emulator, only(emulator));

    expect(client.reports[0]).toMatchObject({
      ams: { ams: [{ id: '16', info: '2005' }], ams_exist_bits: '1000', tray_exist_bits: 'f000000' },
    });
    await client.close();
  });

  test('show Developer Mode in bit 29 of fun', async () => {
    emulator = await startEmulator({ printers: [{}, { developerMode: false }] });
    for (const [i, printer] of emulator.printers.entries()) {
      const client = await listenFully(emulator, printer);
      const fun = BigInt(`0x${String(client.reports[0]?.fun)}`);
      expect((fun >> 29n) & 1n).toBe(BigInt(i));
      await client.close();
    }
  });

  test('follow the spools: taken out, put in, set over the network', async () => {
    emulator = await startEmulator({ printers: [{ model: 'P2S' }] });
    const printer = only(emulator);
    const client = await listenFully(emulator, printer);

    printer.setSpool(0, 2, null);
    const emptied = await client.report((p) => p.msg === 1 && p.ams !== undefined, 'the empty slot');
    expect(emptied.ams).toEqual({
      ams: [{ id: '0', tray: [{ id: '2', state: 0 }] }],
      tray_exist_bits: 'b',
      tray_read_done_bits: 'b',
    });
    client.clear();
    await client.print('ams_filament_setting', {
      ams_id: 0,
      tray_id: 2,
      slot_id: 2,
      tray_type: 'ABS',
      tray_color: '112233FF',
      tray_info_idx: 'GFB99',
    });
    const filled = await client.report((p) => p.msg === 1 && p.ams !== undefined, 'the new filament');
    expect(filled).toMatchObject({
      ams: { ams: [{ id: '0', tray: [{ id: '2', tray_type: 'ABS', tray_color: '112233FF' }] }] },
    });
    expect(await client.ack('ams_filament_setting')).toMatchObject({ result: 'success' });
    await client.close();
  });

  test('exist for every model, each with its own marks', async () => {
    emulator = await startEmulator({ printers: PROFILES.map(({ shortName }) => ({ model: shortName })) });
    for (const [i, printer] of emulator.printers.entries()) {
      const profile = PROFILES[i];
      const client = await listenFully(emulator, printer);
      const whole: Print = client.reports.find((p) => p.msg === 0) ?? {};
      expect(printer.serial).toMatch(new RegExp(`^${profile?.serialPrefix}[0-9A-Z]{12}$`));
      expect(whole.stg_cur).toBe(profile?.idleStage);
      expect(whole.fun !== undefined).toBe(profile?.sendsFun);
      expect(Object.keys(whole).length).toBeGreaterThan(40);
      await client.close();
    }
  });

  test('count only what is used of a spool while it prints', async () => {
    emulator = await startEmulator({ printers: [{}], speed: 600 });
    const printer = only(emulator);
    const plates = [
      {
        index: 1,
        predictionSeconds: 600,
        weightGrams: 500,
        filaments: [
          { id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFL99', usedGrams: 500, usedMeters: 160 },
        ],
      },
    ];
    await upload(emulator, printer, 'big.gcode.3mf', await slicedFor('BL-P001', { plates }));
    const client = await listenFully(emulator, printer);
    await client.print('project_file', startCommand('big.gcode.3mf', 9));
    await client.report((p) => p.gcode_state === 'RUNNING' && p.hw_switch_state === 1, 'feeding');

    const done = await client.report((p) => p.gcode_state === 'FINISH', 'FINISH');

    expect(done).toHaveProperty('ams.ams.0.tray.0.remain', 50);
    expect(done).toHaveProperty('ams.ams.0.tray.1.remain', 100);
    await client.close();
  });
});
