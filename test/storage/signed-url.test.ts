import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signDownload, signUpload, verify } from '../../src/storage/signed-url.js';

const key = Buffer.alloc(32, 7);
const claim = { storeId: 'store1', path: 'uploads:store1/abc/a b.3mf', expiresAt: 2_000_000 };
const now = 1_000_000;
const request = (method: string, path = claim.path, storeId = claim.storeId) => ({ method, path, storeId });

describe('a token', () => {
  it('allows what it was made for until it expires', () => {
    const upload = signUpload(key, claim);
    expect(upload).toMatch(/^[\w.-]{1,60}$/);
    expect(verify(key, upload, request('PUT'), now)).toEqual({ valid: true, expiresAt: 2_000_000 });
    expect(verify(key, upload, request('PUT'), 1_999_999)).toMatchObject({ valid: true });
    expect(verify(key, upload, request('PUT'), 2_000_000)).toEqual({ valid: false, reason: 'expired' });
    const download = signDownload(key, claim);
    expect(verify(key, download, request('GET'), now)).toMatchObject({ valid: true });
    expect(verify(key, download, request('HEAD'), now)).toMatchObject({ valid: true });
  });

  it('allows nothing else', () => {
    const upload = signUpload(key, claim);
    const refused = { valid: false, reason: 'invalid' };
    expect(verify(key, upload, request('GET'), now)).toEqual(refused);
    expect(verify(key, upload, request('PUT', 'uploads:store1/abc/a b.3mf/'), now)).toEqual(refused);
    expect(verify(key, upload, request('PUT', claim.path, 'store2'), now)).toEqual(refused);
    expect(verify(Buffer.alloc(32, 8), upload, request('PUT'), now)).toEqual(refused);
    expect(verify(key, signDownload(key, claim), request('PUT'), now)).toEqual(refused);
    // A later expiry is another claim, also when the old one has passed.
    const later = `zzzzzz${upload.slice(upload.indexOf('.'))}`;
    expect(verify(key, later, request('PUT'), now)).toEqual(refused);
  });

  it('cannot be had by moving text between its parts', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string(),
        fc.string(),
        (storeId, path, otherStore, otherPath) => {
          fc.pre(storeId !== otherStore || path !== otherPath);
          const token = signUpload(key, { storeId, path, expiresAt: 2_000_000 });
          expect(verify(key, token, request('PUT', otherPath, otherStore), now).valid).toBe(false);
          expect(verify(key, token, request('PUT', path, storeId), now).valid).toBe(true);
        },
      ),
    );
  });

  it('never throws at what a stranger sends', () => {
    fc.assert(
      fc.property(fc.string(), (token) => {
        expect(verify(key, token, request('PUT'), now)).toEqual({ valid: false, reason: 'invalid' });
      }),
    );
    expect(verify(key, 'zzzzzzzzzz.'.padEnd(54, 'A'), request('PUT'), now).valid).toBe(false);
  });

  it('is not made with a short key', () => {
    expect(() => signUpload(Buffer.alloc(31), claim)).toThrow(RangeError);
  });
});
