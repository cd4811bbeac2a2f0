import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireDataLock, LockedError } from '../../src/telemetry/data-lock.js';
import { temporaryFolder } from './temporary-folder.js';

const lockModule = new URL('../../src/telemetry/data-lock.ts', import.meta.url).href;

/** Another process that takes the lock, says so and holds it until it is killed or its input ends. */
async function holder(dataDir: string): Promise<ChildProcess> {
  const program = `
    import { acquireDataLock } from ${JSON.stringify(lockModule)};
    acquireDataLock(process.argv[1]);
    process.stdout.write('held');
    process.stdin.resume();
  `;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program, dataDir],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

function attempt(dataDir: string): unknown {
  try {
    acquireDataLock(dataDir).release();
    return null;
  } catch (error) {
    return error;
  }
}

describe('the lock of a data folder', () => {
  it('keeps a second process out and names the first', async () => {
    const dataDir = await temporaryFolder();
    const child = await holder(dataDir);
    const error = attempt(dataDir);
    expect(error).toBeInstanceOf(LockedError);
    expect(error).toMatchObject({ pid: child.pid, dataDir });
    expect(String(error)).toContain(`is in use by process ${child.pid}`);
    expect(String(error)).toContain(`kill ${child.pid}`);
  });

  it('is free again after kill -9', async () => {
    const dataDir = await temporaryFolder();
    const child = await holder(dataDir);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    expect(existsSync(join(dataDir, 'lock.pid'))).toBe(true);
    expect(attempt(dataDir)).toBeNull();
  });

  it('keeps this process from taking it twice', async () => {
    const dataDir = await temporaryFolder();
    const lock = acquireDataLock(dataDir);
    expect(attempt(dataDir)).toMatchObject({ name: 'LockedError', pid: process.pid });
    lock.release();
    lock.release();
    expect(existsSync(join(dataDir, 'lock.pid'))).toBe(false);
    expect(attempt(dataDir)).toBeNull();
  });

  it('says what is wrong when there is no such folder', async () => {
    const error = attempt(join(await temporaryFolder(), 'none'));
    expect(error).not.toBeInstanceOf(LockedError);
    expect(String(error)).toContain('directory does not exist');
  });

  it('says what is wrong when the folder can only be read, and how a service gets it', () => {
    // The one folder of every machine in which nobody makes files.
    const error = attempt('/proc/self');
    expect(String(error)).toContain('/proc/self cannot be written by this process');
    expect(String(error)).toContain('ReadWritePaths');
  });
});
