import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** The rooms of the house in order: each may import from those before it, never from those after. */
const ORDER = [
  'contract',
  'resources',
  'database',
  'query',
  'domain',
  'fleet',
  'dispatch',
  'operations',
  ['http', 'realtime', 'webhooks'],
  'daemon',
  'cli',
] as const;
/** Rooms beside the line: they import only the contract, and anyone above it may import them. */
const LEAVES = new Set(['matching', 'storage', 'threemf', 'slicing', 'telemetry', 'upkeep']);

const rank: ReadonlyMap<string, number> = new Map(
  ORDER.flatMap((rooms, at) => [rooms].flat().map((room) => [room, at] as const)),
);

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

interface Import {
  readonly from: string;
  readonly to: string;
  /** Gone when the program runs. */
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*(?:\n[^'"\n;]*)*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)|import\s+'(\.[^']+)'/g,
  );
  return [...found].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? '';
    const typeOnly =
      /^\s*(import|export)\s+type\b/.test(match[0]) || /\{(\s*type\s+\w+( as \w+)?,?)+\s*\}/.test(match[0]);
    return {
      typeOnly,
      from: file,
      to: relative(ROOT, join(ROOT, dirname(file), target)).replace(/\.js$/, '.ts'),
    };
  });
}

/** `src/http/server.ts` is in `http`; the files beside the rooms (`daemon.ts`, `installation.ts`) are the daemon. */
function roomOf(file: string): string {
  const [top = '', room = ''] = file.split('/');
  if (top !== 'src') return top;
  return room.endsWith('.ts') ? 'daemon' : room;
}

const all = [...sources('src'), ...sources('drivers'), ...sources('migrations')].flatMap(importsOf);
const text = ({ from, to }: Import) => `${from} -> ${to}`;

describe('imports go one way', () => {
  it('finds the imports at all', () => {
    expect(all.length).toBeGreaterThan(300);
    expect(all.map(text)).toContain('src/http/mount.ts -> src/contract/errors.ts');
  });

  it('never upwards, and never to a sibling', () => {
    const wrong = all.filter(({ from, to }) => {
      const [source, target] = [roomOf(from), roomOf(to)];
      const [low, high] = [rank.get(source), rank.get(target)];
      if (source === target || low === undefined || high === undefined) return false;
      return high >= low;
    });
    expect(wrong.map(text)).toEqual([]);
  });

  it('leaves know the contract alone', () => {
    const wrong = all.filter(({ from, to }) => {
      const [source, target] = [roomOf(from), roomOf(to)];
      return LEAVES.has(source) && target !== source && target !== 'contract';
    });
    expect(wrong.map(text)).toEqual([]);
  });

  it('drivers know nothing of the daemon', () => {
    const wrong = all.filter(({ from, to }) => roomOf(from) === 'drivers' && roomOf(to) !== 'drivers');
    expect(wrong.map(text)).toEqual([]);
  });

  it('the emulator is an independent referee: it shares nothing with the driver it judges', () => {
    const inside = (file: string, folder: string) => file.startsWith(`drivers/${folder}/`);
    const wrong = all.filter(
      ({ from, to }) =>
        (inside(from, 'emulator') && inside(to, 'bambu')) ||
        (inside(from, 'bambu') && inside(to, 'emulator')),
    );
    expect(wrong.map(text)).toEqual([]);
  });

  it('only the fleet and the dispatch know the driver interface; only daemon and cli a driver', () => {
    const wrong = all.filter(({ from, to }) => {
      const [source, target] = [roomOf(from), roomOf(to)];
      if (source === target || target !== 'drivers') return false;
      if (to === 'drivers/driver.ts') return !['fleet', 'dispatch', 'daemon', 'cli'].includes(source);
      return !['daemon', 'cli'].includes(source);
    });
    expect(wrong.map(text)).toEqual([]);
  });

  it('only daemon and cli know the configuration', () => {
    const wrong = all.filter(
      ({ from, to }) => roomOf(to) === 'config' && !['config', 'daemon', 'cli'].includes(roomOf(from)),
    );
    expect(wrong.map(text)).toEqual([]);
  });

  it('HTTP and MQTT never touch the database', () => {
    const wrong = ['http', 'realtime'].flatMap((room) =>
      sources(`src/${room}`).filter((file) =>
        /from '(kysely|better-sqlite3)'/.test(readFileSync(join(ROOT, file), 'utf8')),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('no import goes in a circle', () => {
  it('between files of one room', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to, typeOnly } of all)
      if (!typeOnly) graph.set(from, [...(graph.get(from) ?? []), to]);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file) || path.includes(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });
});
