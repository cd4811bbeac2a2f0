import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, type JsonObject } from '../../../drivers/bambu/coerce.js';
import { mergedObject, mergeObject } from '../../../drivers/bambu/merge.js';
import { mergedAms } from '../../../drivers/bambu/merge-ams.js';
import { modelBySerial } from '../../../drivers/bambu/models.js';
import { decodePayload } from '../../../drivers/bambu/payload.js';
import { normaliseReport, type ReportContext, reportReader } from '../../../drivers/bambu/report.js';
import { ReportDecoder } from '../../../drivers/bambu/report-decoder.js';
import { ReportTree } from '../../../drivers/bambu/report-tree.js';
import { plainAms, plainMerge } from './plain-merge.js';
import { FIXTURES, type FixtureName, printOf, serialOf, versionOf } from './reports.js';

/** Values that firmware sends, at the edges of what readers tell apart. */
const value = fc.oneof(
  fc.constantFrom<unknown>(0, -0, 1, 3, '', '0', '11', '0000', '7', null, true, '-52dBm', 'RUNNING', 'IDLE'),
  fc.constantFrom<unknown>('FINISH', 4, 255, 16777216, 0x0300_8001, '41AFFF9CFF', [], {}, 25.5, '0.6'),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A place in a report: keys and positions from its root. */
type Place = readonly (string | number)[];

function placesOf(node: unknown, at: Place = []): Place[] {
  if (Array.isArray(node)) return node.flatMap((entry, index) => placesOf(entry, [...at, index]));
  if (!isObject(node)) return [at];
  return [at, ...Object.keys(node).flatMap((key) => placesOf(node[key], [...at, key]))];
}

function changedAt(node: unknown, [key, ...rest]: Place, to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(node)) return node.map((old, index) => (index === key ? changedAt(old, rest, to) : old));
  return isObject(node) ? { ...node, [key]: changedAt(node[key], rest, to) } : node;
}

interface Step {
  readonly full: boolean;
  /** 0 to 1, of all places. */
  readonly changes: readonly { readonly where: number; readonly to: unknown }[];
  readonly seconds: number;
}

const steps = fc.array(
  fc.record({
    full: fc.boolean(),
    changes: fc.array(fc.record({ where: fc.double({ min: 0, max: 1, noNaN: true }), to: value }), {
      maxLength: 3,
    }),
    seconds: fc.integer({ min: 0, max: 12 }),
  }),
  { minLength: 2, maxLength: 8 },
);

/** What goes over the wire: whole reports, and only some of their keys. What was changed once stays changed. */
function messagesOf(name: FixtureName, list: readonly Step[]): { payload: Buffer; atMs: number }[] {
  let print: unknown = printOf(name);
  let atMs = 0;
  return list.map((step) => {
    const touched = new Set<string>();
    for (const { where, to } of step.changes) {
      const places = placesOf(print).filter((place) => place.length > 0);
      const place = places[Math.min(places.length - 1, Math.floor(where * places.length))] ?? [];
      touched.add(String(place[0]));
      print = changedAt(print, place, to);
    }
    atMs += step.seconds * 1000;
    const all = Object.entries(isObject(print) ? print : {});
    const sent = step.full ? all : all.filter(([key]) => touched.has(key) || key === 'command');
    return { payload: Buffer.from(JSON.stringify({ print: Object.fromEntries(sent) })), atMs };
  });
}

function contextOf(name: FixtureName, tree: ReportTree): ReportContext {
  const { firmware, amsKinds } = versions.get(name) ?? versionOf(name);
  const model = modelBySerial(serialOf(name));
  return { model, firmware, amsKinds, peaks: tree.peaks, storage: 'ok', learnedMode: null };
}

const versions = new Map(FIXTURES.map((name) => [name, versionOf(name)]));

