import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrafficLog } from '../../src/fleet/traffic-log.js';

const CODE = '48151623';
const ON = { enabled: true, perPrinter: 3, maxBytes: 100_000 };
let now = Date.UTC(2026, 0, 1);
const clock = { now: () => now };

function shown(payload: string | Buffer, settings = ON): unknown {
  const log = new TrafficLog(settings, clock);
  log.note('S1', 'received', 'device/S1/report', payload);
  return log.of('S1', [CODE])[0]?.payload;
}

describe('messages of a printer', () => {
  it('are kept newest first, with when and which way they went', () => {
    const log = new TrafficLog(ON, clock);
    log.note('S1', 'sent', 'device/S1/request', '{"a":1}');
    now += 1000;
    log.note('S1', 'received', 'device/S1/report', Buffer.from('{"b":"\u00e9"}'));
    log.note('S2', 'received', 'device/S2/report', '{}');
    expect(log.of('S1', [])).toEqual([
      {
        at: '2026-01-01T00:00:01.000Z',
        direction: 'received',
        topic: 'device/S1/report',
        bytes: 10,
        truncated: false,
        payload: { b: '\u00e9' },
      },
      {
        at: '2026-01-01T00:00:00.000Z',
        direction: 'sent',
        topic: 'device/S1/request',
        bytes: 7,
        truncated: false,
        payload: { a: 1 },
      },
    ]);
  });

  it('are so many and so many bytes, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5_000), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1024, max: 10_000 }),
        (sizes, perPrinter, maxBytes) => {
          const log = new TrafficLog({ enabled: true, perPrinter, maxBytes }, clock);
          for (const size of sizes) log.note('S1', 'received', 't', 'x'.repeat(size));
          const kept = log.of('S1', []);
          expect(kept.length).toBeLessThanOrEqual(perPrinter);
          expect(kept.length > 0).toBe(sizes.length > 0);
          const bytes = kept.map(({ payload }) => String(payload).length);
          expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(maxBytes);
        },
      ),
    );
  });

  it('of great length are cut, and say how long they were', () => {
    const log = new TrafficLog(ON, clock);
    log.note('S1', 'received', 't', JSON.stringify({ filler: 'y'.repeat(90_000), access_code: CODE }));
    const [message] = log.of('S1', []);
    expect(message).toMatchObject({ truncated: true });
    expect(message?.bytes).toBeGreaterThan(90_000);
    expect(String(message?.payload).length).toBe(64 * 1024);
  });

  it('are not kept while it is off, and forgotten when it is switched off', () => {
    const log = new TrafficLog({ ...ON, enabled: false }, clock);
    log.note('S1', 'received', 't', '{}');
    expect(log.of('S1', [])).toEqual([]);
    log.configure(ON);
    log.note('S1', 'received', 't', '{}');
    expect(log.of('S1', [])).toHaveLength(1);
    log.configure({ ...ON, enabled: false });
    log.configure(ON);
    expect(log.of('S1', [])).toEqual([]);
  });

  it('are fewer at once when fewer are to be kept, and gone with their printer', () => {
    const log = new TrafficLog(ON, clock);
    for (const number of [1, 2, 3]) log.note('S1', 'received', 't', `${number}`);
    log.configure({ ...ON, perPrinter: 1 });
    expect(log.of('S1', []).map(({ payload }) => payload)).toEqual([3]);
    log.forget('S1');
    expect(log.of('S1', [])).toEqual([]);
  });

  it('do not hold on to the buffer that they came in', () => {
    const whole = Buffer.from('{"a":1}{"b":2}');
    const log = new TrafficLog(ON, clock);
    log.note('S1', 'received', 't', whole.subarray(0, 7));
    whole.fill(0);
    expect(log.of('S1', [])[0]?.payload).toEqual({ a: 1 });
  });
});

describe('what is struck out', () => {
  it.each([
    ['an access code by its name', { dev_access_code: '11112222' }, { dev_access_code: '[redacted]' }],
    [
      'whatever stands under a secret name',
      { security: { app_cert_list: ['x'] } },
      { security: { app_cert_list: '[redacted]' } },
    ],
    [
      'a signature',
      { header: { sign_string: 'abc', sign_ver: 'v1.0' } },
      { header: { sign_string: '[redacted]', sign_ver: '[redacted]' } },
    ],
    [
      'the access code by its value',
      { note: `use ${CODE} now`, n: Number(CODE) },
      { note: 'use [redacted] now', n: '[redacted]' },
    ],
    [
      'the account in an address',
      { url: 'rtsps://bblp:99@192.0.2.1/live' },
      { url: 'rtsps://[redacted]@192.0.2.1/live' },
    ],
    [
      'the query of an address',
      { url: 'https://x.test/a.3mf?sig=1&t=2' },
      { url: 'https://x.test/a.3mf?[redacted]' },
    ],
    [
      'a secret inside a text',
      { param: '{"passwd":"abc","x":"y"}' },
      { param: '{"passwd":"[redacted]","x":"y"}' },
    ],
  ])('is %s', (_case, payload, expected) => {
    expect(shown(JSON.stringify(payload))).toEqual(expected);
  });

  it('is no error code, no serial and no number', () => {
    const payload = {
      sn: '01P00A123456789',
      err_code: 84033543,
      hms: [{ attr: 1, code: 65543 }],
      print_error: 0,
    };
    expect(shown(JSON.stringify(payload))).toEqual(payload);
  });

  it('is struck out of what is no JSON, too', () => {
    expect(shown(`{"access_code":"11112222","half`)).toBe('{"access_code":"[redacted]","half');
    expect(shown(Buffer.from([0xff, 0x7b]))).toBe('\ufffd{');
    expect(shown('['.repeat(60_000))).toBe('['.repeat(60_000));
  });

  it('leaves the access code nowhere, wherever it stands', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(json, fc.string(), (value, around) => {
        const payload = JSON.stringify({ value, deep: [{ text: around + CODE + around, [CODE]: CODE }] });
        expect(JSON.stringify(shown(payload))).not.toContain(CODE);
      }),
    );
  });
});
