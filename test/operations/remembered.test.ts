import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Known } from '../../src/operations/access/known.js';
import { Remembered } from '../../src/operations/access/remembered.js';

const known = (...restsOn: string[]): Known => ({
  caller: { storeId: 's', actor: { type: 'api_key', id: 'k' }, permissions: new Set() },
  active: true,
  expiresAtMs: null,
  allowed: null,
  restsOn,
  lastUsedMs: 0,
  noteUse: async () => undefined,
});
const ID = 'a'.repeat(24);
const KEY = ID + 'b'.repeat(48);
const TOKEN = `pfs-${KEY}`;

describe('keys and tokens that were right', () => {
  it('are known again, and nothing that differs from them in any way is', () => {
    const remembered = new Remembered(10);
    const key = known('row');
    remembered.set(KEY, key);
    expect(remembered.get(KEY)).toBe(key);
    const anyText = fc.string({ unit: 'binary', minLength: 0, maxLength: 90 });
    fc.assert(
      fc.property(fc.nat(71), fc.nat(0x2fff), anyText, (at, unit, text) => {
        const changed = KEY.slice(0, at) + String.fromCharCode(unit) + KEY.slice(at + 1);
        expect(remembered.get(changed)).toBe(changed === KEY ? key : null);
        expect(remembered.get(ID + text)).toBeNull();
        expect(remembered.get(text)).toBeNull();
        expect(remembered.get(KEY)).toBe(key);
      }),
    );
    expect(remembered.get(TOKEN)).toBeNull();
  });

  it('are forgotten with whatever they rest on, the others not', () => {
    const remembered = new Remembered(10);
    remembered.set(KEY, known('key', 'user'));
    remembered.set(TOKEN, known('session', 'user'));
    remembered.forget('session');
    expect([remembered.get(KEY) !== null, remembered.get(TOKEN)]).toEqual([true, null]);
    remembered.forget('user');
    expect(remembered.get(KEY)).toBeNull();
  });

  it('are so many at the most', () => {
    const remembered = new Remembered(3);
    const keys = Array.from({ length: 10 }, (_, at) => String(at).repeat(24) + 'c'.repeat(48));
    for (const key of keys) remembered.set(key, known('row'));
    const left = keys.filter((key) => remembered.get(key) !== null);
    expect(left.length).toBeLessThanOrEqual(3);
    expect(left).toContain(keys.at(-1));
  });
});
