import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { clientIdProblem, loggable, type RealtimeCaller } from '../../src/realtime/client-id.js';
import { readConnectHead } from '../../src/realtime/connect-head.js';
import { Filters, matches } from '../../src/realtime/filters.js';
import { Frame } from '../../src/realtime/frame.js';
import { LoginThrottle } from '../../src/realtime/login-throttle.js';
import { PacketMeter } from '../../src/realtime/packet-meter.js';
import { readTopic } from '../../src/realtime/topics.js';
import { KEY, KEY_ID, OTHER_KEY_ID, OTHER_STORE, STORE } from './broker-bench.js';

function connectPacket(protocolVersion: 3 | 4 | 5, clientId = 'one'): Buffer {
  const protocolId = protocolVersion === 3 ? 'MQIsdp' : 'MQTT';
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId,
    protocolVersion,
    clientId,
    clean: true,
    keepalive: 60,
  });
}

describe('readConnectHead', () => {
  it('reads level and size of every protocol version', () => {
    for (const version of [3, 4, 5] as const) {
      const packet = connectPacket(version, 'x'.repeat(300));
      expect(readConnectHead(packet)).toEqual({ kind: 'connect', level: version, bytes: packet.length });
    }
  });

  it('waits for more at every cut, and never changes its mind', () => {
    const packet = connectPacket(4, 'x'.repeat(300));
    const kinds = Array.from(
      { length: packet.length },
      (_, at) => readConnectHead(packet.subarray(0, at)).kind,
    );
    expect(new Set(kinds)).toEqual(new Set(['incomplete', 'connect']));
    expect(kinds.lastIndexOf('incomplete')).toBeLessThan(kinds.indexOf('connect'));
    expect(kinds.indexOf('connect')).toBeLessThan(14);
  });

  it.each([
    ['GET / HTTP/1.1\r\n'],
    ['\x16\x03\x01\x02\x00'],
    ['\x10\xff\xff\xff\xff\x7f'],
    ['\x10\x20\x00\x04HTTP\x04'],
    ['\x10\x20\x20\x00'],
  ])('recognises that %j is not MQTT', (text) => {
    expect(readConnectHead(Buffer.from(text, 'latin1')).kind).toBe('not-mqtt');
  });

  it('reads any bytes without failing', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readConnectHead(Buffer.from(bytes))));
  });
});

describe('PacketMeter', () => {
  const packets = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 6 });

  function stream(sizes: readonly number[]): Buffer {
    return Buffer.concat(
      sizes.map((size) =>
        mqttPacket.generate({
          cmd: 'publish',
          topic: 't',
          payload: Buffer.alloc(size),
          qos: 0,
          retain: false,
          dup: false,
        }),
      ),
    );
  }

  it('accepts exactly the packets within the limit, however the stream is cut', () => {
    fc.assert(
      fc.property(packets, fc.array(fc.nat({ max: 2_000 })), (sizes, cuts) => {
        const data = stream(sizes);
        const meter = new PacketMeter(200);
        const at = [0, ...cuts.map((cut) => cut % data.length).sort((a, b) => a - b), data.length];
        const verdicts = at.slice(1).map((end, index) => meter.accepts(data.subarray(at[index], end)));
        // Topic with its length is 3 bytes.
        expect(verdicts.every((accepted) => accepted)).toBe(sizes.every((size) => size + 3 <= 200));
      }),
    );
  });

  it('refuses a size that never ends', () => {
    expect(new PacketMeter(200).accepts(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]))).toBe(false);
  });
});

describe('readTopic', () => {
  const own = `stores/${STORE}`;

  it.each([
    [`${own}/printer-stats/#`, { kind: 'stats' }],
    [`${own}/printer-stats/+`, { kind: 'stats' }],
    [`${own}/printer-stats/abc`, { kind: 'stats' }],
    [`${own}/entities/#`, { kind: 'entities', type: null }],
    [`${own}/entities/+`, { kind: 'entities', type: null }],
    [`${own}/entities/printers`, { kind: 'entities', type: 'printers' }],
    [`${own}/entities/printers/#`, { kind: 'entities', type: 'printers' }],
    [`${own}/entities/printers/abc`, { kind: 'entities', type: 'printers' }],
  ])('reads %s', (filter, subject) => {
    expect(readTopic(filter, STORE)).toEqual(subject);
  });

  it.each([
    '#',
    '+/+/+/+',
    'stores/#',
    `stores/+/printer-stats/#`,
    `stores/${OTHER_STORE}/printer-stats/#`,
    `${own}/#`,
    `${own}/+/abc`,
    own,
    `${own}/printer-stats`,
    `${own}/printer-stats/`,
    `${own}/printer-stats/a/b`,
    `${own}/entities`,
    `${own}/entities/#/a`,
    `${own}/entities/+/a`,
    `${own}/entities/printers/a/b`,
    `/${own}/printer-stats/#`,
    '$SYS/#',
    `$share/group/${own}/printer-stats/#`,
  ])('reads nothing in %s', (filter) => {
    expect(readTopic(filter, STORE)).toBeNull();
  });
});

