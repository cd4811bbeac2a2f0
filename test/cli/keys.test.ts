import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeysPort } from '../../src/cli/ports.js';
import type { CreateKeyParams, KeyRing, ListedKey } from '../../src/telemetry/control-methods.js';
import { keyHandlers } from '../../src/telemetry/control-methods.js';
import { ControlError, controlSocketPath } from '../../src/telemetry/control-protocol.js';
import { ControlServer } from '../../src/telemetry/control-server.js';
import { LockedError } from '../../src/telemetry/data-lock.js';
import { createLogger } from '../../src/telemetry/log.js';
import { cli, temporaryFolder } from './harness.js';

class FakeRing implements KeyRing {
  readonly asked: CreateKeyParams[] = [];
  closed = 0;
  keys: ListedKey[] = [
    {
      id: 'k1',
      name: 'robot',
      active: true,
      fullAccess: false,
      createdAt: 't',
      lastUsedAt: null,
      expiresAt: null,
    },
  ];

  async create(params: CreateKeyParams) {
    this.asked.push(params);
    return { id: 'k2', storeId: 's1', name: params.name, key: 'k2-whole' };
  }

  async list() {
    return this.keys;
  }

  async revoke({ id }: { id: string }) {
    const key = this.keys.find((one) => one.id === id);
    if (key === undefined) throw new ControlError('not-found', `there is no API key ${id}`);
    this.keys = this.keys.filter((one) => one !== key);
    return key;
  }

  async close() {
    this.closed += 1;
  }
}

/** An installation whose keys are reached as `through` says. */
async function installation(through: 'socket' | 'database') {
  const dir = await temporaryFolder();
  const ring = new FakeRing();
  const file = join(dir, 'farm.yaml');
  await writeFile(file, 'dataDir: .\n');
  const port: KeysPort = {
    open: async (dataDir) => {
      if (through === 'socket') throw new LockedError(dataDir, 1);
      return ring;
    },
  };
  if (through === 'socket') {
    const log = createLogger({ level: 'silent', pretty: false });
    const server = new ControlServer({ path: controlSocketPath(dir), handlers: keyHandlers(ring), log });
    await server.start();
    onTestFinished(() => server.stop());
  }
  const keys = (...argv: string[]) =>
    cli(['keys', ...argv, '--config', file], { ports: { keys: async () => port } });
  return { ring, keys, dir };
}

describe.each(['socket', 'database'] as const)('keys through the %s', (through) => {
  it('are listed', async () => {
    const { keys, ring } = await installation(through);
    const { exitCode, out } = await keys('list');
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^ID +NAME +STATE +ACCESS +LAST USED +EXPIRES\nk1 +robot +active +limited +never +never\n$/,
    );
    expect(JSON.parse((await keys('list', '--json')).out)).toEqual(ring.keys);
  });

  it('are made; standard output has the key alone', async () => {
    const { keys, ring } = await installation(through);
    const { exitCode, out, err } = await keys(
      'create',
      '--name',
      'look',
      '--permission',
      'part.view,part.edit',
      'printer.view',
    );
    expect(exitCode).toBe(0);
    expect(out).toBe('k2-whole\n');
    expect(err).toContain('is shown this once');
    expect(ring.asked).toEqual([
      {
        name: 'look',
        fullAccess: false,
        permissions: ['part.view', 'part.edit', 'printer.view'],
        expiresAt: null,
      },
    ]);
  });

  it('are made with full access and an end', async () => {
    const { keys, ring } = await installation(through);
    const { out } = await keys('create', '--name', 'a', '--full-access', '--expires', '2999-01-31', '--json');
    expect(JSON.parse(out)).toEqual({ id: 'k2', storeId: 's1', name: 'a', key: 'k2-whole' });
    expect(ring.asked).toEqual([
      { name: 'a', fullAccess: true, permissions: [], expiresAt: '2999-01-31T00:00:00.000Z' },
    ]);
  });

  it('are revoked', async () => {
    const { keys, ring } = await installation(through);
    const { exitCode, out } = await keys('revoke', 'k1');
    expect(exitCode).toBe(0);
    expect(out).toBe('robot (k1) is revoked.\n');
    expect(ring.keys).toEqual([]);
  });

  it('are not found when they do not exist', async () => {
    const { keys } = await installation(through);
    const { exitCode, err } = await keys('revoke', 'k9');
    expect(exitCode).toBe(4);
    expect(err).toContain('there is no API key k9');
  });
});

describe('keys', () => {
  it('give the database back', async () => {
    const { keys, ring } = await installation('database');
    await keys('list');
    await keys('revoke', 'k9');
    expect(ring.closed).toBe(2);
  });

  it('are out of reach while a daemon holds the folder but does not answer', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'farm.yaml'), 'dataDir: .\n');
    const port: KeysPort = {
      open: async (dataDir) => {
        throw new LockedError(dataDir, 4711);
      },
    };
    const { exitCode, err } = await cli(['keys', 'list', '--config', join(dir, 'farm.yaml')], {
      ports: { keys: async () => port },
    });
    expect(exitCode).toBe(3);
    expect(err).toContain('is in use by process 4711');
    expect(err).toContain('does not answer on its control socket');
  });

  it.each([
    [['create', '--full-access'], 'name the new key: --name NAME'],
    [['create', '--name', 'a'], 'say what the key may do'],
    [['create', '--name', 'a', '--full-access', '--permission', 'part.view'], 'say what the key may do'],
    [
      ['create', '--name', 'a', '--permission', 'part.veiw'],
      'there is no permission part.veiw; did you mean part.view?',
    ],
    [['create', '--name', 'a', '--full-access', '--expires', 'soon'], '--expires must be a date'],
    [['create', '--name', 'a', '--full-access', '--expires', '2020-01-01'], 'is over already'],
    [['revoke'], 'name the key: printfarmd keys revoke ID'],
  ])('are not touched by a wrong command line: %j', async (argv, message) => {
    const { keys, ring } = await installation('database');
    const { exitCode, err } = await keys(...argv);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(ring.asked).toEqual([]);
  });
});
