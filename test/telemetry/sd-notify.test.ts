import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SdNotify, type Supervision, takeSupervision } from '../../src/telemetry/sd-notify.js';
import { temporaryFolder } from './temporary-folder.js';

const SUPERVISION: Supervision = { socket: '/run/systemd/notify', watchdogMs: 60_000 };

/** A folder with a `systemd-notify` of the given behaviour, and the notices that it was given. */
async function notifier(behaviour: string, supervision: Supervision | null = SUPERVISION) {
  const folder = await temporaryFolder();
  const heard = join(folder, 'heard');
  writeFileSync(
    join(folder, 'systemd-notify'),
    `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${heard}\n${behaviour}\n`,
    { mode: 0o755 },
  );
  const log: string[] = [];
  const note = (level: string) => () => void log.push(level);
  const notify = new SdNotify({
    supervision,
    log: { warn: note('warn'), debug: note('debug') },
    path: `${folder}:/usr/bin:/bin`,
  });
  return {
    notify,
    log,
    heard: () => (existsSync(heard) ? readFileSync(heard, 'utf8').trimEnd().split('\n') : []),
  };
}

describe('what systemd says of itself', () => {
  it('is taken out of the environment', () => {
    const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7', HOME: '/' };
    expect(takeSupervision(env, 7)).toEqual({ socket: '/run/x', watchdogMs: 60_000 });
    expect(env).toEqual({ HOME: '/' });
  });

  it.each([
    [{}, null],
    [{ NOTIFY_SOCKET: '', WATCHDOG_USEC: '1' }, null],
    [{ NOTIFY_SOCKET: '@x' }, { socket: '@x', watchdogMs: null }],
    [
      { NOTIFY_SOCKET: '@x', WATCHDOG_USEC: '5000', WATCHDOG_PID: '8' },
      { socket: '@x', watchdogMs: null },
    ],
    [
      { NOTIFY_SOCKET: '@x', WATCHDOG_USEC: '5000' },
      { socket: '@x', watchdogMs: 5 },
    ],
    [
      { NOTIFY_SOCKET: '@x', WATCHDOG_USEC: 'soon' },
      { socket: '@x', watchdogMs: null },
    ],
  ])('%o means %o', (env, expected) => {
    expect(takeSupervision({ ...env }, 7)).toEqual(expected);
  });
});

describe('notices to systemd', () => {
  it('arrive in the order in which they were given, nothing after the last', async () => {
    const { notify, heard, log } = await notifier('exit 0');
    expect(await Promise.all([notify.ready('serving\nhttp://a'), notify.watchdog()])).toEqual([true, true]);
    expect(await notify.stopping()).toBe(true);
    expect(await notify.watchdog()).toBe(false);
    expect(heard()).toEqual([
      '/run/systemd/notify READY=1 STATUS=serving http://a',
      '/run/systemd/notify WATCHDOG=1',
      '/run/systemd/notify STOPPING=1 STATUS=stopping',
    ]);
    expect(log).toEqual([]);
  });

  it('are given up for the stop', async () => {
    const { notify, heard } = await notifier('case "$1" in WATCHDOG=1) exec sleep 60 ;; esac');
    const waiting = [notify.watchdog(), notify.watchdog()];
    await Promise.resolve();
    expect(await notify.stopping()).toBe(true);
    expect(await Promise.all(waiting)).toEqual([false, false]);
    expect(heard().at(-1)).toBe('/run/systemd/notify STOPPING=1 STATUS=stopping');
  });

  it('do nothing when nobody supervises', async () => {
    const { notify, heard } = await notifier('exit 0', null);
    expect(await notify.ready('x')).toBe(false);
    expect(await notify.stopping()).toBe(false);
    expect(heard()).toEqual([]);
  });

  it('that cannot be told harm nothing, and are complained of once', async () => {
    const { notify, log } = await notifier('exit 1');
    expect(await notify.ready('x')).toBe(false);
    expect(await notify.watchdog()).toBe(false);
    expect(log).toEqual(['warn', 'debug']);
  });

  it('are not told where there is no systemd-notify', async () => {
    const log: string[] = [];
    const notify = new SdNotify({
      supervision: SUPERVISION,
      log: { warn: () => void log.push('warn'), debug: () => void log.push('debug') },
      path: await temporaryFolder(),
    });
    expect(await notify.ready('x')).toBe(false);
    expect(log).toEqual(['warn']);
  });

  it('do not wait for ever', async () => {
    const { notify, log } = await notifier('exec sleep 60');
    expect(await notify.ready('x')).toBe(false);
    expect(log).toEqual(['warn']);
  });
});