describe('clientIdProblem', () => {
  const caller: RealtimeCaller = {
    keyId: KEY_ID,
    storeId: STORE,
    permissions: new Set(),
    restsOn: [KEY_ID],
    expiresAtMs: null,
  };

  it.each([
    '',
    'anything',
    `web_${OTHER_KEY_ID}_1`,
    `apiclient_${KEY_ID}_ab`,
    `apiclient_${KEY_ID}`,
    `apiclient_${STORE}_AABBCC`,
  ])('accepts %j', (id) => {
    expect(clientIdProblem(id, caller)).toBeNull();
  });

  it.each([
    `apiclient_${OTHER_KEY_ID}_ab`,
    `apiclient_${OTHER_STORE}_ab`,
    `apiclient_${KEY_ID}x_ab`,
    `apiclient_${KEY}_ab`,
    'apiclient_',
    'x'.repeat(257),
  ])('refuses %j', (id) => {
    expect(clientIdProblem(id, caller)).not.toBeNull();
  });

  it('lets a session without key name its store only', () => {
    const person = { ...caller, keyId: null };
    expect(clientIdProblem(`apiclient_${STORE}_a`, person)).toBeNull();
    expect(clientIdProblem(`apiclient_${KEY_ID}_a`, person)).not.toBeNull();
    expect(clientIdProblem('apiclient_null_a', person)).not.toBeNull();
  });

  it('keeps a key that was put into an id out of the log', () => {
    expect(loggable(`apiclient_${KEY}_ab`)).toBe('apiclient_***_ab');
    expect(loggable(KEY_ID)).toBe(KEY_ID);
  });
});

describe('LoginThrottle', () => {
  it('blocks an address after so many failures within the window, and no other', () => {
    let now = 0;
    const throttle = new LoginThrottle(3, 60_000, () => now);
    for (const at of [0, 20_000, 40_000]) {
      expect(throttle.isBlocked('a')).toBe(false);
      now = at;
      throttle.noteFailure('a');
    }
    expect(throttle.isBlocked('a')).toBe(true);
    expect(throttle.isBlocked('b')).toBe(false);
    now = 60_001;
    expect(throttle.isBlocked('a')).toBe(false);
  });
});

describe('LoginThrottle of IPv6', () => {
  it('takes a network for one address: anybody has many in his own', () => {
    const throttle = new LoginThrottle(3, 60_000, () => 0);
    for (const end of [1, 2, 3]) throttle.noteFailure(`2001:db8:1:2::${end}`);
    expect(throttle.isBlocked('2001:db8:1:2:ffff::9')).toBe(true);
    expect(throttle.isBlocked('2001:db8:1:3::1')).toBe(false);
    expect(throttle.isBlocked('::ffff:192.0.2.1')).toBe(false);
  });
});

describe('Frame', () => {
  const topics = fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' });
  const sizes = fc.nat({ max: 40_000 });

  it('is what the protocol library makes of the message', () => {
    fc.assert(
      fc.property(
        topics,
        sizes,
        fc.boolean(),
        fc.integer({ min: 1, max: 65_535 }),
        (topic, size, retain, id) => {
          const payload = Buffer.alloc(size, 'x');
          const frame = new Frame(topic, payload);
          const packet = { cmd: 'publish', topic, payload, retain, dup: false } as const;
          expect(frame.whole(retain).equals(mqttPacket.generate({ ...packet, qos: 0 }))).toBe(true);
          const numbered = Buffer.concat([...frame.numbered(id, retain)]);
          expect(numbered.equals(mqttPacket.generate({ ...packet, qos: 1, messageId: id }))).toBe(true);
        },
      ),
    );
  });
});

describe('filters', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/c', false],
    ['a/b/c', 'a/b', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['a/+', 'a/b/c', false],
    ['a/+/c', 'a//c', true],
    ['a/#', 'a/b/c', true],
    ['a/#', 'a', true],
    ['a/#', 'ab', false],
    ['#', 'a/b', true],
  ])('%s asks for %s: %s', (filter, topic, expected) => {
    expect(matches(filter.split('/'), topic.split('/'))).toBe(expected);
  });

  it('give the highest QoS that was asked for, and forget what was unsubscribed', () => {
    const filters = new Filters();
    filters.set('a/b', 0);
    filters.set('a/+', 1);
    filters.set('x/#', 0);
    expect(['a/b', 'a/c', 'x', 'x/y/z', 'b'].map((topic) => filters.qosOf(topic))).toEqual([
      1,
      1,
      0,
      0,
      null,
    ]);
    filters.delete('a/+');
    expect(['a/b', 'a/c'].map((topic) => filters.qosOf(topic))).toEqual([0, null]);
    expect(filters.size).toBe(2);
  });
});
