import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_ANSWER_BYTES, Poster, type PostOptions, type PostResult } from '../../src/webhooks/post.js';
import { type TargetOptions, TargetRules } from '../../src/webhooks/targets.js';
import { freshHost } from '../fixtures/fresh-host.js';
import { makeCertificate } from '../realtime/certificate.js';
import { type Answer, type Receiver, receiver } from './receiver.js';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function receiving(answer: Answer, host = freshHost()): Promise<Receiver> {
  const made = await receiver(host, answer);
  ends.push(() => made.stop());
  return made;
}

function poster(given: Partial<PostOptions> = {}, targets: Partial<TargetOptions> = {}): Poster {
  const rules = new TargetRules({
    allowPrivateTargets: ['127.0.0.0/8'],
    allowHttp: true,
    ownPorts: () => [],
    ...targets,
  });
  const made = new Poster({ rules, timeoutMs: 2_000, extraCa: [], now: () => Date.now(), ...given });
  ends.push(() => made.close());
  return made;
}

const send = (through: Poster, url: string, signal = new AbortController().signal): Promise<PostResult> =>
  through.post({ url, headers: { 'content-type': 'application/json' }, body: '{"a":1}' }, signal);

describe('a call', () => {
  it('arrives as it was made, over a connection that is used again', async () => {
    const to = await receiving(204);
    const through = poster();
    expect(await send(through, to.url)).toMatchObject({ kind: 'answered', status: 204 });
    expect(await send(through, `${to.url}?x=1`)).toMatchObject({ kind: 'answered', status: 204 });
    expect(to.calls.map(({ path }) => path)).toEqual(['/hook', '/hook?x=1']);
    expect(to.calls[0]?.headers['content-type']).toBe('application/json');
    expect(to.calls[0]?.headers['content-length']).toBe('7');
    expect(to.calls[0]?.body).toBe('{"a":1}');
    expect(to.connections).toBe(1);
  });

  it('does not fail because a connection that rested was ended meanwhile', async () => {
    const to = await receiving((_call, response, count) => {
      response.writeHead(200, { 'content-length': 0 }).end();
      if (count === 1) response.socket?.once('finish', () => undefined);
    });
    const through = poster();
    for (let call = 0; call < 20; call += 1) {
      expect(await send(through, to.url)).toMatchObject({ kind: 'answered', status: 200 });
      to.endConnections();
    }
    expect(to.calls.length).toBe(20);
  });

  it('says why nothing came of it', async () => {
    const through = poster();
    const gone = await receiving(200);
    await gone.stop();
    expect(await send(through, gone.url)).toEqual({
      kind: 'unanswered',
      error: 'the connection is refused: nothing listens there',
    });
    const cut = await receiving((_call, response) => response.socket?.destroy());
    expect(await send(through, cut.url)).toMatchObject({
      kind: 'unanswered',
      error: expect.stringContaining('ended'),
    });
  });

  it('ends at once when it is no longer wanted', async () => {
    const to = await receiving(() => undefined);
    const ended = new AbortController();
    const sent = send(poster({ timeoutMs: 60_000 }), to.url, ended.signal);
    await to.arrived(1);
    ended.abort();
    expect(await sent).toEqual({ kind: 'aborted' });
    expect(await send(poster(), to.url, ended.signal)).toEqual({ kind: 'aborted' });
  });
});

