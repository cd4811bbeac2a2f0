import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a token allows: one method on one path of one store, until a time. */
export interface SignedClaim {
  readonly storeId: string;
  /** Storage path, exactly as it stands in the URL once decoded. */
  readonly path: string;
  /** Epoch milliseconds; kept in whole seconds, rounded up. */
  readonly expiresAt: number;
}

export type TokenVerdict =
  | { readonly valid: true; readonly expiresAt: number }
  | { readonly valid: false; readonly reason: 'invalid' | 'expired' };

const SHORTEST_KEY_BYTES = 32;

/** Token for sending a file with PUT. @throws RangeError for a key below 32 bytes */
export function signUpload(key: Buffer, claim: SignedClaim): string {
  return sign(key, 'PUT', claim);
}

/** Token for fetching a file with GET or HEAD. @throws RangeError for a key below 32 bytes */
export function signDownload(key: Buffer, claim: SignedClaim): string {
  return sign(key, 'GET', claim);
}

/**
 * Checks a token against the request it came with. An expired token is told from a forged one only when its
 * signature is right.
 * @param method of the request; HEAD counts as GET
 * @param now epoch milliseconds
 */
export function verify(
  key: Buffer,
  token: string,
  request: { readonly method: string; readonly storeId: string; readonly path: string },
  now: number,
): TokenVerdict {
  const [expiry, signature] = /^([0-9a-z]{1,10})\.([\w-]{43})$/.exec(token)?.slice(1) ?? [];
  if (expiry === undefined || signature === undefined) return { valid: false, reason: 'invalid' };
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const expected = Buffer.from(mac(key, method, request.storeId, request.path, expiry));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { valid: false, reason: 'invalid' };
  }
  const expiresAt = Number.parseInt(expiry, 36) * 1000;
  return now < expiresAt ? { valid: true, expiresAt } : { valid: false, reason: 'expired' };
}

function sign(key: Buffer, method: string, claim: SignedClaim): string {
  if (key.length < SHORTEST_KEY_BYTES) {
    throw new RangeError(
      `The key for signed URLs must have at least ${SHORTEST_KEY_BYTES} bytes, not ${key.length}.`,
    );
  }
  const expiry = Math.ceil(claim.expiresAt / 1000).toString(36);
  return `${expiry}.${mac(key, method, claim.storeId, claim.path, expiry)}`;
}

/** JSON keeps the parts apart: no two different claims have the same text. */
function mac(key: Buffer, ...claim: string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(claim)).digest('base64url');
}