describe('reading only what has changed', () => {
  it.each(FIXTURES)('gives what reading everything gives: %s', (name) => {
    fc.assert(
      fc.property(steps, (list) => {
        const decoder = new ReportDecoder();
        const read = reportReader();
        const kept = new ReportTree();
        const whole = new ReportTree();
        for (const { payload, atMs } of messagesOf(name, list)) {
          kept.apply(decoder.decode(payload) ?? {}, atMs);
          whole.apply(decodePayload(payload) ?? {}, atMs);
          expect(kept.print).toEqual(whole.print);
          const state = read(kept.print, contextOf(name, kept));
          expect(state).toEqual(normaliseReport(structuredClone(whole.print), contextOf(name, whole)));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives the same parts again when nothing of them has changed', () => {
    const decoder = new ReportDecoder();
    const tree = new ReportTree();
    const read = reportReader();
    const [before, after] = [24.5, 24.75].map((bed_temper) => {
      const payload = Buffer.from(JSON.stringify({ print: { ...printOf('x1c'), bed_temper } }));
      tree.apply(decoder.decode(payload) ?? {}, 0);
      return read(tree.print, contextOf('x1c', tree));
    });
    expect(after?.bedTemp).toBe(24.75);
    for (const part of ['slots', 'amsUnits', 'health', 'lights', 'fans'] as const) {
      expect(after?.[part]).toBe(before?.[part]);
    }
    expect(after?.print.identity).toBe(before?.print.identity);
  });
});

describe('merging', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const tree = fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    json,
  );

  it('of objects gives what writing everything anew gives, and leaves what was known as it was', () => {
    fc.assert(
      fc.property(tree, tree, (known, news) => {
        fc.pre(!JSON.stringify([known, news]).includes('__proto__'));
        const before = structuredClone<JsonObject>(known);
        const plain = plainMerge(known, news);
        expect(mergedObject(known, news)).toEqual(plain);
        expect(known).toEqual(before);
        mergeObject(known, structuredClone(news));
        expect(known).toEqual(plain);
        // Merged once, the news are known: nothing becomes another object.
        expect(mergedObject(known, news)).toBe(known);
      }),
    );
  });

  const id = fc.constantFrom<unknown>('0', '1', 1, 2, '3', '128', '16', 255, '', null);
  const tray = fc.record(
    {
      id,
      state: fc.constantFrom<unknown>(0, 1, 3, 9, '11', 'x'),
      tray_type: fc.constantFrom('', 'PLA', 'PETG'),
      tag_uid: fc.constantFrom('', '0000000000000000', 'A1B2C3D400000100', 'FFB2C3D400000100'),
      tray_uuid: fc.constantFrom('', '00', '77'),
      remain: fc.constantFrom<unknown>(-1, 0, '50', 100),
      cols: fc.constantFrom([], ['FF0000FF'], ['FF0000FF', '00FF00FF']),
    },
    { requiredKeys: [] },
  );
  const unit = fc.record(
    { id, humidity: fc.constantFrom('3', '4'), tray: fc.oneof(fc.array(tray, { maxLength: 5 }), json) },
    { requiredKeys: [] },
  );
  const bits = fc.constantFrom<unknown>('0', '1', 'f', '3f', '1000f', 'no bits', 15, null);
  const ams = fc.record(
    {
      ams: fc.oneof(
        { weight: 5, arbitrary: fc.array(unit, { maxLength: 4 }) },
        { weight: 1, arbitrary: json },
      ),
      ams_exist_bits: bits,
      tray_exist_bits: bits,
      tray_now: fc.constantFrom('0', '255'),
    },
    { requiredKeys: [] },
  );

  it('of units and slots gives what writing everything anew gives', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(ams, fc.boolean()), { minLength: 1, maxLength: 5 }), (list) => {
        let known: JsonObject = {};
        let plain: JsonObject = {};
        for (const [news, full] of list) {
          const before = structuredClone(known);
          const merged = mergedAms(known, news, full);
          expect(known).toEqual(before);
          plain = plainAms(plain, news, full);
          known = merged;
          expect(known).toEqual(plain);
          // The tree passes over news that it has merged already.
          expect(mergedAms(known, structuredClone(news), full)).toEqual(known);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a message in parts', () => {
  const block = '{"ams":[{"id":"0","tray":[{"id":"0","name":"}\\"{"}]}],"tray_now":"0"}';
  const texts = [
    `{"print":{"a":1,"ams":${block},"b":"é"}}`,
    `{"print":{"ams": ${block} }}`,
    `{"ams":${block},"print":{"ams":{"x":1}}}`,
    `{"print":{"ams":${block},"ams":{"second":true}}}`,
    `{"print":{"device":{"ams":${block}},"ams":{"third":true}}}`,
    `{"print":{"x\\"ams":${block}}}`,
    `{"print":{"note":"\\"ams\\":{","ams":${block}}}`,
    `{"print":{"note":"a\\\\","ams":${block}}}`,
    `{"print":{"ams":${block}`,
    `{"print":{"ams":{"ams":[{]}}}`,
    `{"print":{"note":"broken,"ams":${block}}}`,
    '{"print":{"ams":{"__proto__":{"x":1}}}}',
    '{"print":{"ams":{}}}\0\n',
    '{"print":{"ams":null}}',
    '{"print":[{"ams":{}}]}',
    '',
  ];

  it('is read as one that is read as a whole, whatever came before it', () => {
    for (const first of texts) {
      const decoder = new ReportDecoder();
      decoder.decode(Buffer.from(first));
      for (const text of texts) {
        expect(decoder.decode(Buffer.from(text)), text).toEqual(decodePayload(Buffer.from(text)));
        // Again, with the part now known.
        expect(decoder.decode(Buffer.from(text)), text).toEqual(decodePayload(Buffer.from(text)));
      }
    }
  });

  it('is so when bytes are lost or replaced', () => {
    const report = JSON.stringify({ print: printOf('a1') });
    const decoder = new ReportDecoder();
    fc.assert(
      fc.property(
        fc.nat(report.length - 1),
        fc.nat(3),
        fc.uint8Array({ maxLength: 3 }),
        (at, lost, instead) => {
          const bytes = Buffer.from(report);
          const payload = Buffer.concat([bytes.subarray(0, at), instead, bytes.subarray(at + lost)]);
          expect(decoder.decode(payload)).toEqual(decodePayload(payload));
        },
      ),
      { numRuns: 500 },
    );
  });
});
