import { signDownload, signUpload, type TokenVerdict, verify } from '../storage/signed-url.js';

/** No expiry worth the name: an image address that a page may keep. The path cannot be guessed, the token not made. */
const FOR_GOOD = Date.UTC(2100, 0, 1);
const MAX_KNOWN = 20_000;

/** Addresses of stored files that carry their own permission. */
export class FileUrls {
  /** What follows the base of addresses for good, by path. A page of jobs has hundreds; signing costs more than all else. */
  readonly #known = new Map<string, string>();

  constructor(
    private readonly key: Buffer,
    /** Where clients reach the daemon, without a slash at the end; may be known only once it listens. */
    private readonly baseUrl: () => string,
  ) {}

  upload(storeId: string, uri: string, expiresAt: number): string {
    return this.#url(uri, signUpload(this.key, { storeId, path: uri, expiresAt }));
  }

  download(storeId: string, uri: string, expiresAt: number): string {
    return this.#url(uri, signDownload(this.key, { storeId, path: uri, expiresAt }));
  }

  /** For `<img>` tags and messages: loads without headers, as long as the file exists. */
  permanent(uri: string): string {
    let place = this.#known.get(uri);
    if (place === undefined) {
      place = placeOf(uri, signDownload(this.key, { storeId: storeOf(uri), path: uri, expiresAt: FOR_GOOD }));
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(uri, place);
    }
    return this.baseUrl() + place;
  }

  check(method: string, uri: string, token: string, now: number): TokenVerdict {
    return verify(this.key, token, { method, storeId: storeOf(uri), path: uri }, now);
  }

  #url(uri: string, token: string): string {
    return this.baseUrl() + placeOf(uri, token);
  }
}

function placeOf(uri: string, token: string): string {
  return `/storage/${uri.split('/').map(encodeURIComponent).join('/')}?token=${token}`;
}

/** The store a path belongs to: its first segment, after the word that marks uploads. */
export function storeOf(uri: string): string {
  const first = uri.slice(0, uri.indexOf('/'));
  return first.startsWith('uploads:') ? first.slice('uploads:'.length) : first;
}
