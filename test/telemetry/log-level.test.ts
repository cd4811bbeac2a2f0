import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/log.js';
import { LogLevel } from '../../src/telemetry/log-level.js';

function log(configured: 'info' | 'warn' | 'debug') {
  const lines: string[] = [];
  const level = new LogLevel(configured);
  const root = createLogger({
    level: configured,
    pretty: false,
    stream: { write: (line) => void lines.push(String(JSON.parse(line).msg)) },
    follows: level,
  });
  return { root, level, lines };
}

describe('the log level', () => {
  it('goes to debug and back, for logs made before and after, and for theirs', () => {
    const { root, level, lines } = log('info');
    const before = root.child({ printer: 'A' }).child({ dispatch: 'B' });
    before.debug('not heard');
    level.toggle(() => undefined);
    const after = root.child({ printer: 'C' });
    before.debug('heard');
    after.debug('heard too');
    level.toggle(() => undefined);
    before.debug('not heard');
    after.debug('not heard');
    root.info('the end');
    expect(lines).toEqual(['heard', 'heard too', 'the end']);
  });

  it('says so while it can be heard', () => {
    const { root, level, lines } = log('warn');
    const tell = (to: string) => root.info(`now ${to}`);
    level.toggle(tell);
    level.toggle(tell);
    expect(lines).toEqual(['now debug', 'now warn']);
  });

  it('goes to info where debug is what is configured', () => {
    const { level } = log('debug');
    level.toggle(() => undefined);
    expect(level.current).toBe('info');
    level.toggle(() => undefined);
    expect(level.current).toBe('debug');
  });

  it('takes a new level from the configuration', () => {
    const { root, level, lines } = log('info');
    const child = root.child({});
    level.configure('error');
    child.warn('not heard');
    child.error('heard');
    expect(lines).toEqual(['heard']);
    expect(level.current).toBe('error');
  });
});
