import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import type { EntityRow } from '../../src/domain/entities.js';
import type { EntityBatch, EntityEvent } from '../../src/domain/entity-events.js';
import { messagesOf } from '../../src/realtime/entity-message.js';
import { type EntityConsumer, type EntityLog, EntityPublisher } from '../../src/realtime/entity-publisher.js';
import { localEntities } from '../../src/realtime/local-entities.js';
import { ANYBODY } from '../../src/realtime/session.js';
import { viewPermissions } from '../../src/realtime/view-permission.js';
import { folder, part } from '../../src/resources/index.js';
import type { Resource } from '../../src/resources/resource.js';
import { message, presenter } from '../domain/entity-follower.js';
import { STORE as BENCH_STORE, BrokerBench } from './broker-bench.js';
import { LogBook, SILENT_LOG } from './logs.js';

const STORE = 's'.repeat(24);

function rowOf({ columns }: Resource, values: object): EntityRow {
  const empty = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
  return { ...empty, id: newId(), storeId: STORE, createdAt: '1', updatedAt: '1', ...values };
}

function made(name: string): EntityEvent {
  const after = rowOf(folder, { name });
  return {
    resource: folder,
    type: 'folders',
    action: 'INSERT',
    id: after.id,
    before: null,
    after,
    fields: [],
  };
}

function pictured(thumbnailUri: string): EntityEvent {
  const after = rowOf(part, { thumbnailUri });
  return { resource: part, type: 'parts', action: 'INSERT', id: after.id, before: null, after, fields: [] };
}

const batch = (sequence: number, events: readonly EntityEvent[]): EntityBatch => ({
  sequence,
  storeId: STORE,
  events,
});

function textsOf(events: readonly EntityEvent[]): string[] {
  const texts: string[] = [];
  for (const messages of messagesOf(batch(1, events), presenter))
    for (let place = 0, text = messages.text(0); text !== null; text = messages.text(++place))
      texts.push(text);
  return texts;
}

/** What was committed, in memory alone. */
class Committed implements EntityLog {
  readonly batches: EntityBatch[] = [];
  readonly cursors = new Map<string, number>();
  private readonly listeners = new Set<() => void>();

  get head(): number {
    return this.batches.at(-1)?.sequence ?? 0;
  }

  async open(followers: readonly EntityConsumer[]): Promise<readonly number[]> {
    return followers.map(({ name }) => this.cursors.get(name) ?? 0);
  }

  async after(sequence: number): Promise<readonly EntityBatch[]> {
    return this.batches.filter((one) => one.sequence > sequence).slice(0, 2);
  }

  passed(name: string, sequence: number): void {
    this.cursors.set(name, sequence);
  }

  onCommit(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  commit(...events: readonly EntityEvent[]): void {
    this.batches.push(batch(this.head + 1, events));
    for (const listener of this.listeners) listener();
  }
}

class Heard implements EntityConsumer {
  readonly topics: string[] = [];
  readonly texts: string[] = [];

  constructor(readonly name = 'somebody') {}

