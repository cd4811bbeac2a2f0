import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealChannelData } from '../../src/domain/channel-data.js';
import { enableChannel } from '../../src/domain/notification-channels.js';
import { notificationSetting } from '../../src/resources/index.js';
import { processBundle } from '../faults/daemon-bundle.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';
import { freshHost } from '../fixtures/fresh-host.js';
import { orderOf } from './post-office.js';
import { type Receiver, receiver } from './receiver.js';

const KEY = Buffer.alloc(32, 7);
const TOTAL = 250;
const KILLS = 5;
/** Most that a crash may repeat: what was delivered and not written down. */
const REPEATED = 129;

let farm: TestDatabase;
let to: Receiver;
let child: ChildProcess | null = null;

beforeAll(async () => {
  farm = await testDatabase();
  to = await receiver(freshHost(), 200);
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await to.stop();
  await farm.close();
});

async function begin(): Promise<ChildProcess> {
  const file = await processBundle(join(import.meta.dirname, 'notifier-process.ts'));
  const order = { dataDir: farm.dataDir, storeId: farm.storeId, key: KEY.toString('hex'), total: TOTAL };
  return spawn(process.execPath, [file, JSON.stringify(order)], { stdio: ['pipe', 'ignore', 'inherit'] });
}

describe('notices', () => {
  it('all arrive in order with the same ids, however often their sender is killed', async () => {
    const data = { webhookUrl: to.url, apiKey: 'k'.repeat(32) };
    await farm.db.write(farm.context, async (tx) => {
      const sealed = (id: string) => sealChannelData(KEY, id, { channel: 'webhook', data });
      const { id } = await enableChannel(tx, 'webhook', sealed);
      await tx.update(notificationSetting, id, { onOrderClosed: true });
    });
    // Kills fall on a call that was just received: answered or not, at the receiver's whim.
    const kills = new Set(Array.from({ length: KILLS }, (_one, index) => 20 + index * 41));
    let done = () => {};
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    to.answer = (call, response, count) => {
      if (kills.delete(count)) {
        if (count % 2 === 0) response.writeHead(200).end();
        child?.kill('SIGKILL');
        return;
      }
      response.writeHead(count % 7 === 0 ? 500 : 200).end(() => {
        if (orderOf(call) === TOTAL && count % 7 !== 0) done();
      });
    };
    for (let life = 0; life <= KILLS; life += 1) {
      child = await begin();
      const ended = once(child, 'exit');
      await (life < KILLS ? ended : Promise.race([finished, ended]));
      if (life === KILLS) {
        // Its last writes are not ours to wait for: what is not written down is sent again, no more.
        child.kill('SIGKILL');
        await ended;
      }
    }
    const firsts = new Map<number, string>();
    for (const call of to.calls) {
      const id = String(call.headers['x-event-id']);
      const number = orderOf(call);
      if (!firsts.has(number)) firsts.set(number, id);
      expect(firsts.get(number)).toBe(id);
    }
    expect([...firsts.keys()]).toEqual(Array.from({ length: TOTAL }, (_one, index) => index + 1));
    expect(new Set(firsts.values()).size).toBe(TOTAL);
    const failed = to.calls.length / 7;
    expect(to.calls.length).toBeLessThan(TOTAL + failed + KILLS * (REPEATED + 1));
  }, 29_000);
});
