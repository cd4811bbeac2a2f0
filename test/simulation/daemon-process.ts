/**
 * The daemon of a simulation, in a process of its own. It waits on standard input for its order, so that loading the
 * program costs a restart no time, and may end itself at a durable step as `kill -9` would.
 */
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { completeConfig } from '../../src/config/config.js';
import { settingsSchema } from '../../src/config/schema.js';
import { startDaemon } from '../../src/daemon.js';
import { createLogger } from '../../src/telemetry/log.js';
import { DISPATCH, SESSION, TRANSFER } from './scale.js';

const order = z.object({
  dataDir: z.string(),
  emulatorCa: z.string(),
  /** Durable steps and effects after which it kills itself; null never. */
  dieAt: z.int().min(1).nullable(),
});

const lines = createInterface({ input: process.stdin });
// Whoever started it is gone.
lines.once('close', () => process.exit(0));
lines.once('line', (line) => {
  run(order.parse(JSON.parse(line))).catch((error: unknown) => {
    process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(70);
  });
});

async function run({ dataDir, emulatorCa, dieAt }: z.infer<typeof order>): Promise<void> {
  const settings = settingsSchema.parse({
    dataDir,
    http: { port: 0 },
    mqtt: { port: 0, websocket: { port: 0 } },
    discovery: { enabled: false },
    rateLimit: { perMinute: 0, perHour: 0 },
    queue: { tickSeconds: 1 },
    bambu: { extraCaFiles: [emulatorCa] },
  });
  let points = 0;
  const daemon = await startDaemon({
    config: completeConfig(settings, dataDir, new Map()),
    configFile: 'printfarmd.yaml',
    version: 'simulation',
    log: createLogger({
      level: 'info',
      pretty: false,
      stream: { write: (text) => void process.stderr.write(text) },
    }),
    timing: DISPATCH,
    sessionTiming: SESSION,
    transferTiming: TRANSFER,
    probe: () => {
      points += 1;
      if (points === dieAt) process.kill(process.pid, 'SIGKILL');
    },
  });
  process.once('SIGTERM', () => {
    daemon.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(71);
      },
    );
  });
  process.stdout.write(`READY ${daemon.url}\n`);
}
