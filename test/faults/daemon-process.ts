/** A daemon in a process of its own that ends itself, as `kill -9` would, at a point that the test names. */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { completeConfig } from '../../src/config/config.js';
import { settingsSchema } from '../../src/config/schema.js';
import { startDaemon } from '../../src/daemon.js';
import { createLogger } from '../../src/telemetry/log.js';

const order = z.object({
  dataDir: z.string(),
  emulatorCa: z.string(),
  /** Such as `before:transferring`; null never, or not before an end is ordered on standard input. */
  crashAt: z.string().nullable(),
  timing: z.record(z.string(), z.number()),
  sessionTiming: z.record(z.string(), z.number()).optional(),
  /** Where it listens for announcements on loopback; without it does not. */
  discoveryPort: z.int().optional(),
  /** In place of the settings below, by section. */
  settings: z.record(z.string(), z.unknown()).default({}),
});
/** One line on standard input: where to end, at which passing of it, and how long after. */
const end = z.object({ point: z.string(), nth: z.int().min(1), afterMs: z.number().min(0) });

const given = order.parse(JSON.parse(process.argv[2] ?? ''));
const { dataDir, emulatorCa, crashAt, timing, sessionTiming, discoveryPort } = given;
let due: z.infer<typeof end> | null = crashAt === null ? null : { point: crashAt, nth: 1, afterMs: 0 };

function probe(point: string): void {
  if (due === null || point !== due.point) return;
  due = { ...due, nth: due.nth - 1 };
  if (due.nth > 0) return;
  const die = () => process.kill(process.pid, 'SIGKILL');
  if (due.afterMs === 0) die();
  else setTimeout(die, due.afterMs);
}

const settings = settingsSchema.parse({
  dataDir,
  http: { port: 0 },
  mqtt: { port: 0, websocket: { port: 0 } },
  discovery:
    discoveryPort === undefined
      ? { enabled: false }
      : { enabled: true, address: '127.0.0.1', ports: [discoveryPort] },
  rateLimit: { perMinute: 0, perHour: 0 },
  bambu: { extraCaFiles: [emulatorCa] },
  ...given.settings,
});
const daemon = await startDaemon({
  config: completeConfig(settings, dataDir, new Map()),
  configFile: 'printfarmd.yaml',
  version: 'test',
  log: createLogger({ level: 'info', pretty: false }),
  timing,
  ...(sessionTiming ? { sessionTiming } : {}),
  probe,
});
process.once('SIGTERM', () => {
  daemon.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => {
  due = end.parse(JSON.parse(line));
  process.stdout.write('ARMED\n');
});
// Whoever started it is gone: nobody would end it.
orders.on('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdout.write(`READY ${daemon.url} ${daemon.mqttUrl}\n`);
