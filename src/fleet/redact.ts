const STRUCK = '[redacted]';

/** Fields whose values are secrets, whatever is before and behind; an error's or a command's `code` is none. */
const NAME = 'access_?code|passw|secret|token|(?:private|api|auth)_?key|ttcode|cert|sign(?:_|ature)';
const SECRET_NAME = new RegExp(NAME, 'i');
/** The same in text that is no JSON, or JSON inside a text, with an end or cut off. */
const SECRET_FIELD = new RegExp(
  `((?:${NAME})\\w{0,40}\\\\?["']?\\s*[:=]\\s*\\\\?["']?)[^"'\\\\,}\\s]+`,
  'gi',
);
const ACCOUNT = /(:\/\/)[^/@\s]+@/g;
const QUERY = /(:\/\/[^\s?"']+\?)[^\s"']+/g;

/**
 * A message of a printer as it may be shown: secret fields, names and passwords of addresses, their queries, and the
 * given values are struck out. JSON where it is JSON and whole, else text.
 */
export function redactedPayload(payload: Buffer, truncated: boolean, secrets: readonly string[]): unknown {
  const text = payload.toString('utf8');
  if (!truncated) {
    try {
      return redacted(JSON.parse(text), secrets);
    } catch {
      // No JSON, or nested beyond what may be read: shown as it came.
    }
  }
  return redactedText(text, secrets);
}

function redacted(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redactedText(value, secrets);
  if (typeof value === 'number') return secrets.includes(String(value)) ? STRUCK : value;
  if (Array.isArray(value)) return value.map((item) => redacted(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      redactedText(name, secrets),
      SECRET_NAME.test(name) ? STRUCK : redacted(inner, secrets),
    ]),
  );
}

function redactedText(text: string, secrets: readonly string[]): string {
  const named = text
    .replaceAll(SECRET_FIELD, `$1${STRUCK}`)
    .replaceAll(ACCOUNT, `$1${STRUCK}@`)
    .replaceAll(QUERY, `$1${STRUCK}`);
  return secrets.filter(Boolean).reduce((rest, secret) => rest.replaceAll(secret, STRUCK), named);
}
