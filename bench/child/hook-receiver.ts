/** Takes webhooks. Asked, it forgets what it took, fails every so manieth call, and says what came. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { NOTHING, onAsk } from './asks.js';

let failEvery = 0;
let calls = 0;
let accepted = 0;
/** Numbers that came behind a higher one, or again. */
let outOfOrder = 0;
let highest = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    calls += 1;
    if (failEvery > 0 && calls % failEvery === 0)
      return response.writeHead(500, { 'content-length': 0 }).end();
    const number = Number(/"orderNumber":"(\d+)"/.exec(Buffer.concat(chunks).toString())?.[1]);
    accepted += 1;
    if (number <= highest) outOfOrder += 1;
    highest = Math.max(highest, number);
    return response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');

onAsk('port', NOTHING, () => (server.address() as AddressInfo).port);
onAsk('begin', z.object({ failEvery: z.int() }), (body) => {
  failEvery = body.failEvery;
  calls = accepted = outOfOrder = highest = 0;
  return null;
});
onAsk('taken', NOTHING, () => ({ calls, accepted, outOfOrder }));
process.on('SIGTERM', () => process.exit(0));
