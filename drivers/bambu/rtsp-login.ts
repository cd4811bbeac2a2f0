import { createHash } from 'node:crypto';

const USER_NAME = 'bblp';

/**
 * The Authorization header for one request, as the camera's challenge wants it (RFC 2617); null for a challenge in a
 * scheme that is not known.
 */
export function rtspLogin(challenge: string, method: string, uri: string, accessCode: string): string | null {
  if (/^basic\b/i.test(challenge)) {
    return `Basic ${Buffer.from(`${USER_NAME}:${accessCode}`, 'utf8').toString('base64')}`;
  }
  if (!/^digest\b/i.test(challenge)) return null;
  const realm = /\brealm="([^"]*)"/i.exec(challenge)?.[1] ?? '';
  const nonce = /\bnonce="([^"]*)"/i.exec(challenge)?.[1] ?? '';
  const account = md5(`${USER_NAME}:${realm}:${accessCode}`);
  const response = md5(`${account}:${nonce}:${md5(`${method}:${uri}`)}`);
  return `Digest username="${USER_NAME}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}"`;
}

/** What the old scheme of this protocol is made of; the connection itself is encrypted. */
function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex');
}
