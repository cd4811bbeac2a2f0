import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ConnectionStatus, DriverError } from '../../drivers/driver.js';
import { ConnectionStory } from '../../src/fleet/connection-story.js';

const lines: string[] = [];
const alerts: string[] = [];
let story: ConnectionStory;

beforeEach(() => {
  vi.useFakeTimers();
  lines.length = 0;
  alerts.length = 0;
  story = new ConnectionStory({
    log: { info: (...said: readonly unknown[]) => void lines.push(String(said.at(-1))) },
    alert: (code, message) => void alerts.push(`${code}: ${message}`),
  });
});
afterEach(() => {
  story.stop();
  vi.useRealTimers();
});

function is(status: ConnectionStatus, why?: string): void {
  const error = why === undefined ? null : new DriverError('unreachable', why);
  story.note({ status, since: 0, error });
}

describe('the story of a connection', () => {
  test('fault-39: a boot of a minute and a half alarms nobody', () => {
    is('online');
    is('offline', 'reset');
    vi.advanceTimersByTime(60_000);
    is('offline', 'no TLS');
    vi.advanceTimersByTime(29_999);
    is('connecting');
    is('online');
    vi.advanceTimersByTime(600_000);
    expect(alerts).toEqual([]);
    expect(lines).toEqual(['printer is online', 'printer is offline', 'printer is online']);
  });

  test('pain-27: a longer absence is told once, by what was found last', () => {
    is('connecting');
    is('offline', 'reset');
    vi.advanceTimersByTime(89_000);
    for (let attempt = 0; attempt < 50; attempt++) is('offline', `attempt ${attempt}`);
    vi.advanceTimersByTime(3_600_000);
    is('offline', 'still nothing');
    expect(alerts).toEqual(['away: not reached for 90 s: attempt 49']);
    expect(lines).toEqual([]);
  });

  test('a refusal is told at once, and again only when it is another', () => {
    is('refused', 'code');
    is('refused', 'code');
    is('refused', 'certificate');
    is('offline', 'reset');
    vi.advanceTimersByTime(600_000);
    is('online');
    is('refused', 'certificate');
    expect(alerts).toEqual(['refused: code', 'refused: certificate', 'refused: certificate']);
  });

  test('silence counts as absence', () => {
    is('online');
    is('stale');
    is('offline', 'silent');
    vi.advanceTimersByTime(90_000);
    expect(lines).toEqual(['printer is online', 'printer is offline']);
    expect(alerts).toEqual(['away: not reached for 90 s: silent']);
  });

  test('nothing is told after the end', () => {
    is('offline', 'reset');
    story.stop();
    vi.advanceTimersByTime(600_000);
    expect(alerts).toEqual([]);
  });
});
