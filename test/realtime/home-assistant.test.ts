import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { discoveryText, type PrinterFace } from '../../src/realtime/home-assistant.js';
import { HomeAssistantPublisher } from '../../src/realtime/home-assistant-publisher.js';
import { toPrinterStat } from '../../src/realtime/printer-stat.js';
import { SILENT_LOG } from './logs.js';
import { PRINTER_ID, printerState, STORE_ID, stateArb } from './states.js';

const STATS = `stores/${STORE_ID}/printer-stats/${PRINTER_ID}`;
const FACE: PrinterFace = {
  printerId: PRINTER_ID,
  name: 'Left of the door',
  manufacturer: 'Bambu Lab',
  model: 'P1S',
  serial: '01P00A000000001',
  hasChamberTemp: true,
};

const availability = z.object({ topic: z.string(), value_template: z.string().optional() });
/** What Home Assistant asks of an announcement: a device with an identifier, an origin, a platform for each component. */
const announcement = z.strictObject({
  dev: z.strictObject({
    ids: z.array(z.string()).min(1),
    name: z.string().min(1),
    mf: z.string(),
    mdl: z.string().optional(),
    sn: z.string(),
  }),
  o: z.strictObject({ name: z.string().min(1), sw: z.string() }),
  state_topic: z.string(),
  availability_mode: z.literal('all'),
  availability: z.array(availability),
  cmps: z.record(
    z.string(),
    z.object({
      p: z.enum(['sensor', 'binary_sensor']),
      name: z.string(),
      unique_id: z.string(),
      value_template: z.string(),
      expire_after: z.int(),
      device_class: z.string().optional(),
      unit_of_measurement: z.string().optional(),
      state_class: z.string().optional(),
      availability: z.array(availability).optional(),
      json_attributes_topic: z.string().optional(),
      json_attributes_template: z.string().optional(),
    }),
  ),
});

function announced(face: Partial<PrinterFace> = {}, statusTopic: string | null = null) {
  const text = discoveryText({ ...FACE, ...face }, { statsTopic: STATS, statusTopic }, '1.2.3');
  return announcement.parse(JSON.parse(text));
}

/** Keys that a template asks a stat for, in order. */
function keysOf(template: string): string[] {
  return [...template.matchAll(/\.get\('(\w+)'/g)].map((match) => match[1] ?? '');
}

/** What Home Assistant makes of a template: the few forms that ours have. None of Python is written None. */
function render(template: string, stat: unknown): string {
  const keys = keysOf(template);
  const found = keys.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null && key in at ? Reflect.get(at, key) : null),
    stat,
  );
  const holds = Array.isArray(found) ? found.length > 0 : Boolean(found);
  const chosen = /^\{\{ '(\w+)' if value_json[^ ]*(?: \{\}\)[^ ]*)* else '(\w+)' \}\}$/.exec(template);
  if (chosen) return (holds ? chosen[1] : chosen[2]) ?? '';
  if (/^\{\{ \(value_json.* or 'none'\)\[:255\] \}\}$/.test(template)) {
    return holds ? String(found).slice(0, 255) : 'none';
  }
  if (/^\{\{ value_json[^|]* \}\}$/.test(template)) return found === null ? 'None' : String(found);
  throw new Error(`a template of another form: ${template}`);
}

function stat(isOnline: boolean, state: Parameters<typeof toPrinterStat>[0]['state']): unknown {
  const input = { printerId: PRINTER_ID, storeId: STORE_ID, isOnline, isAvailable: true, state };
  return JSON.parse(JSON.stringify(toPrinterStat({ ...input, receivedAt: new Date(0) })));
}

