import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loopbackAddresses } from '../../src/cli/loopback-addresses.js';
import { configFile, endpoint, endpointText, wholeNumber } from '../../src/cli/options.js';

describe('an endpoint', () => {
  it.each([
    ['127.0.0.1:3001', { host: '127.0.0.1', port: 3001 }],
    ['farm.local:0', { host: 'farm.local', port: 0 }],
    ['[::1]:8883', { host: '::1', port: 8883 }],
  ])('is read from %s and written the same', (text, value) => {
    expect(endpoint('listen')(text)).toEqual(value);
    expect(endpointText(value)).toBe(text);
  });

  it.each(['', '3001', ':3001', 'host', 'host:', 'host:65536', 'host:x', '::1:3001', 'a b:1', 7])(
    'is not %j',
    (text) => {
      expect(() => endpoint('listen')(text)).toThrow('--listen must be HOST:PORT');
    },
  );

  it('may be left out', () => {
    expect(endpoint('listen')(undefined)).toBeUndefined();
  });
});

describe('a whole number', () => {
  it.each([0, 11, 1.5, Number.NaN, '3', [1, 2]])('within bounds is not %j', (value) => {
    expect(() => wholeNumber('n', 1, 10)(value)).toThrow('--n must be a whole number from 1 to 10');
  });

  it('is itself', () => {
    expect(wholeNumber('n', 1, 10)(10)).toBe(10);
  });
});

describe('the configuration file', () => {
  it('is the one named, else that of the environment, else the one here', () => {
    expect(configFile('a.yaml', { PRINTFARMD_CONFIG: 'b.yaml' })).toBe('a.yaml');
    expect(configFile(undefined, { PRINTFARMD_CONFIG: 'b.yaml' })).toBe('b.yaml');
    expect(configFile(undefined, { PRINTFARMD_CONFIG: '' })).toBe('printfarmd.yaml');
  });
});

describe('loopback addresses', () => {
  it('follow each other and leave out what looks like a network', () => {
    expect(loopbackAddresses('127.0.1.253', 4)).toEqual([
      '127.0.1.253',
      '127.0.1.254',
      '127.0.2.1',
      '127.0.2.2',
    ]);
  });

  it('are as many as asked, each once, all of loopback', async () => {
    const first = fc.tuple(fc.nat(254), fc.nat(255), fc.nat(255)).map((parts) => `127.${parts.join('.')}`);
    await fc.assert(
      fc.property(first, fc.integer({ min: 1, max: 500 }), (address, count) => {
        const addresses = loopbackAddresses(address, count);
        expect(new Set(addresses).size).toBe(count);
        for (const one of addresses) expect(one).toMatch(/^127\.\d+\.\d+\.(?!0$|255$)\d+$/);
      }),
    );
  });

  it.each(['10.0.0.1', '128.0.0.1', 'localhost', '127.0.0.256'])('do not begin at %s', (address) => {
    expect(() => loopbackAddresses(address, 1)).toThrow('must be a loopback address');
  });

  it('end with loopback', () => {
    expect(() => loopbackAddresses('127.255.255.254', 2)).toThrow('do not fit in 127.0.0.0/8');
  });
});
