import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_LENGTH = 24;
const SECRET_LENGTH = 48;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const WHOLE = new RegExp(`^[a-z0-9]{${ID_LENGTH + SECRET_LENGTH}}$`);

/** How a secret is kept: random as it is, a salted SHA-256 of it tells nothing and costs a request little. */
export interface StoredSecret {
  readonly secretHash: string;
  readonly secretSalt: string;
}

/** A secret of 48 letters and digits, with what is kept of it. It follows an id to make a whole key or token. */
export function newSecret(): { readonly secret: string; readonly stored: StoredSecret } {
  const secret = randomText(SECRET_LENGTH);
  const secretSalt = randomBytes(16).toString('hex');
  return { secret, stored: { secretSalt, secretHash: hash(secretSalt, secret) } };
}

/** Id and secret of a whole key or token, null when it has not the form of one. */
export function splitSecret(whole: string): { readonly id: string; readonly secret: string } | null {
  if (!WHOLE.test(whole)) return null;
  return { id: whole.slice(0, ID_LENGTH), secret: whole.slice(ID_LENGTH) };
}

/** Whether it is the secret that was stored, in constant time. */
export function secretFits({ secretHash, secretSalt }: StoredSecret, secret: string): boolean {
  const given = Buffer.from(hash(secretSalt, secret), 'hex');
  const stored = Buffer.from(secretHash, 'hex');
  return given.length === stored.length && timingSafeEqual(given, stored);
}

function hash(salt: string, secret: string): string {
  return createHash('sha256').update(salt).update(secret).digest('hex');
}

/** Unbiased: bytes that would favour the first letters are thrown away. */
function randomText(length: number): string {
  let text = '';
  const fair = 256 - (256 % ALPHABET.length);
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fair && text.length < length) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return text;
}
