import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { ControlClient, remoteKeyRing } from '../../src/cli/control-client.js';
import { type KeyRing, keyHandlers } from '../../src/telemetry/control-methods.js';
import { ControlError, controlSocketPath, MAX_LINE_BYTES } from '../../src/telemetry/control-protocol.js';
import { type ControlHandler, ControlServer } from '../../src/telemetry/control-server.js';
import { createLogger } from '../../src/telemetry/log.js';
import { temporaryFolder } from './temporary-folder.js';

const log = createLogger({ level: 'silent', pretty: false });

async function serve(handlers: Record<string, ControlHandler>, timeoutMs = 5000) {
  const dataDir = await temporaryFolder();
  const server = new ControlServer({ path: controlSocketPath(dataDir), handlers, log, timeoutMs });
  await server.start();
  onTestFinished(() => server.stop());
  return { dataDir, server };
}

async function client(dataDir: string, answerTimeoutMs?: number): Promise<ControlClient> {
  const opened = await ControlClient.open(dataDir, answerTimeoutMs);
  if (opened === null) throw new Error('nobody answers');
  onTestFinished(() => opened.close());
  return opened;
}

/** Sends bytes as they are, answers the first line that comes back. */
async function raw(dataDir: string, bytes: string): Promise<string> {
  const socket = connect(controlSocketPath(dataDir));
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  const [chunk] = await once(socket, 'data');
  return String(chunk).trim();
}

describe('the control socket', () => {
  it('serves requests of one connection in turn', async () => {
    const { dataDir } = await serve({ double: async (params) => z.number().parse(params) * 2 });
    const control = await client(dataDir);
    expect(await control.request('double', 21, z.number())).toBe(42);
    expect(await control.request('double', 4, z.number())).toBe(8);
  });

  it('is for its user alone', async () => {
    const { dataDir } = await serve({});
    expect((await stat(controlSocketPath(dataDir))).mode & 0o777).toBe(0o600);
  });

  it('passes errors on with their code', async () => {
    const { dataDir } = await serve({
      missing: async () => {
        throw new ControlError('not-found', 'there is no such key');
      },
      broken: async () => {
        throw new Error('out of order');
      },
    });
    const control = await client(dataDir);
    await expect(control.request('missing', {}, z.null())).rejects.toMatchObject({
      code: 'not-found',
      message: 'there is no such key',
    });
    await expect(control.request('broken', {}, z.null())).rejects.toMatchObject({
      code: 'failed',
      message: 'out of order',
    });
    await expect(control.request('toString', {}, z.null())).rejects.toMatchObject({
      code: 'unknown-method',
      message: 'there is no toString; there are missing, broken',
    });
  });

  it('does not wait for ever for a handler', async () => {
    const { dataDir } = await serve({ never: () => new Promise(() => {}) }, 20);
    await expect((await client(dataDir)).request('never', {}, z.null())).rejects.toMatchObject({
      code: 'timeout',
      message: 'never did not finish within 20 ms; it may still take effect',
    });
  });

  it('answers lines that are no request', async () => {
    const { dataDir } = await serve({});
    const invalid = '{"id":0,"error":{"code":"invalid","message":"the line is no request"}}';
    expect(await raw(dataDir, 'hello\n')).toBe(invalid);
    expect(await raw(dataDir, '{"id":1}\n')).toBe(invalid);
  });

  it('drops a connection whose line does not end', async () => {
    const { dataDir } = await serve({});
    const socket = connect(controlSocketPath(dataDir));
    const closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.write('x'.repeat(MAX_LINE_BYTES + 1));
    await closed;
  });

  it('is gone after stop, and its clients with it', async () => {
    const { dataDir, server } = await serve({ never: () => new Promise(() => {}) });
    const control = await client(dataDir);
    const answer = control.request('never', {}, z.null());
    await Promise.all([
      expect(answer).rejects.toThrow('the daemon ended the connection before it answered never'),
      server.stop(),
    ]);
    expect(await ControlClient.open(dataDir)).toBeNull();
    await server.stop();
  });

  it('takes the place of a socket that a dead daemon left', async () => {
    const dataDir = await temporaryFolder();
    const path = controlSocketPath(dataDir);
    const program =
      "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    expect(spawnSync(process.execPath, ['--eval', program, path]).signal).toBe('SIGKILL');
    expect((await stat(path)).isSocket()).toBe(true);
    expect(await ControlClient.open(dataDir)).toBeNull();
    const server = new ControlServer({ path, handlers: {}, log });
    await server.start();
    onTestFinished(() => server.stop());
    expect(await ControlClient.open(dataDir)).not.toBeNull();
  });

  it('does not take the place of a daemon that answers', async () => {
    const { dataDir } = await serve({});
    const second = new ControlServer({ path: controlSocketPath(dataDir), handlers: {}, log });
    await expect(second.start()).rejects.toMatchObject({ code: 'conflict' });
    await client(dataDir);
  });

  it('does not remove a file that is no socket', async () => {
    const dataDir = await temporaryFolder();
    await writeFile(controlSocketPath(dataDir), 'mine');
    const server = new ControlServer({ path: controlSocketPath(dataDir), handlers: {}, log });
    await expect(server.start()).rejects.toThrow('it is no socket');
  });

  it('says when its path is too long for a unix socket', async () => {
    const dataDir = join(await temporaryFolder(), 'x'.repeat(110));
    await mkdir(dataDir);
    expect(() => controlSocketPath(dataDir)).toThrow(/choose a shorter dataDir/);
    await expect(ControlClient.open(dataDir)).rejects.toThrow(/bytes long/);
  });
});

describe('a client', () => {
  it('finds nobody where no daemon runs', async () => {
    expect(await ControlClient.open(await temporaryFolder())).toBeNull();
  });

  it('does not wait for ever for an answer', async () => {
    const { dataDir } = await serve({ never: () => new Promise(() => {}) });
    const control = await client(dataDir, 20);
    await expect(control.request('never', {}, z.null())).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('keys through the control socket', () => {
  const key = {
    id: 'k1',
    name: 'robot',
    active: true,
    fullAccess: false,
    createdAt: 't',
    lastUsedAt: null,
    expiresAt: null,
  };
  const ring: KeyRing = {
    create: async ({ name }) => ({ id: 'k1', storeId: 's1', name, key: 'secret' }),
    list: async () => [key],
    revoke: async ({ id }) => {
      if (id !== key.id) throw new ControlError('not-found', `there is no API key ${id}`);
      return key;
    },
  };

  it('are made, listed and revoked', async () => {
    const { dataDir } = await serve(keyHandlers(ring));
    const keys = remoteKeyRing(await client(dataDir));
    const params = { name: ' robot ', fullAccess: false, permissions: ['part.view'], expiresAt: null };
    expect(await keys.create(params)).toEqual({ id: 'k1', storeId: 's1', name: 'robot', key: 'secret' });
    expect(await keys.list()).toEqual([key]);
    expect(await keys.revoke({ id: 'k1' })).toEqual(key);
    await expect(keys.revoke({ id: 'k2' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are refused with parameters that do not fit', async () => {
    const { dataDir } = await serve(keyHandlers(ring));
    const keys = remoteKeyRing(await client(dataDir));
    const params = { name: '', fullAccess: false, permissions: [], expiresAt: 'tomorrow' };
    await expect(keys.create(params)).rejects.toMatchObject({ code: 'invalid' });
  });
});
