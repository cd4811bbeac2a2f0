import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { InvitationsPort } from '../../src/cli/ports.js';
import { ownerHandlers } from '../../src/telemetry/control-methods.js';
import { controlSocketPath } from '../../src/telemetry/control-protocol.js';
import { ControlServer } from '../../src/telemetry/control-server.js';
import { LockedError } from '../../src/telemetry/data-lock.js';
import { createLogger } from '../../src/telemetry/log.js';
import { cli, temporaryFolder } from './harness.js';

const INVITED = { invitation: 'i'.repeat(72), expiresAt: '2027-01-08T00:00:00.000Z' };

async function installation(yaml = '') {
  const dir = await temporaryFolder();
  const file = join(dir, 'farm.yaml');
  await writeFile(file, `dataDir: .\n${yaml}`);
  return { dir, file };
}

function run(file: string, port: InvitationsPort, ...argv: string[]) {
  return cli(['invite-owner', ...argv, '--config', file], { ports: { invitations: async () => port } });
}

const locked: InvitationsPort = {
  inviteOwner: async (dataDir) => {
    throw new LockedError(dataDir, 4711);
  },
};

describe('invite-owner', () => {
  it('asks the running daemon', async () => {
    const { dir, file } = await installation();
    const log = createLogger({ level: 'silent', pretty: false });
    const handlers = ownerHandlers(async () => INVITED);
    const server = new ControlServer({ path: controlSocketPath(dir), handlers, log });
    await server.start();
    onTestFinished(() => server.stop());
    const { exitCode, out, err } = await run(file, locked);
    expect(exitCode).toBe(0);
    expect(out).toBe(`http://localhost:3001/sign-in#invitation=${INVITED.invitation}\n`);
    expect(err).toContain(`before ${INVITED.expiresAt}`);
  });

  it('does it by itself while no daemon runs', async () => {
    const { file } = await installation();
    const { exitCode, out } = await run(file, { inviteOwner: async () => INVITED }, '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual({
      ...INVITED,
      url: `http://localhost:3001/sign-in#invitation=${INVITED.invitation}`,
    });
  });

  it.each([
    ['http: { host: 0.0.0.0, port: 3002 }\n', `http://${hostname()}:3002`],
    ['http: { publicBaseUrl: "https://farm.example/" }\n', 'https://farm.example'],
  ])('names the host that browsers are to use, with %j', async (yaml, base) => {
    const { file } = await installation(yaml);
    const { out } = await run(file, { inviteOwner: async () => INVITED });
    expect(out).toBe(`${base}/sign-in#invitation=${INVITED.invitation}\n`);
  });

  it('says so while a daemon holds the folder but does not answer', async () => {
    const { file } = await installation();
    const { exitCode, err } = await run(file, locked);
    expect(exitCode).toBe(3);
    expect(err).toContain('is in use by process 4711');
  });
});
