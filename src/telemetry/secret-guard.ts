const STRUCK = '[redacted]';

// Every repetition over a stranger's text is bounded, so that no line can hold the daemon up.

/** Names whose values are secrets wherever they stand; any prefix (`webhookSecret`) is included. */
const NAMES =
  '[\\w-]{0,40}(?:access[_-]?code|api[_-]?key|private[_-]?key|passw(?:or)?d|authorization|cookie|secret|token|signature)';
/** Secrets only as whole names: as endings they mean other things (`remoteKey`). */
const WHOLE_NAMES = 'key|pass|salt|hash|sig';

/** `"accessCode":"…"` in a JSON line. */
const QUOTED = new RegExp(`("(?:${NAMES}|${WHOLE_NAMES})"\\s*:\\s*)"(?:\\\\.|[^"\\\\])*"`, 'gi');
/** The same inside a string, where the quotes are escaped. */
const QUOTED_INSIDE = new RegExp(
  `((\\\\{1,8}")(?:${NAMES}|${WHOLE_NAMES})\\2\\s*:\\s*\\2)(?:(?!\\2).)*(\\2)`,
  'gi',
);
/** A secret that is an object or a list. */
const NESTED = new RegExp(`"(?:${NAMES}|${WHOLE_NAMES})"\\s*:\\s*[{[]`, 'i');
const NAME = new RegExp(`^(?:${NAMES}|${WHOLE_NAMES})$`, 'i');
/** Access codes are digits, and somebody may log them as a number. */
const NUMERIC = /((\\{0,8}")[\w-]{0,40}(?:access[_-]?code|passw(?:or)?d)\2\s*:\s*)-?\d[\d.eE+-]*/gi;
/** `token=…` in an address or a sentence. */
const ASSIGNED = new RegExp(`\\b((?:${NAMES}|${WHOLE_NAMES})=)[^\\s"'\\\\&,;]+`, 'gi');
/** `authorization: ApiKey …` in a dump of headers. */
const HEADER = /(authorization\s*[:=]\s*)(?!\\{0,8}")(?:(?:apikey|bearer|basic)\s+)?[^\s"'\\,]+/gi;
const SCHEME = /\b((?:apikey|bearer|basic)\s+)[A-Za-z0-9+/=._-]{8,}/gi;
/** A whole API key: its first 24 characters are its public id. */
const API_KEY = /\b([a-z0-9]{24})[a-z0-9]{48}\b/g;

/** Shorter secrets would strike out ordinary words. */
const SHORTEST = 4;

/**
 * Strikes secrets out of a line that is about to be written: by the name beside them, by their shape, and by their
 * value where that was made known with `hide`.
 */
export class SecretGuard {
  readonly #values = new Set<string>();
  #pattern: RegExp | null = null;

  /** From now on this value never appears in the log, whoever writes it. Values under four characters are not watched. */
  hide(secret: string): void {
    if (secret.length < SHORTEST) return;
    this.#values.add(JSON.stringify(secret).slice(1, -1));
    this.#pattern = null;
  }

  /** A line of JSON without its secrets; it is still JSON. */
  strike(line: string): string {
    const values = this.#known();
    const whole = NESTED.test(line) || values?.test(line) === true ? rebuilt(line, values) : line;
    const named = whole
      .replaceAll(QUOTED, `$1"${STRUCK}"`)
      .replaceAll(QUOTED_INSIDE, `$1${STRUCK}$3`)
      .replaceAll(NUMERIC, `$1$2${STRUCK}$2`)
      .replaceAll(ASSIGNED, `$1${STRUCK}`)
      .replaceAll(HEADER, `$1${STRUCK}`)
      .replaceAll(SCHEME, `$1${STRUCK}`)
      .replaceAll(API_KEY, `$1${STRUCK}`);
    return values === null ? named : named.replaceAll(new RegExp(values, 'g'), STRUCK);
  }

  #known(): RegExp | null {
    if (this.#values.size > 0) this.#pattern ??= this.#compile();
    return this.#pattern;
  }

  #compile(): RegExp {
    // Longest first, so that a secret that begins like a shorter one is struck out whole.
    const values = [...this.#values].sort((a, b) => b.length - a.length).map(escaped);
    // As whole words: eight digits inside a longer number are a time or a size, not an access code.
    return new RegExp(`(?<![A-Za-z0-9])(?:${values.join('|')})(?![A-Za-z0-9])`);
  }
}

/**
 * The line with those secrets gone that no replacement in its text could take without breaking the JSON: objects
 * under a secret name, numbers that are a secret. Rare enough that the line may be taken apart for it.
 */
function rebuilt(line: string, values: RegExp | null): string {
  const cleaned = JSON.stringify(JSON.parse(line), (key, value: unknown) => {
    if (typeof value === 'object' && value !== null && NAME.test(key)) return STRUCK;
    return typeof value === 'number' && values?.test(String(value)) === true ? STRUCK : value;
  });
  return `${cleaned}\n`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
