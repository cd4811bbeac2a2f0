import { describe, expect, it } from 'vitest';
import { type ReadinessParts, readiness } from '../../src/readiness.js';

const SOUND: ReadinessParts = {
  database: { probe: () => 'ok' },
  daily: { isSound: () => true },
  broker: { ports: { tls: 8_883, plain: null, webSocket: 9_001 } },
  runner: { sinceTickMs: 100 },
  bridge: { status: { connected: true } },
  mqtt: { enabled: true, websocket: { enabled: true, host: null, port: 9_001 } },
  started: true,
};
const NOBODY = { tls: null, plain: null, webSocket: null };

const missing = (changes: Partial<ReadinessParts>) =>
  Object.fromEntries(
    readiness({ ...SOUND, ...changes }).flatMap(({ name, missing }) =>
      missing === null ? [] : [[name, missing]],
    ),
  );

describe('readiness', () => {
  it('misses nothing of a daemon that serves', () => {
    expect(missing({})).toEqual({});
    expect(readiness({ ...SOUND, bridge: null }).map(({ name }) => name)).not.toContain('bridge');
  });

  it('names the part and what is wrong with it, and nothing of the machine', () => {
    expect(missing({ database: { probe: () => 'unreadable' } })).toEqual({ database: 'it does not answer' });
    expect(missing({ database: { probe: () => 'unwritable' } }).database).toMatch(
      /full, read-only, failing or gone/,
    );
    expect(Object.keys(missing({ daily: { isSound: () => false } }))).toEqual(['databaseFile']);
    expect(Object.keys(missing({ broker: { ports: NOBODY } }))).toEqual(['mqtt', 'websocket']);
    expect(Object.keys(missing({ runner: { sinceTickMs: 60_000 } }))).toEqual(['dispatch']);
    expect(missing({ started: false })).toEqual({ dispatch: 'the daemon is still starting, or stopping' });
  });

  it('does not miss listeners that are switched off', () => {
    const broker = { ports: NOBODY };
    const websocket = { ...SOUND.mqtt.websocket, enabled: false };
    expect(missing({ broker, mqtt: { ...SOUND.mqtt, enabled: false } })).toEqual({});
    expect(Object.keys(missing({ broker, mqtt: { enabled: true, websocket } }))).toEqual(['mqtt']);
  });

  it('shows an external broker that is away, without which the daemon serves all the same', () => {
    const parts = readiness({ ...SOUND, bridge: { status: { connected: false } } });
    expect(parts.at(-1)).toEqual({
      name: 'bridge',
      missing: 'no connection; it is tried again',
      beside: true,
    });
  });
});
