/** Where benchmarks put what listens, and how their own processes are started. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { built } from './child.js';

/** First of many loopback addresses that most likely nobody else uses. */
export function freeAddress(): string {
  return `127.${randomInt(100, 250)}.${randomInt(1, 250)}.1`;
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port could be had');
  return address.port;
}

/** A baseline is watched by the same probe as the daemon. */
export function bareArgs(name: string, args: readonly string[]): string[] {
  return [
    '--expose-gc',
    `--import=${built('bench/child/probe.js')}`,
    built(`bench/child/${name}.js`),
    ...args,
  ];
}
