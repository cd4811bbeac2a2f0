import { describe, expect, it } from 'vitest';
import { relyingParty } from '../../src/operations/passkeys/relying-party.js';

describe('the site that passkeys belong to', () => {
  it.each([
    ['https://farm.example', 'farm.example', 'https://farm.example'],
    ['https://farm.local:3001', 'farm.local', 'https://farm.local:3001'],
    ['http://localhost:3001', 'localhost', 'http://localhost:3001'],
    ['http://127.0.0.1:3001', 'localhost', 'http://localhost:3001'],
    ['http://[::1]:3001', 'localhost', 'http://localhost:3001'],
    ['https://127.3.2.1', 'localhost', 'https://localhost'],
    ['http://farm.localhost:80', 'farm.localhost', 'http://farm.localhost'],
  ])('under %s is %s', (address, id, origin) => {
    expect(relyingParty(address)).toEqual({ id, origin });
  });

  it.each(['http://farm.example', 'https://192.168.1.5', 'http://192.168.1.5:3001', 'https://[fd00::1]'])(
    'is none under %s',
    (address) => {
      expect(() => relyingParty(address)).toThrow(
        expect.objectContaining({ code: 'invalid_state', message: expect.stringContaining('host name') }),
      );
    },
  );
});