describe('what a printer is announced with', () => {
  it('is one device with everything that it shows', () => {
    const { dev, o, state_topic, cmps } = announced();
    expect(dev).toEqual({
      ids: [`printfarmd_${PRINTER_ID}`],
      name: 'Left of the door',
      mf: 'Bambu Lab',
      mdl: 'P1S',
      sn: '01P00A000000001',
    });
    expect(o).toEqual({ name: 'printfarmd', sw: '1.2.3' });
    expect(state_topic).toBe(STATS);
    expect(Object.keys(cmps)).toEqual([
      ...[
        'state',
        'online',
        'ready',
        'problem',
        'progress',
        'time_remaining',
        'layer',
        'layers',
        'task',
        'error',
      ],
      ...['nozzle', 'bed', 'chamber'],
    ]);
    const ids = Object.values(cmps).map((one) => one.unique_id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toContain(PRINTER_ID);
  });

  it('has a chamber only where the model measures it, and a model only where it is known', () => {
    expect(announced({ hasChamberTemp: false }).cmps).not.toHaveProperty('chamber');
    expect(announced({ model: null }).dev).not.toHaveProperty('mdl');
  });

  it('reads nothing but what the contract lets a stat hold', () => {
    const file = new URL('../fixtures/realtime-schema.json', import.meta.url);
    const { schemas } = z
      .object({ schemas: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(readFileSync(file, 'utf8')));
    const shape = z.looseObject({
      $ref: z.string().optional(),
      properties: z.record(z.string(), z.unknown()).optional(),
    });
    const below = (schema: unknown, key: string) => {
      const { $ref, properties } = shape.parse(schema);
      return (properties ?? shape.parse(schemas[$ref?.split('/').at(-1) ?? '']).properties)?.[key];
    };
    const { availability: whole, cmps } = announced();
    const templates = Object.values(cmps).flatMap((one) =>
      [one.value_template, one.json_attributes_template ?? []].flat(),
    );
    for (const template of [...templates, ...whole.flatMap((one) => one.value_template ?? [])]) {
      const keys = keysOf(template);
      expect(keys.length, template).toBeGreaterThan(0);
      expect(keys.reduce(below, schemas.PrinterStat), template).toBeDefined();
    }
  });

  it('shows a print as it stands', () => {
    const printing = stat(true, printerState({ chamberTemp: 34 }));
    const { cmps, availability: whole } = announced();
    const shown = Object.fromEntries(
      Object.entries(cmps).map(([key, one]) => [key, render(one.value_template, printing)]),
    );
    expect(shown).toEqual({
      state: 'RUNNING',
      online: 'ON',
      ready: 'ON',
      problem: 'OFF',
      progress: '42',
      time_remaining: '17',
      layer: '10',
      layers: '100',
      task: 'bracket-7f3a',
      error: 'none',
      nozzle: '219',
      bed: '60.5',
      chamber: '34',
    });
    expect(render(whole[0]?.value_template ?? '', printing)).toBe('online');
  });

  it('shows an offline printer as offline and nothing else of it', () => {
    const offline = stat(false, printerState());
    const { cmps, availability: whole } = announced();
    expect(render(whole[0]?.value_template ?? '', offline)).toBe('offline');
    expect(render(cmps.online?.value_template ?? '', offline)).toBe('OFF');
    // Its own availability does not look at what it shows.
    expect(cmps.online?.availability).toEqual([{ topic: STATS, value_template: "{{ 'online' }}" }]);
    expect(render(cmps.progress?.value_template ?? '', offline)).toBe('None');
  });

  it('gives numbers a unit and a number, or None, whatever a printer reports', () => {
    const { cmps } = announced();
    fc.assert(
      fc.property(fc.option(stateArb, { nil: null }), fc.boolean(), (state, isOnline) => {
        const now = stat(isOnline, state);
        for (const [key, one] of Object.entries(cmps)) {
          const shown = render(one.value_template, now);
          if (one.state_class === 'measurement') expect(shown, key).toMatch(/^(None|-?\d+(\.\d+)?)$/);
          else if (one.p === 'binary_sensor') expect(['ON', 'OFF'], key).toContain(shown);
          else expect(shown.length, key).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('is gone three heartbeats after the daemon, and with its last will at a broker elsewhere', () => {
    const { cmps, availability: whole } = announced({}, 'stores/s/status');
    for (const one of Object.values(cmps)) expect(one.expire_after).toBe(90);
    expect(whole).toContainEqual({ topic: 'stores/s/status' });
    expect(cmps.online?.availability).toContainEqual({ topic: 'stores/s/status' });
    expect(cmps.state?.availability).toBeUndefined();
  });

  it.each(['"quoted" \\ {{ 7 * 7 }}', 'Drucker für Größe 7 🖨️', 'x'.repeat(100), "it's\u2028new"])(
    'takes any name as it is: %s',
    (name) => expect(announced({ name }).dev.name).toBe(name),
  );
});

describe('the announcements', () => {
  let faces: PrinterFace[];
  let changed: (() => void)[];
  let removed: ((printerId: string) => void)[];
  let sent: string[];
  let publisher: HomeAssistantPublisher;
  let hold: Promise<void> | null;

  const other = { ...FACE, printerId: 'printer0000000000000002b' };
  const topic = ({ printerId }: PrinterFace) => `ha/device/${STORE_ID}/${printerId}/config`;
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  function outlet(prefix: string) {
    return {
      sink: {
        publishState: () => {},
        publish: (at: string, payload: string, options: object) => {
          expect(options).toEqual({ retain: true, qos: 0 });
          const { state_topic = '', dev = { name: '' } } =
            payload === '' ? {} : announcement.parse(JSON.parse(payload));
          sent.push(payload === '' ? `${prefix}${at} empty` : `${prefix}${at} ${dev.name} ${state_topic}`);
        },
      },
      topic: (at: string) => `${prefix}${at}`,
      statusTopic: null,
    };
  }

  beforeEach(() => {
    faces = [FACE];
    changed = [];
    removed = [];
    sent = [];
    hold = null;
    publisher = new HomeAssistantPublisher({
      source: {
        async faces() {
          const now = [...faces];
          await hold;
          return now;
        },
        onChange: (listener) => {
          changed.push(listener);
          return () => void changed.splice(0);
        },
        onRemoved: (listener) => {
          removed.push(listener);
          return () => void removed.splice(0);
        },
      },
      outlets: [outlet(''), outlet('far/')],
      storeId: STORE_ID,
      prefix: 'ha',
      version: '1',
      log: SILENT_LOG,
    });
  });

  afterEach(() => publisher.stop());

  it('go to every broker, which reads the stats where it has them', async () => {
    await publisher.start();
    expect(sent).toEqual([
      `${topic(FACE)} Left of the door ${STATS}`,
      `far/${topic(FACE)} Left of the door far/${STATS}`,
    ]);
  });

  it('are made anew for what changed, and for nothing else', async () => {
    faces = [FACE, other];
    await publisher.start();
    sent = [];
    changed[0]?.();
    await turn();
    expect(sent).toEqual([]);
    faces = [FACE, { ...other, name: 'Right of it' }];
    changed[0]?.();
    await turn();
    expect(sent.map((line) => line.split(' ').slice(1, 4).join(' '))).toEqual(['Right of it', 'Right of it']);
  });

  it('are taken back when the printer goes, at once', async () => {
    faces = [FACE, other];
    await publisher.start();
    sent = [];
    removed[0]?.(FACE.printerId);
    expect(sent).toEqual([`${topic(FACE)} empty`, `far/${topic(FACE)} empty`]);
    faces = [];
    changed[0]?.();
    await turn();
    expect(sent.slice(2)).toEqual([`${topic(other)} empty`, `far/${topic(other)} empty`]);
  });

  it('do not come back by a reading that had begun before', async () => {
    await publisher.start();
    let go: () => void = () => {};
    hold = new Promise((resolve) => {
      go = resolve;
    });
    faces = [{ ...FACE, name: 'Renamed' }];
    changed[0]?.();
    removed[0]?.(FACE.printerId);
    faces = [];
    hold = null;
    go();
    await turn();
    expect(sent.at(-1)).toBe(`far/${topic(FACE)} empty`);
  });

  it('end with the daemon, and stay', async () => {
    await publisher.start();
    await publisher.stop();
    expect([changed, removed, sent.length]).toEqual([[], [], 2]);
  });
});
