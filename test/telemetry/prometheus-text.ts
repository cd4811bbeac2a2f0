/**
 * A reader of Prometheus' text format (0.0.4) that takes nothing that the format does not allow, and nothing that a
 * server would take and then be wrong about: series given twice, histograms that do not add up.
 */

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ReadSample[];
}

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** @throws Error that names the first line that is wrong */
export function readPrometheusText(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family & { readonly samples: ReadSample[] }>();
  const seen = new Set<string>();
  let help: { readonly name: string; readonly text: string } | null = null;
  let open: (Family & { readonly samples: ReadSample[] }) | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const wrong = (why: string) => new Error(`${why}: ${line}`);
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (!NAME.test(name) || rest === '') throw wrong('no help');
      help = { name, text: rest };
    } else if (kind === 'TYPE') {
      if (help?.name !== name) throw wrong('a type without its help');
      if (!TYPES.has(rest)) throw wrong('no type');
      if (families.has(name)) throw wrong('a family that was given before');
      open = { name, help: help.text, type: rest, samples: [] };
      families.set(name, open);
    } else if (line.startsWith('#')) {
      throw wrong('a comment that says nothing');
    } else {
      const sample = readSample(line);
      const suffixes = SUFFIXES[open?.type ?? ''] ?? [''];
      if (!open || !suffixes.some((suffix) => sample.name === open?.name + suffix))
        throw wrong('a sample outside of its family');
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(series)) throw wrong('a series that was given before');
      seen.add(series);
      open.samples.push(sample);
    }
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function readSample(line: string): ReadSample {
  const [, name = '', inner = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const [, label = '', raw = ''] = LABEL.exec(inner) ?? [];
    if (label === '' || label in labels) throw new Error(`wrong labels: ${line}`);
    labels[label] = raw.replaceAll(/\\(.)/g, (_whole, sign) => (sign === 'n' ? '\n' : sign));
  }
  return { name, labels, value: readValue(value, line) };
}

function readValue(text: string, line: string): number {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new Error(`no number: ${line}`);
  return Number(text);
}

function checkFamily({ name, type, samples }: Family): void {
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0)))
    throw new Error(`${name} counts below nothing`);
  if (type !== 'histogram') return;
  const groups = new Map<string, ReadSample[]>();
  for (const sample of samples) {
    const { le: _le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [labels, group] of groups) {
    const of = (suffix: string) => group.filter((one) => one.name === name + suffix);
    const buckets = of('_bucket').map((one) => [readValue(one.labels.le ?? '', name), one.value] as const);
    const where = `${name} ${labels}`;
    if (buckets.some(([bound, value], at) => at > 0 && !isAfter([bound, value], buckets[at - 1])))
      throw new Error(`${where}: buckets that do not go up`);
    const [last, all] = buckets.at(-1) ?? [];
    if (last !== Infinity || of('_count')[0]?.value !== all) throw new Error(`${where}: +Inf is not all`);
    if (of('_sum').length !== 1 || of('_count').length !== 1) throw new Error(`${where}: no sum`);
  }
}

function isAfter(one: readonly [number, number], before: readonly [number, number] | undefined): boolean {
  return before !== undefined && one[0] > before[0] && one[1] >= before[1];
}