  async deliver(topic: string, payload: string): Promise<void> {
    this.topics.push(topic);
    this.texts.push(payload);
  }
}

describe('a message', () => {
  it('holds 50 entities at most, in the order in which they were changed', () => {
    const events = Array.from({ length: 120 }, (_, at) => made(`folder ${at}`));
    const messages = textsOf(events).map((text) => message.parse(JSON.parse(text)));
    expect(messages.map(({ entities }) => Object.keys(entities).length)).toEqual([50, 50, 20]);
    expect(messages.flatMap(({ entities }) => Object.keys(entities))).toEqual(events.map(({ id }) => id));
  });

  it('holds 128 KiB at most, whatever is in it; what is larger goes alone', () => {
    const name = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.integer({ min: 0, max: 150_000 }).map((n) => 'ä"'.repeat(n / 3)),
    );
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 60 }), (names) => {
        const events = names.map(made);
        const texts = textsOf(events);
        const messages = texts.map((text) => message.parse(JSON.parse(text)));
        expect(messages.flatMap(({ entities }) => Object.keys(entities))).toEqual(events.map(({ id }) => id));
        const sizes = texts.map((text) => Buffer.byteLength(text));
        messages.forEach(({ entities }, at) => {
          if (Object.keys(entities).length > 1) expect(sizes[at]).toBeLessThanOrEqual(128 * 1024);
        });
        // None is split without need.
        for (let at = 1; at < texts.length; at++) {
          const first =
            textsOf(events.filter(({ id }) => id in (messages[at]?.entities ?? {})).slice(0, 1))[0] ?? '';
          const full = Object.keys(messages[at - 1]?.entities ?? {}).length === 50;
          expect(full || (sizes[at - 1] ?? 0) + Buffer.byteLength(first) > 128 * 1024).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is one for each type and action of a transaction', () => {
    const [one, two] = [made('one'), made('two')];
    const gone: EntityEvent = { ...two, action: 'DELETE', before: two.after, after: null };
    const renamed: EntityEvent = {
      ...one,
      action: 'UPDATE',
      before: one.after,
      after: one.after && { ...one.after, name: 'uno' },
      fields: ['name'],
    };
    expect(
      messagesOf(batch(1, [one, gone, renamed]), presenter).map((messages) =>
        JSON.parse(messages.text(0) ?? ''),
      ),
    ).toEqual([
      { storeId: STORE, entityType: 'folders', action: 'INSERT', entities: { [one.id]: expect.anything() } },
      { storeId: STORE, entityType: 'folders', action: 'DELETE', entities: { [gone.id]: null } },
      {
        storeId: STORE,
        entityType: 'folders',
        action: 'UPDATE',
        entities: { [one.id]: { ...one.after, name: 'uno' } },
        changes: { [one.id]: { name: { old: 'one', new: 'uno' } } },
      },
    ]);
  });

  it('tells of files by addresses that load by themselves, in what changed too', () => {
    const changed = {
      ...pictured('a.png'),
      action: 'UPDATE',
      before: rowOf(part, {}),
      fields: ['thumbnailUri'],
    } as const;
    const { entities, changes } = message.parse(JSON.parse(textsOf([changed])[0] ?? ''));
    expect(entities[changed.id]?.thumbnailUri).toBe('https://farm.example/a.png');
    expect(changes).toEqual({
      [changed.id]: { thumbnailUri: { old: null, new: 'https://farm.example/a.png' } },
    });
  });
});

