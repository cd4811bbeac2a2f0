/** A value of an option as far as SKU codes name it. */
export interface SuffixedValue {
  readonly id: string;
  readonly name: string;
  readonly suffixes: readonly string[];
}

/** An option of a SKU with the values that the SKU offers. */
export interface SuffixedOption {
  readonly id: string;
  readonly name: string;
  readonly values: readonly SuffixedValue[];
}

/** What one suffix says. */
export interface ReadSuffix {
  readonly optionId: string;
  readonly optionName: string;
  readonly value: string;
  readonly valueId: string;
  readonly suffix: string;
}

/**
 * Reads what follows the base of a SKU code: one suffix of each option, in the order of the options, and nothing else.
 * At each place the longest suffix counts with which the rest can be read too.
 *
 * @returns what was read; `ambiguous` when a suffix stands for two values; null when it cannot be read
 */
export function readSuffixes(
  text: string,
  options: readonly SuffixedOption[],
): readonly ReadSuffix[] | 'ambiguous' | null {
  const longest = options.map(suffixesOf);
  // Places from which the rest was tried in vain: without them, suffixes that overlap would be tried over and over.
  const vain = new Set<string>();

  function from(option: number, at: number): readonly string[] | null {
    const suffixes = longest[option];
    if (suffixes === undefined) return at === text.length ? [] : null;
    const place = `${option} ${at}`;
    if (vain.has(place)) return null;
    for (const suffix of suffixes) {
      const rest = text.startsWith(suffix, at) ? from(option + 1, at + suffix.length) : null;
      if (rest) return [suffix, ...rest];
    }
    vain.add(place);
    return null;
  }

  const read = from(0, 0);
  return read && meaning(options, read);
}

function suffixesOf({ values }: SuffixedOption): readonly string[] {
  const all = new Set(values.flatMap(({ suffixes }) => suffixes));
  return [...all].sort((a, b) => b.length - a.length);
}

function meaning(
  options: readonly SuffixedOption[],
  read: readonly string[],
): readonly ReadSuffix[] | 'ambiguous' {
  const made: ReadSuffix[] = [];
  for (const [index, option] of options.entries()) {
    const suffix = read[index] ?? '';
    const [value, other] = option.values.filter(({ suffixes }) => suffixes.includes(suffix));
    if (!value || other) return 'ambiguous';
    const { id: optionId, name: optionName } = option;
    made.push({ optionId, optionName, value: value.name, valueId: value.id, suffix });
  }
  return made;
}