describe('a receiver', () => {
  it('that redirects is taken at its word and not followed', async () => {
    const other = await receiving(200);
    const to = await receiving((_call, response) => response.writeHead(307, { location: other.url }).end());
    expect(await send(poster(), to.url)).toMatchObject({ kind: 'answered', status: 307 });
    expect(other.calls).toEqual([]);
  });

  it('that wants to speak another protocol, or none of ours, is told of at once and in words', async () => {
    const raw = async (words: string) => {
      const host = freshHost();
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.write(words));
        ends.push(() => socket.destroy());
      }).listen(0, host);
      await once(server, 'listening');
      ends.push(() => server.close());
      return `${host}:${(server.address() as AddressInfo).port}/hook`;
    };
    const through = poster({ timeoutMs: 60_000 });
    const other = await raw('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
    expect(await send(through, `http://${other}`)).toEqual({
      kind: 'unanswered',
      error: 'the connection was ended without an answer',
    });
    const none = await raw('SSH-2.0-OpenSSH_9\r\n');
    expect(await send(through, `http://${none}`)).toEqual({
      kind: 'unanswered',
      error: 'what it answers is no HTTP: is the port right?',
    });
    expect(await send(through, `https://${none}`)).toEqual({
      kind: 'unanswered',
      error: 'it does not speak TLS as it should: is https:// right, and the port?',
    });
    const early = await raw(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    );
    expect(await send(through, `http://${early}`)).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('that says nothing is given up in time', async () => {
    const to = await receiving(() => undefined);
    const result = await send(poster({ timeoutMs: 150 }), to.url);
    expect(result).toEqual({ kind: 'unanswered', error: 'no answer within 0.15 s' });
  });

  it('that dribbles its headers is given up in time', async () => {
    const to = await receiving((_call, response) => {
      const drip = setInterval(() => response.socket?.write('x'), 20);
      response.socket?.write('HTTP/1.1 200 OK\r\nx-y: ').valueOf();
      response.socket?.once('close', () => clearInterval(drip));
    });
    const result = await send(poster({ timeoutMs: 200 }), to.url);
    expect(result).toMatchObject({ kind: 'unanswered', error: 'no answer within 0.2 s' });
  });

  it('that dribbles its answer is not waited for, but its word counts', async () => {
    const to = await receiving((_call, response) => {
      response.writeHead(202);
      const drip = setInterval(() => response.write('x'), 20);
      response.once('close', () => clearInterval(drip));
    });
    const began = performance.now();
    expect(await send(poster({ timeoutMs: 200 }), to.url)).toMatchObject({ kind: 'answered', status: 202 });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('that answers without end is read no further than the bound', async () => {
    let written = 0;
    let onClosed = () => {};
    const closed = new Promise<void>((resolve) => {
      onClosed = resolve;
    });
    const to = await receiving((_call, response) => {
      response.writeHead(500);
      const chunk = Buffer.alloc(16 * 1024, 'x');
      const more = () => {
        while (!response.destroyed) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
      };
      response.once('close', onClosed);
      more();
    });
    const result = await send(poster({ timeoutMs: 20_000 }), to.url);
    expect(result).toMatchObject({ kind: 'answered', status: 500 });
    expect(result.kind === 'answered' && result.text.length).toBeLessThanOrEqual(2_048);
    await closed;
    // What the system's own buffers took is not ours.
    expect(written).toBeLessThan(MAX_ANSWER_BYTES + 16 * 1024 ** 2);
  });

  it('may ask to be left alone for a while', async () => {
    const to = await receiving((_call, response) => response.writeHead(429, { 'retry-after': '7' }).end());
    expect(await send(poster(), to.url)).toMatchObject({ status: 429, retryAfterMs: 7_000 });
  });
});

describe('the address of a receiver', () => {
  it('is looked up once, and the connection goes to the address that was checked: rebinding leads nowhere', async () => {
    // The first answer is allowed, all further ones are not: what the name server of an attacker would do.
    const [good, bad] = [freshHost(), freshHost()];
    const inside = await receiving(200, bad);
    const outside = await receiver(good, 200, inside.port);
    ends.push(() => outside.stop());
    const asked: string[] = [];
    const through = poster(
      {
        resolve: async (host) => {
          asked.push(host);
          return [{ address: asked.length === 1 ? good : bad, family: 4 }];
        },
      },
      { allowPrivateTargets: [good] },
    );
    const url = `http://rebind.example:${inside.port}/hook`;
    expect(await send(through, url)).toMatchObject({ kind: 'answered', status: 200 });
    expect(asked).toEqual(['rebind.example']);
    through.close();
    expect(await send(through, url)).toEqual({
      kind: 'unanswered',
      error: expect.stringContaining(`${bad} is no address of the internet`),
    });
    expect(asked).toHaveLength(2);
    expect(outside.calls).toHaveLength(1);
    expect(inside.connections).toBe(0);
  });

  it('is refused when one of several is private', async () => {
    const to = await receiving(200);
    const through = poster(
      {
        resolve: async () => [
          { address: '93.184.216.34', family: 4 },
          { address: '10.0.0.1', family: 4 },
        ],
      },
      { allowPrivateTargets: [], allowHttp: false },
    );
    expect(await send(through, `https://two.example:${to.port}/`)).toMatchObject({
      kind: 'unanswered',
      error: expect.stringContaining('10.0.0.1 is no address of the internet'),
    });
  });

  it('is exactly the one that was checked', async () => {
    const host = freshHost();
    const to = await receiving(200, host);
    const through = poster({ resolve: async () => [{ address: host, family: 4 }] });
    expect(await send(through, `http://any.example:${to.port}/hook`)).toMatchObject({ status: 200 });
    expect(to.calls[0]?.headers.host).toBe(`any.example:${to.port}`);
  });

  it("in numbers is judged anew each time: it may have become the daemon's own", async () => {
    const to = await receiving(200);
    const ports: number[] = [];
    const through = poster({}, { ownPorts: () => ports });
    expect(await send(through, to.url)).toMatchObject({ kind: 'answered', status: 200 });
    ports.push(to.port);
    expect(await send(through, to.url)).toMatchObject({ error: expect.stringContaining("the daemon's own") });
  });

  it('may have no answer', async () => {
    const nothing = poster({ resolve: async () => [] });
    expect(await send(nothing, 'https://none.example/')).toMatchObject({
      error: expect.stringContaining('no address'),
    });
    const failing = poster({
      resolve: async () => Promise.reject(Object.assign(new Error('secret path'), { code: 'ENOTFOUND' })),
    });
    expect(await send(failing, 'https://none.example/hook/secret')).toEqual({
      kind: 'unanswered',
      error: 'the name of the host cannot be found',
    });
  });
});

describe('TLS', () => {
  it('is checked against the usual CAs and those of the configuration', async () => {
    const certificate = await makeCertificate();
    const server = createTlsServer(
      { cert: certificate.certPem, key: certificate.keyPem },
      (_request, response) => response.writeHead(200).end(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const { port } = server.address() as AddressInfo;
    const trusting = poster({ resolve, extraCa: [certificate.caPem] });
    expect(await send(trusting, `https://realtime:${port}/hook`)).toMatchObject({ status: 200 });
    expect(await send(poster({ resolve }), `https://realtime:${port}/hook`)).toMatchObject({
      kind: 'unanswered',
      error: expect.stringContaining('webhooks.caFiles'),
    });
    expect(await send(trusting, `https://other:${port}/hook`)).toEqual({
      kind: 'unanswered',
      error: 'its certificate is for another host',
    });
  });
});
