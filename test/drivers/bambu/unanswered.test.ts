import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshHost } from '../../fixtures/fresh-host.js';
import { SessionRig } from './session-rig.js';

let rig: SessionRig;
let deaf: ChildProcess;
const host = freshHost();
const callers: Socket[] = [];

/** An address where nothing answers, as that of a machine without power: a server that never accepts, its queue full. */
async function deafPort(): Promise<number> {
  const script = `require('node:net').createServer().listen({ host: '${host}', port: 0, backlog: 1 }, function () {
    console.log(this.address().port);
  })`;
  deaf = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (deaf.stdout === null) throw new Error('The server has no output');
  const [line] = await once(createInterface({ input: deaf.stdout }), 'line');
  deaf.kill('SIGSTOP');
  const port = Number(line);
  for (let caller = 0; caller < 8; caller++) {
    callers.push(createConnection({ host, port }).on('error', () => undefined));
  }
  // One that cannot get in proves that the queue is full.
  await expect.poll(() => callers.some(({ connecting }) => !connecting)).toBe(true);
  return port;
}

beforeAll(async () => {
  rig = await SessionRig.start({ printers: [{}], timing: { connectMs: 60_000 }, maxConnecting: 1 });
});
afterAll(async () => {
  for (const caller of callers) caller.destroy();
  deaf.kill('SIGKILL');
  await rig.stop();
});

describe('pain-27: a printer that is off', () => {
  it('holds no place that others wait for', async () => {
    const off = rig.watch(0, { host, mqttPort: await deafPort() });
    off.session.start();
    await off.status('connecting');
    await rig.watch().online();
    expect(off.session.connection.status).toBe('connecting');
  });
});

describe('a printer that comes back', () => {
  it('is tried at once when it is heard of, however long the pause would be', async () => {
    const back = await SessionRig.start({
      printers: [{}],
      timing: { backOffFirstMs: 3_600_000, backOffLastMs: 3_600_000 },
    });
    try {
      const watched = back.watch();
      await back.printer().power(false);
      watched.session.start();
      await watched.status('offline');
      await back.printer().power(true);
      watched.session.hint();
      await watched.report((report) => report.complete, 'a full report');
    } finally {
      await back.stop();
    }
  });
});
