/** The bare loop: one POST after another over one connection, and again after a wait where one fails. */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { onAsk } from './asks.js';
import { orderTold } from './outbox-events.js';

const run = z.object({ port: z.int(), events: z.int(), delayMs: z.number() });

onAsk('run', run, async ({ port, events, delayMs }) => {
  const agent = new Agent({ keepAlive: true });
  const bodies = Array.from({ length: events }, (_one, index) =>
    JSON.stringify({
      event: 'onOrderClosed',
      timestamp: new Date().toISOString(),
      data: { printer: null, printJob: null, order: orderTold(index + 1) },
    }),
  );
  const beganAt = performance.now();
  for (const body of bodies) while ((await post(agent, port, body)) !== 204) await delay(delayMs);
  const ms = performance.now() - beganAt;
  agent.destroy();
  return { ms };
});

function post(agent: Agent, port: number, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { host: '127.0.0.1', port, path: '/hook', method: 'POST', agent, headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
process.on('SIGTERM', () => process.exit(0));
