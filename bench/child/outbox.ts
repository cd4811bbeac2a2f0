/** The notifier on a database of its own: told of many events, it sends them all. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { z } from 'zod';
import { MIGRATIONS } from '../../migrations/index.js';
import { newId } from '../../src/contract/ids.js';
import { systemClock } from '../../src/contract/time.js';
import { Database } from '../../src/database/database.js';
import { sealChannelData } from '../../src/domain/channel-data.js';
import { enableChannel } from '../../src/domain/notification-channels.js';
import { queueNotice } from '../../src/domain/notification-outbox.js';
import { systemContext } from '../../src/domain/stores.js';
import { notificationSetting, store } from '../../src/resources/index.js';
import { SERVICES } from '../../src/webhooks/letters.js';
import { Notifier } from '../../src/webhooks/notifier.js';
import { Poster } from '../../src/webhooks/post.js';
import { TargetRules } from '../../src/webhooks/targets.js';
import { onAsk } from './asks.js';
import { orderTold } from './outbox-events.js';

const run = z.object({ dataDir: z.string(), port: z.int(), events: z.int(), delayMs: z.number() });
type Run = z.infer<typeof run>;

/** Events that are written at a time; not measured. */
const BATCH = 500;

onAsk('run', run, async (given) => {
  const { events } = given;
  const key = randomBytes(32);
  const { database, storeId } = await filled(given, key);
  const { settled, notifier } = sender(database, storeId, key, given);
  const beganAt = performance.now();
  await notifier.start();
  await settled(events);
  const ms = performance.now() - beganAt;
  await notifier.stop();
  const rows = await database.read
    .selectFrom('notice')
    .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
    .groupBy('status')
    .execute();
  await database.close();
  return { ms, delivered: rows.find(({ status }) => status === 'delivered')?.count ?? 0 };
});

async function filled({ dataDir, port, events }: Run, key: Buffer) {
  const database = await Database.open({
    dataDir,
    migrations: MIGRATIONS,
    clock: systemClock,
    create: true,
    onListenerError: (error) => {
      throw error;
    },
  });
  const storeId = newId();
  const context = systemContext(storeId);
  const data = { webhookUrl: `http://127.0.0.1:${port}/hook`, apiKey: 'k'.repeat(40) };
  await database.write(context, async (tx) => {
    await tx.insert(store, { id: storeId, storeId, name: 'Bench' });
    const { id } = await enableChannel(tx, 'webhook', (settingId) =>
      sealChannelData(key, settingId, { channel: 'webhook', data }),
    );
    await tx.update(notificationSetting, id, { onOrderClosed: true });
  });
  for (let first = 1; first <= events; first += BATCH) {
    await database.write(context, async (tx) => {
      for (let number = first; number < Math.min(first + BATCH, events + 1); number += 1)
        await queueNotice(tx, {
          event: 'onOrderClosed',
          printerId: null,
          printJobId: null,
          extra: { order: orderTold(number) },
        });
    });
  }
  return { database, storeId };
}

function sender(database: Database, storeId: string, key: Buffer, { delayMs }: Run) {
  const rules = new TargetRules({
    allowPrivateTargets: ['127.0.0.0/8'],
    allowHttp: true,
    ownPorts: () => [],
  });
  const notifier = new Notifier({
    database,
    storeId,
    poster: new Poster({ rules, timeoutMs: 10_000, extraCa: [], now: Date.now }),
    bases: SERVICES,
    key,
    userAgent: 'printfarmd/bench',
    maxFailures: null,
    limit: { rows: 100_000 },
    fileUrl: (uri) => uri,
    hideSecret: () => undefined,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    timing: { retryDelaysMs: [delayMs, delayMs], jitter: 0 },
    sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    random: Math.random,
  });
  /** Once so many are written down. */
  const settled = async (events: number) => {
    while (notifier.tally.of('webhook').delivered < events) await delay(5);
  };
  return { notifier, settled };
}
process.on('SIGTERM', () => process.exit(0));
