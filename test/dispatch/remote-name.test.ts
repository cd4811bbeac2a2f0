import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remoteNameFor } from '../../src/dispatch/remote-name.js';

describe('the name of a file on a printer', () => {
  it.each([
    ['Benchy.gcode.3mf', 7, 'Benchy-7.gcode.3mf'],
    ['Benchy.3mf', 7, 'Benchy-7.gcode.3mf'],
    ['Halter für Röhre (v2).gcode.3mf', 12, 'Halter_fur_Rohre_v2-12.gcode.3mf'],
    ['.hidden', 1, 'hidden-1.gcode.3mf'],
    ['../../etc/passwd', 1, 'etc_passwd-1.gcode.3mf'],
    ['a.gcode.3mf.gcode.3mf', 1, 'a-1.gcode.3mf'],
    ['a.3mf copy', 1, 'a_3mf_copy-1.gcode.3mf'],
    ['', 5, 'job-5.gcode.3mf'],
    ['立方体', 5, 'job-5.gcode.3mf'],
    ['x'.repeat(200), 2_147_483_647, `${'x'.repeat(39)}-2147483647.gcode.3mf`],
  ])('of %j', (label, token, name) => {
    expect(remoteNameFor(label, token)).toBe(name);
  });

  const tokens = fc.integer({ min: 1, max: 2_147_483_647 });

  it('pain-35, fault-23: is always one a printer takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), tokens, (label, token) => {
        const name = remoteNameFor(label, token);
        expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(60);
        expect(name.endsWith(`-${token}.gcode.3mf`)).toBe(true);
        expect(name.match(/\.gcode\.3mf/g)).toHaveLength(1);
        expect(name).not.toContain('..');
      }),
    );
  });

  it('fact-10, fault-22: is another for every token, whatever the label', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), tokens, tokens, (one, two, first, second) => {
        fc.pre(first !== second);
        expect(remoteNameFor(one, first)).not.toBe(remoteNameFor(two, second));
      }),
    );
  });

  it('pain-35: keeps what looks like a suffix inside the label apart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('.gcode', '.3mf', '.', '-', '_', 'a', ' ')),
        tokens,
        (parts, token) => {
          const name = remoteNameFor(parts.join(''), token);
          expect(name.match(/\.gcode|\.3mf/gi)).toEqual(['.gcode', '.3mf']);
        },
      ),
    );
  });

  it.each([0, -1, 1.5, 2_147_483_648, Number.NaN])('is refused for the token %d', (token) => {
    expect(() => remoteNameFor('a', token)).toThrow(RangeError);
  });
});
