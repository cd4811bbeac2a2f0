import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Upgrades } from '../../src/http/upgrades.js';

const ASKS = { connection: 'Upgrade', upgrade: 'websocket' };

let server: Server;
let upgrades: Upgrades;
const taken: string[] = [];

afterEach(async () => {
  taken.length = 0;
  upgrades.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A server whose WebSockets are told what address they come from, and nothing else. */
async function serve(options: { secure: boolean; trustedProxies: readonly string[] }): Promise<number> {
  server = createServer((_request, response) => response.end('as any other'));
  upgrades = new Upgrades({
    ...options,
    path: '/mqtt',
    take: (_request, socket, _head, address) => {
      taken.push(address);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    },
  });
  upgrades.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<number | undefined> {
  const request = get({ host: '127.0.0.1', port, path, headers: { ...ASKS, ...headers } });
  request.on('error', () => {});
  const answer = await Promise.race([once(request, 'response'), once(request, 'upgrade')]);
  return answer[0].statusCode;
}

describe('a request for a WebSocket on the port of REST', () => {
  it('is taken at its path, with TLS', async () => {
    const port = await serve({ secure: true, trustedProxies: [] });
    expect(await ask(port, '/mqtt?x=1')).toBe(101);
    expect(await ask(port, '/v1/printers')).toBe(404);
    expect(taken).toEqual(['127.0.0.1']);
  });

  it('is answered as any other request without TLS', async () => {
    const port = await serve({ secure: false, trustedProxies: [] });
    expect(await ask(port, '/mqtt')).toBe(200);
    expect(taken).toEqual([]);
  });

  it.each([
    ['the client that a trusted proxy names', ['127.0.0.0/8'], '192.0.2.7', '192.0.2.7'],
    ['the last that is no proxy', ['127.0.0.1', '10.0.0.0/8'], '192.0.2.7, 10.0.0.3', '192.0.2.7'],
    ['the proxy, when it names nobody', ['127.0.0.1'], '', '127.0.0.1'],
  ])('comes from %s', async (_, trustedProxies, forwarded, address) => {
    const port = await serve({ secure: false, trustedProxies });
    expect(await ask(port, '/mqtt', { 'x-forwarded-for': forwarded })).toBe(101);
    expect(taken).toEqual([address]);
  });

  it('comes from the peer, whatever a stranger says of itself', async () => {
    const port = await serve({ secure: true, trustedProxies: ['10.0.0.1'] });
    expect(await ask(port, '/mqtt', { 'x-forwarded-for': '192.0.2.7' })).toBe(101);
    expect(taken).toEqual(['127.0.0.1']);
  });

  it('is refused without TLS from whoever is no trusted proxy', async () => {
    const port = await serve({ secure: false, trustedProxies: ['10.0.0.1'] });
    expect(await ask(port, '/mqtt')).toBe(404);
    expect(taken).toEqual([]);
  });

  it('does not hold up the end of the server', async () => {
    const port = await serve({ secure: true, trustedProxies: [] });
    expect(await ask(port, '/mqtt')).toBe(101);
    upgrades.close();
    await new Promise((resolve) => server.close(resolve));
    await serve({ secure: true, trustedProxies: [] });
  });
});
