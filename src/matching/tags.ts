/** How the values of a required tag combine. */
export type TagMode = 'all' | 'any' | 'none';

export interface TagRequirement {
  readonly mode: TagMode;
  readonly values: readonly string[];
}

const PREFIXES: Readonly<Record<string, TagMode>> = { '&=': 'all', '|=': 'any', '!=': 'none' };

/**
 * Reads the text of a required tag.
 *
 * `a|b` and `a,b` combine by `plainMode`; `&=a,b` asks for all, `|=a,b` for any, `!=a,b` for none of them.
 * Commas and pipes separate everywhere, blanks around a value are dropped, a backslash takes the next character
 * literally, empty values do not count.
 */
export function parseTag(text: string, plainMode: 'all' | 'any'): TagRequirement {
  const trimmed = text.trimStart();
  const mode = PREFIXES[trimmed.slice(0, 2)];
  return mode === undefined
    ? { mode: plainMode, values: splitValues(text) }
    : { mode, values: splitValues(trimmed.slice(2)) };
}

/** Whether the requirement holds for what there is. One without values asks for nothing. */
export function satisfiesTag(requirement: TagRequirement, held: ReadonlySet<string>): boolean {
  const { mode, values } = requirement;
  if (values.length === 0) return true;
  switch (mode) {
    case 'all':
      return values.every((value) => held.has(value));
    case 'any':
      return values.some((value) => held.has(value));
    case 'none':
      return !values.some((value) => held.has(value));
  }
}

function splitValues(text: string): string[] {
  const values: string[] = [];
  let value = '';
  /** Length up to which `value` may not be trimmed, because an escaped character stands there. */
  let kept = 0;

  const finish = () => {
    const whole = value.slice(0, kept) + value.slice(kept).trimEnd();
    if (whole !== '') values.push(whole);
    value = '';
    kept = 0;
  };

  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === ',' || char === '|') {
      finish();
    } else if (char === '\\' && at + 1 < text.length) {
      at++;
      value += text.charAt(at);
      kept = value.length;
    } else if (value !== '' || char.trim() !== '') {
      value += char;
    }
  }
  finish();
  return values;
}
