/** A notifier in a process of its own, which a test kills: it tells of numbered orders, and goes on where it was. */
import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { z } from 'zod';
import { systemClock } from '../../src/contract/time.js';
import { queueNotice } from '../../src/domain/notification-outbox.js';
import { systemContext } from '../../src/domain/stores.js';
import { SERVICES } from '../../src/webhooks/letters.js';
import { Notifier } from '../../src/webhooks/notifier.js';
import { Poster } from '../../src/webhooks/post.js';
import { TargetRules } from '../../src/webhooks/targets.js';
import { openBare } from '../fixtures/database.js';

const { dataDir, storeId, key, total } = z
  .object({ dataDir: z.string(), storeId: z.string(), key: z.string(), total: z.int() })
  .parse(JSON.parse(process.argv[2] ?? ''));

const database = await openBare(dataDir, { create: false });
const rules = new TargetRules({ allowPrivateTargets: ['127.0.0.0/8'], allowHttp: true, ownPorts: () => [] });
const notifier = new Notifier({
  database,
  storeId,
  poster: new Poster({ rules, timeoutMs: 5_000, extraCa: [], now: Date.now }),
  bases: SERVICES,
  key: Buffer.from(key, 'hex'),
  userAgent: 'printfarmd/test',
  maxFailures: null,
  limit: { rows: 100_000 },
  fileUrl: (uri) => uri,
  hideSecret: () => undefined,
  clock: systemClock,
  log: pino({ level: 'silent' }),
  timing: { retryDelaysMs: [2, 4], jitter: 0 },
  sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
  random: () => 0.5,
});
await notifier.start();
// Whoever started it is gone: nobody would end it.
process.stdin.resume();
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'));

const { written } = await database.read
  .selectFrom('notice')
  .select(({ fn }) => fn.countAll<number>().as('written'))
  .executeTakeFirstOrThrow();
for (let number = written + 1; number <= total; number += 1) {
  await database.write(systemContext(storeId), (tx) =>
    queueNotice(tx, {
      event: 'onOrderClosed',
      printerId: null,
      printJobId: null,
      extra: { order: { orderNumber: String(number) } },
    }),
  );
  await delay(1);
}
