/** A daemon in a process of its own that ends itself, as `kill -9` would, at a point that the test names. */
import { z } from 'zod';
import { completeConfig } from '../../src/config/config.js';
import { settingsSchema } from '../../src/config/schema.js';
import { startDaemon } from '../../src/daemon.js';
import { createLogger } from '../../src/telemetry/log.js';

const order = z.object({
  dataDir: z.string(),
  emulatorCa: z.string(),
  /** Such as `before:transferring`; null never. */
  crashAt: z.string().nullable(),
  timing: z.record(z.string(), z.number()),
});

const { dataDir, emulatorCa, crashAt, timing } = order.parse(JSON.parse(process.argv[2] ?? ''));
const settings = settingsSchema.parse({
  dataDir,
  http: { port: 0 },
  mqtt: { port: 0 },
  discovery: { enabled: false },
  rateLimit: { perMinute: 0, perHour: 0 },
  bambu: { extraCaFiles: [emulatorCa] },
});
const daemon = await startDaemon({
  config: completeConfig(settings, dataDir, new Map()),
  configFile: 'printfarmd.yaml',
  version: 'test',
  log: createLogger({ level: 'warn', pretty: false }),
  timing,
  probe: (point) => {
    if (point === crashAt) process.kill(process.pid, 'SIGKILL');
  },
});
process.once('SIGTERM', () => {
  daemon.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.stdout.write(`READY ${daemon.url}\n`);
