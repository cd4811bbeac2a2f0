import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findListener, portOrFree } from '../../src/cli/listeners.js';
import { reachableHost } from '../../src/telemetry/reachable-host.js';

const HOST = '127.83.0.1';

async function occupied(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('where to listen', () => {
  it('moves on from a default that is taken, and says so', async () => {
    const port = await occupied();
    const { endpoint, remark } = await findListener('REST', 'listen', undefined, { host: HOST, port });
    expect(endpoint.host).toBe(HOST);
    expect(endpoint.port).toBeGreaterThan(port);
    expect(remark).toBe(
      `REST: ${HOST}:${port} is in use by another program; took ${HOST}:${endpoint.port} instead`,
    );
  });

  it('needs no remark when it is free', async () => {
    const { endpoint } = await findListener(
      'REST',
      'listen',
      { host: HOST, port: 0 },
      { host: HOST, port: 1 },
    );
    const again = await findListener('REST', 'listen', endpoint, { host: HOST, port: 1 });
    expect(again).toEqual({ endpoint, remark: null });
  });

  it('is any free port in place of a taken one, for who does not mind', async () => {
    expect(await portOrFree({ host: HOST, port: await occupied() })).toBe(0);
    await expect(portOrFree({ host: '203.0.113.7', port: 5000 })).rejects.toThrow(
      'no address of this machine',
    );
  });

  it('is named by an address that clients can use', () => {
    expect(reachableHost('127.0.0.1')).toBe('127.0.0.1');
    expect(reachableHost('0.0.0.0')).toMatch(/^(?!0\.0\.0\.0)\d+(\.\d+){3}$/);
  });
});
