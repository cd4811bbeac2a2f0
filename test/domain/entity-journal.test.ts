import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newId } from '../../src/contract/ids.js';
import type { WriteContext } from '../../src/database/change.js';
import type { Recorder } from '../../src/database/database.js';
import type { Transaction } from '../../src/database/transaction.js';
import { removeEntity } from '../../src/domain/entities.js';
import {
  EntityJournal,
  type EntityJournalOptions,
  type Follower as Told,
} from '../../src/domain/entity-journal.js';
import { EntityPublisher } from '../../src/realtime/entity-publisher.js';
import { folder, material, materialGroup, materialVariant, printer } from '../../src/resources/index.js';
import type { Resource } from '../../src/resources/resource.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { SILENT_LOG } from '../realtime/logs.js';
import { difference, Follower, pictureOf, presenter } from './entity-follower.js';

const KINDS: readonly Resource[] = [material, materialVariant, folder, printer, materialGroup];
const NOTHING: { readonly recorder: Recorder } = { recorder: async () => undefined };

let current = NOTHING;
let now = Date.UTC(2026, 0, 1);
let farm: TestDatabase;

beforeAll(async () => {
  farm = await testDatabase({ clock: { now: () => (now += 1) }, recorders: [(tx) => current.recorder(tx)] });
});
afterAll(() => farm.close());

/** One thing done within a transaction; `which` chooses among what there is. */
type Act =
  | { readonly do: 'add'; readonly kind: number }
  | { readonly do: 'change'; readonly kind: number; readonly which: number; readonly to: number }
  | { readonly do: 'remove'; readonly kind: number; readonly which: number };

async function act(tx: Transaction, one: Act): Promise<void> {
  const resource = KINDS[one.kind] ?? folder;
  if (one.do === 'add') return add(tx, resource);
  const ids = await idsOf(tx, resource);
  const id = ids[one.which % Math.max(1, ids.length)];
  if (id === undefined) return;
  if (one.do === 'remove') {
    await removeEntity(tx, resource, id);
  } else if (resource === printer) {
    // Some of what a printer has is for the daemon alone.
    const seen = one.to === 0 ? {} : { name: `printer ${one.to}`, tags: [`t${one.to}`] };
    await tx.update(printer, id, { failedStarts: one.to, ...seen });
  } else {
    await tx.update(resource, id, { name: `${id} ${one.to}` });
  }
}

async function add(tx: Transaction, resource: Resource): Promise<void> {
  const { storeId } = tx.context;
  const name = newId();
  if (resource === printer) await tx.insert(printer, { storeId, provider: 'Bambu', name });
  if (resource === folder) await tx.insert(folder, { storeId, type: 'part', name });
  if (resource === material) await tx.insert(material, { storeId, name, brand: 'maker', type: 'PLA' });
  if (resource === materialGroup) {
    // What it names may be removed, and it stays.
    const [parentId = null] = await idsOf(tx, materialGroup);
    await tx.insert(materialGroup, { storeId, name, priority: 1, parentId });
  }
  if (resource !== materialVariant) return;
  const [materialId] = await idsOf(tx, material);
  if (materialId !== undefined) await tx.insert(materialVariant, { storeId, materialId, name });
}