describe('the publisher', () => {
  const start = async (changes: Committed, consumers: readonly EntityConsumer[], over: object = {}) => {
    const publisher = new EntityPublisher({
      changes,
      presenter,
      topicAliases: false,
      log: SILENT_LOG,
      retryMs: 1,
      drainMs: 1,
      ...over,
    });
    for (const consumer of consumers) publisher.add(consumer);
    await publisher.start();
    return publisher;
  };

  it('puts a message into words once, however many want it, and never for nobody', async () => {
    const changes = new Committed();
    let said = 0;
    const fileUrl = (uri: string) => `${uri}?${++said}`;
    const consumers = [new Heard('one'), new Heard('two')];
    const deaf = Object.assign(new Heard('three'), { wants: (type: string) => type !== 'parts' });
    const publisher = await start(changes, [...consumers, deaf], { presenter: { fileUrl } });
    changes.commit(pictured('a.png'));
    await vi.waitFor(() => expect([...changes.cursors.values()]).toEqual([1, 1, 1]));
    expect(said).toBe(1);
    expect(consumers.map(({ texts }) => texts.length)).toEqual([1, 1]);
    expect(deaf.texts).toEqual([]);
    await publisher.stop();

    const nobody = await start(changes, [deaf], { presenter: { fileUrl } });
    changes.commit(pictured('b.png'));
    await vi.waitFor(() => expect(changes.cursors.get('three')).toBe(2));
    expect(said).toBe(1);
    await nobody.stop();
  });

  it('tries again what was not taken, before anything else', async () => {
    const changes = new Committed();
    const log = new LogBook();
    const heard = new Heard();
    let refuses = 3;
    const consumer: EntityConsumer = {
      name: 'somebody',
      deliver: (topic, text) =>
        refuses-- > 0 ? Promise.reject(new Error('not now')) : heard.deliver(topic, text),
    };
    const publisher = await start(changes, [consumer], { log });
    changes.commit(made('one'));
    changes.commit(made('two'));
    await vi.waitFor(() => expect(heard.texts.map(namesIn)).toEqual([['one'], ['two']]));
    expect(log.lines.filter((line) => line.includes('not now'))).toHaveLength(3);
    await publisher.stop();
  });

  it('waits for nobody else, and goes on from where each was', async () => {
    const changes = new Committed();
    const quick = new Heard('quick');
    const away: EntityConsumer = { name: 'away', deliver: () => new Promise(() => undefined) };
    const publisher = await start(changes, [quick, away]);
    for (const name of ['one', 'two', 'three', 'four', 'five']) changes.commit(made(name));
    await vi.waitFor(() => expect(quick.texts).toHaveLength(5));
    await publisher.stop();
    expect(Object.fromEntries(changes.cursors)).toEqual({ quick: 5 });

    const back = new Heard('away');
    const later = await start(changes, [back]);
    await vi.waitFor(() => expect(changes.cursors.get('away')).toBe(5));
    expect(back.texts.flatMap(namesIn)).toEqual(['one', 'two', 'three', 'four', 'five']);
    await later.stop();
  });

  it('tells what is pending only when clients are back, and what is new behind it', async () => {
    vi.useFakeTimers();
    try {
      const changes = new Committed();
      changes.commit(made('of before'));
      const heard = new Heard();
      const publisher = new EntityPublisher({ changes, presenter, topicAliases: false, log: SILENT_LOG });
      publisher.add(heard, { pendingAfterMs: 5_000 });
      await publisher.start();
      changes.commit(made('new'));
      await vi.advanceTimersByTimeAsync(4_999);
      expect(heard.texts).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(heard.texts.flatMap(namesIn)).toEqual(['of before', 'new']);
      await publisher.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  it('leaves nothing waiting of what is not there any more', async () => {
    class Gone extends Committed {
      override get head(): number {
        return 7;
      }
    }
    const changes = new Gone();
    const publisher = await start(changes, [new Heard()]);
    await vi.waitFor(() => expect(changes.cursors.get('somebody')).toBe(7));
    await publisher.stop();
  });

  it('also publishes under names with hyphens where that is wanted', async () => {
    const changes = new Committed();
    const heard = new Heard();
    const publisher = await start(changes, [heard], { topicAliases: true });
    changes.commit({ ...made('one'), type: 'materialGroups' });
    changes.commit(made('two'));
    await vi.waitFor(() => expect(changes.cursors.get('somebody')).toBe(2));
    const topics = ['materialGroups', 'material-groups', 'folders'];
    expect(heard.topics).toEqual(topics.map((type) => `stores/${STORE}/entities/${type}`));
    expect(heard.texts[1]).toBe(heard.texts[0]);
    await publisher.stop();
  });
});

it('the permission to see a type is the one that its REST routes need, under its other name too', () => {
  const [plain, aliases] = [viewPermissions({ aliases: false }), viewPermissions({ aliases: true })];
  expect([plain('printJobs'), plain('print-jobs'), plain('stores'), plain('dispatches')]).toEqual([
    'queue.view',
    null,
    ANYBODY,
    null,
  ]);
  expect([aliases('printJobs'), aliases('print-jobs'), aliases('store-settings')]).toEqual([
    'queue.view',
    'queue.view',
    'settings.view',
  ]);
});

function namesIn(text: string): string[] {
  return Object.values(message.parse(JSON.parse(text)).entities).map((entity) => String(entity?.name));
}

it('a change of thousands reaches a client that reads, though it is more than may wait for one', async () => {
  const bench = await BrokerBench.start();
  try {
    const client = await bench.connect();
    await client.subscribeAsync(`stores/${BENCH_STORE}/entities/#`, { qos: 1 });
    const own = localEntities(bench.broker);
    expect([own.wants?.('printers'), own.wants?.('parts')]).toEqual([true, true]);
    const got: number[] = [];
    const all = new Promise<void>((resolve) => {
      client.on('message', (_topic, payload) => {
        got.push(Number(payload.toString().slice(0, 3)));
        if (got.length === 200) resolve();
      });
    });
    for (let at = 0; at < 200; at++)
      await own.deliver(
        `stores/${BENCH_STORE}/entities/printers`,
        String(at).padStart(3, '0').padEnd(100_000, '.'),
      );
    await all;
    expect(got).toEqual(Array.from({ length: 200 }, (_, at) => at));
  } finally {
    await bench.stop();
  }
});
