/**
 * Number of single-character insertions, deletions, substitutions and swaps of neighbours that turn `from` into `to`
 * (optimal string alignment).
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/** Short words allow one slip, longer ones up to three: beyond that a suggestion would be a guess. */
function tolerance(length: number): number {
  if (length <= 5) return 1;
  return length <= 9 ? 2 : 3;
}

/** `Access_code`, `access-code` and `accesscode` are one word to somebody who types a key. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** The candidate nearest to a misspelt word, or null when none is near enough to be meant. */
export function suggest(word: string, candidates: readonly string[]): string | null {
  let nearest: string | null = null;
  let nearestRank = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(plain(word), plain(candidate));
    if (distance > tolerance(Math.max(word.length, candidate.length))) continue;
    // Among equally near words the one written alike, capitals included, is the likelier meaning.
    const rank = distance + editDistance(word, candidate) / 1000;
    if (rank >= nearestRank) continue;
    nearest = candidate;
    nearestRank = rank;
  }
  return nearest;
}