async function idsOf(tx: Transaction, { name }: Resource): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select "id" from ${sql.table(name)} order by "id"`.execute(
    tx.db,
  );
  return rows.map(({ id }) => id);
}

/** A daemon's part in this: a journal, and a publisher with clients of its own and a broker elsewhere. */
class Run {
  readonly journal: EntityJournal;
  readonly followers = [new Follower('local'), new Follower('bridge')] as const;
  private readonly publisher: EntityPublisher;

  private constructor() {
    // Few, so that most is read from the table again.
    this.journal = new EntityJournal({ maxInMemory: 4, portion: 3 });
    this.journal.attach(farm.db, farm.storeId);
    current = { recorder: this.journal.record };
    const { journal: changes } = this;
    this.publisher = new EntityPublisher({
      changes,
      presenter,
      topicAliases: false,
      log: SILENT_LOG,
      drainMs: 1,
    });
    for (const follower of this.followers) this.publisher.add(follower);
  }

  static async start(): Promise<Run> {
    const run = new Run();
    await run.publisher.start();
    return run;
  }

  async crash(): Promise<void> {
    current = NOTHING;
    for (const follower of this.followers) follower.die();
  }

  async stop(): Promise<void> {
    await this.publisher.stop();
    current = NOTHING;
    for (const follower of this.followers) follower.die();
    await this.journal.close();
  }
}

async function emptied(): Promise<void> {
  current = NOTHING;
  for (const table of ['entityChange', ...KINDS.map(({ name }) => name)])
    await sql`delete from ${sql.table(table)}`.execute(farm.db.read);
}

/** Holds what a follower hears against what was committed, from run to run. */
class Account {
  /** The transaction of which it has heard something, and what is left of it. */
  private at = -1;
  private rest = new Set<string>();
  /** The first that another run tells. */
  private isFirst = false;
  /** Where a crash may take it back to. */
  private floor = 0;

  constructor(private readonly committed: readonly ReadonlySet<string>[]) {}

  /** Transactions that it has heard of whole. */
  get done(): number {
    return this.rest.size === 0 ? this.at + 1 : this.at;
  }

  /** What it has heard of this run stands in the table. */
  writtenDown(): void {
    if (!this.isFirst) this.floor = this.done;
  }

  newRun(): void {
    this.isFirst = true;
  }

  hear(events: readonly string[]): void {
    for (const event of events) {
      if (this.isFirst) {
        const from = this.committed.findIndex((set) => set.has(event));
        expect(from).toBeGreaterThanOrEqual(this.floor);
        expect(from).toBeLessThanOrEqual(this.done);
        this.turnTo(from);
        this.isFirst = false;
      } else if (this.rest.size === 0) this.turnTo(this.at + 1);
      expect([...this.rest]).toContain(event);
      this.rest.delete(event);
    }
  }

  private turnTo(transaction: number): void {
    this.at = transaction;
    this.rest = new Set(this.committed[transaction]);
  }
}

const kind = fc.nat(KINDS.length - 1);
const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), kind }),
  fc.record({ do: fc.constant('change' as const), kind, which: fc.nat(5), to: fc.nat(2) }),
  fc.record({ do: fc.constant('change' as const), kind, which: fc.nat(5), to: fc.nat(2) }),
  fc.record({ do: fc.constant('remove' as const), kind, which: fc.nat(5) }),
);
type Step =
  | {
      readonly step: 'write';
      readonly acts: readonly Act[];
      readonly undone: boolean;
      readonly rush: boolean;
    }
  | { readonly step: 'take'; readonly who: 0 | 1; readonly messages: number }
  | { readonly step: 'crash' | 'stop' };
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('write' as const),
      acts: fc.array(acts, { minLength: 1, maxLength: 5 }),
      undone: fc.nat(5).map((n) => n === 0),
      rush: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('take' as const),
      who: fc.constantFrom(0 as const, 1 as const),
      messages: fc.nat(6),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constantFrom('crash' as const, 'stop' as const) }) },
);

describe('what is committed', () => {
  it('is told to everybody, once a transaction and in order, whatever crashes when; what is undone never', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (script) => {
        await emptied();
        const committed: Set<string>[] = [];
        const accounts = [new Account(committed), new Account(committed)] as const;
        let run = await Run.start();
        const listen = () => {
          for (const who of [0, 1] as const) accounts[who].hear(run.followers[who].heard.splice(0));
        };
        const settle = async () => {
          for (let turns = 0; turns < 12; turns++) await turn();
          listen();
        };
        for (const one of script) {
          if (one.step === 'take') {
            run.followers[one.who].take(one.messages);
            await settle();
          } else if (one.step === 'write') {
            const before = await pictureOf(farm.db, KINDS);
            if (!one.rush) await settle();
            const writing = farm.db.write(farm.context, async (tx) => {
              for (const each of one.acts) await act(tx, each);
              if (one.undone) throw new Error('undone');
            });
            await writing.catch((error: Error) => expect(error.message).toBe('undone'));
            const events = difference(before, await pictureOf(farm.db, KINDS));
            if (events.size === 0) continue;
            if (!one.rush) for (const account of accounts) account.writtenDown();
            committed.push(events);
            listen();
          } else {
            await run[one.step]();
            listen();
            for (const account of accounts) {
              if (one.step === 'stop') account.writtenDown();
              account.newRun();
            }
            run = await Run.start();
          }
        }
        for (const follower of run.followers) follower.take(Number.POSITIVE_INFINITY);
        // What is told again is known already.
        await settle();
        for (let rounds = 0; rounds < 50 && accounts.some(({ done }) => done < committed.length); rounds++)
          await settle();
        expect(accounts.map(({ done }) => done)).toEqual([committed.length, committed.length]);
        await run.stop();
        expect((await sql`select * from "entityChange"`.execute(farm.db.read)).rows).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is kept', () => {
  const system = () => farm.context;
  const person = (): WriteContext => ({ ...farm.context, actor: { type: 'user', id: 'u' } });
  const rows = async () => (await sql`select * from "entityChange"`.execute(farm.db.read)).rows.length;
  const change = async (context = person()) => {
    await farm.db.write(context, (tx) =>
      tx.insert(folder, { storeId: farm.storeId, type: 'part', name: newId() }),
    );
  };
  const journalWith = async (followers: readonly Told[], options: EntityJournalOptions = {}) => {
    await emptied();
    const journal = new EntityJournal(options);
    journal.attach(farm.db, farm.storeId);
    current = { recorder: journal.record };
    await journal.open(followers);
    return journal;
  };

  it('is nothing where there is no way to follow the farm', async () => {
    await journalWith([]);
    await change();
    expect(await rows()).toBe(0);
  });

  it('is nothing of what the daemon does by itself while nobody asks for it', async () => {
    let asked = false;
    const journal = await journalWith([{ name: 'local', wants: (type) => asked && type === 'folders' }]);
    await change(system());
    expect([await rows(), journal.head]).toEqual([0, 0]);
    // What a person does is told after a crash, to who comes back then.
    await change(person());
    expect([await rows(), journal.head]).toEqual([1, 1]);
    // While that waits, what follows it is kept with it.
    await change(system());
    expect(await rows()).toBe(2);
    journal.passed('local', 2);
    await change(system());
    expect([await rows(), journal.head]).toEqual([0, 2]);
    asked = true;
    await change(system());
    expect([await rows(), journal.head]).toEqual([1, 3]);
  });

  it('is told after a crash, of what the daemon did by itself too, to who comes back a while later', async () => {
    let asked = true;
    const local = { name: 'local', wants: () => asked };
    const journal = await journalWith([local]);
    await change(system());
    journal.passed('local', 1);
    await change(system());
    await change(system());
    // Here it is killed. Of the next run nobody has heard yet, and it changes something by itself before they come.
    asked = false;
    const next = new EntityJournal();
    next.attach(farm.db, farm.storeId);
    current = { recorder: next.record };
    await change(system());
    const [at = -1] = await next.open([local]);
    await change(system());
    expect(at).toBe(1);
    const told: number[] = [];
    for (let some = await next.after(at); some.length > 0; some = await next.after(told.at(-1) ?? at))
      told.push(...some.map(({ sequence }) => sequence));
    expect(told).toEqual([2, 3, 4, 5]);
  });

  it('is at most so many transactions, and none older than 30 days; the oldest go, and that is told', async () => {
    const givenUp: number[] = [];
    const options = { maxRows: 3, onGivenUp: (transactions: number) => void givenUp.push(transactions) };
    const journal = await journalWith([{ name: 'away' }], options);
    for (let made = 0; made < 5; made++) await change();
    expect(await rows()).toBe(3);
    expect(givenUp).toEqual([1]);
    expect((await journal.after(0)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    now += 30 * 86_400_000;
    await change();
    expect(await rows()).toBe(1);
    expect(givenUp).toEqual([1, 4]);
    // Who comes to it without what was in memory goes on with what is left.
    const next = new EntityJournal(options);
    next.attach(farm.db, farm.storeId);
    expect(await next.open([{ name: 'away' }])).toEqual([0]);
    expect((await next.after(0)).map(({ sequence }) => sequence)).toEqual([6]);
  });

  it('goes by itself where a long backlog was taken and nothing else is written', async () => {
    const journal = await journalWith([{ name: 'bridge' }], { maxTaken: 2 });
    for (let made = 0; made < 5; made++) await change();
    journal.passed('bridge', 4);
    await vi.waitFor(async () => expect(await rows()).toBe(1));
    const next = new EntityJournal();
    next.attach(farm.db, farm.storeId);
    expect(await next.open([{ name: 'bridge' }])).toEqual([4]);
  });

  it('does not wait for who does not follow any more', async () => {
    const journal = await journalWith([{ name: 'local' }, { name: 'bridge' }]);
    for (let made = 0; made < 3; made++) await change();
    journal.passed('local', 3);
    await journal.close();
    expect(await rows()).toBe(3);
    const without = new EntityJournal();
    without.attach(farm.db, farm.storeId);
    current = { recorder: without.record };
    expect(await without.open([{ name: 'local' }])).toEqual([3]);
    await change();
    expect(await rows()).toBe(1);
    without.passed('local', 4);
    await without.close();
    // Set up again, it is told from then on.
    const again = new EntityJournal();
    again.attach(farm.db, farm.storeId);
    current = { recorder: again.record };
    expect([await again.open([{ name: 'local' }, { name: 'bridge' }]), await rows()]).toEqual([[0, 0], 0]);
  });

  it('is told to who follows from now on only from now on', async () => {
    const journal = await journalWith([{ name: 'local' }]);
    await change();
    await change();
    await journal.close();
    const next = new EntityJournal();
    next.attach(farm.db, farm.storeId);
    expect(await next.open([{ name: 'local' }, { name: 'bridge' }])).toEqual([0, 2]);
  });
});
