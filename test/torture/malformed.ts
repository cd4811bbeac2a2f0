import fc from 'fast-check';
import { isObject, type JsonObject } from '../../drivers/bambu/coerce.js';
import { PrinterView } from '../../drivers/bambu/printer-view.js';
import { ReportIntake } from '../../drivers/bambu/report-intake.js';
import type { DriverLog, PrinterState } from '../../drivers/driver.js';
import { FIXTURES, reportOf, serialOf } from '../drivers/bambu/reports.js';
import { stateSchema } from './state-schema.js';

/** Written as JSON text cannot be made of values: they stand in for themselves until the text is made. */
const RAW: Readonly<Record<string, string>> = {
  'raw:NaN': 'NaN',
  'raw:Infinity': '-Infinity',
  'raw:1e999': '1e999',
  'raw:-0': '-0',
  'raw:surrogate': '"\\ud83d and more"',
  'raw:deep list': `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  'raw:deep object': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'raw:nothing': '',
  'raw:twice': '{"command":"push_status","command":null}',
};

const NASTY: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  -86_400,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  '',
  '   ',
  '-1',
  '1e400',
  '0x',
  'ffffffffffffffffffffffffffffffff',
  '٣',
  '\u0000',
  '__proto__',
  'x'.repeat(20_000),
  [],
  {},
  [[]],
  [null, 1, 'a', {}],
  Array.from({ length: 3_000 }, (_, id) => ({ id: String(id), tray: [{ id: '0' }], state: id })),
  { __proto__: null, constructor: 1, toString: null, id: {} },
  ...Object.keys(RAW),
];

type Path = readonly (string | number)[];

function pathsOf(value: unknown, under: Path = []): Path[] {
  if (Array.isArray(value)) return [under, ...value.flatMap((inner, at) => pathsOf(inner, [...under, at]))];
  if (!isObject(value)) return [under];
  return [under, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...under, key]))];
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, at) => (at === first ? replaced(inner, rest, by) : inner));
  if (!isObject(value)) return value;
  return { ...value, [first]: replaced(value[String(first)], rest, by) };
}

function textOf(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"(raw:[^"]+)"/g, (all, name: string) => RAW[name] ?? all);
}

const reports = FIXTURES.map((name) => ({ name, report: reportOf(name), paths: pathsOf(reportOf(name)) }));

interface Change {
  readonly at: number;
  readonly by: unknown;
}

function mutated(report: JsonObject, paths: readonly Path[], changes: readonly Change[]): string {
  const changed = changes.reduce<unknown>(
    (value, { at, by }) => replaced(value, paths[at % paths.length] ?? [], by),
    report,
  );
  return textOf(changed);
}

const change = fc.record({ at: fc.nat(), by: fc.constantFrom(...NASTY) });
/** A report with some places changed, sometimes cut off or overwritten on the way. */
const message = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 6 }),
  cutTo: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 8 }),
  flip: fc.option(fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) }), { freq: 8 }),
});

/** Sequences of reports of one printer, every one of them spoilt in some way. */
export const spoiltReports = fc.record({
  printer: fc.constantFrom(...reports),
  messages: fc.array(message, { minLength: 1, maxLength: 12 }),
});
type Spoilt = typeof spoiltReports extends fc.Arbitrary<infer T> ? T : never;

export interface Intake {
  readonly sent: number;
  /** Messages nothing could be made of, as the intake counts them. */
  readonly malformed: number;
}

/** Feeds them to one printer's session. @throws Error when anything goes wrong that must not */
export function take({ printer, messages }: Spoilt): Intake {
  const failed: unknown[] = [];
  const log: DriverLog = {
    debug() {},
    info() {},
    warn: (fields) => void failed.push(fields),
    error: (fields) => void failed.push(fields),
  };
  const view = new PrinterView({
    serial: serialOf(printer.name),
    host: '127.0.0.1',
    mqttPort: 8883,
    ftpPort: 990,
    accessCode: '',
    trust: 'ca',
    extraCa: [],
    pinnedFingerprint: null,
    modelCode: null,
  });
  const states: PrinterState[] = [];
  const intake = new ReportIntake(
    view,
    {
      onAnswer: () => false,
      onReport: (report) => void states.push(report.state),
      onVersion() {},
      onTotalLayersMissing() {},
      onTooManyMalformed() {},
    },
    log,
    () => 0,
  );
  intake.receive(Buffer.from(JSON.stringify(printer.report)));
  let unreadable = 0;
  for (const { changes, cutTo, flip } of messages) {
    const text = mutated(printer.report, printer.paths, changes);
    const bytes = Buffer.from(cutTo === null ? text : text.slice(0, Math.floor(text.length * cutTo)));
    if (flip !== null && bytes.length > 0) bytes[flip.at % bytes.length] = flip.to;
    const before = intake.malformed;
    intake.receive(bytes);
    if (!isReadable(bytes)) unreadable += 1;
    if (intake.malformed - before > 1) throw new Error('One message was counted twice');
  }
  if (failed.length > 0) throw new Error('An exception left the parser', { cause: failed[0] });
  if (intake.malformed !== unreadable)
    throw new Error(`${unreadable} messages were no reports, ${intake.malformed} were counted`);
  for (const state of states) {
    const checked = stateSchema.safeParse(state);
    if (!checked.success) throw new Error(`The state is not valid: ${checked.error.message.slice(0, 2_000)}`);
    // What cannot be written down can be neither published nor stored.
    JSON.stringify(state);
  }
  return { sent: messages.length, malformed: unreadable };
}

function isReadable(bytes: Buffer): boolean {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] ?? 0) <= 0x20) end -= 1;
  try {
    return isObject(JSON.parse(bytes.toString('utf8', 0, end)));
  } catch {
    return false;
  }
}
