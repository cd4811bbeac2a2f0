import type { Draw } from './draw.js';

/** Every tag that a person may give a printer. When all is mended each printer has the first three. */
export const TAGS = ['north', 'south', 'fast', 'closed'] as const;
export const MENDED_TAGS: readonly string[] = TAGS.slice(0, 3);

/** What jobs ask of `user.tags`; a printer with the tags of a mended farm has all of it. */
const ASKED = ['north', 'north|fast', '&=north,south', '|=south,fast', '!=closed'] as const;

/** Required tags of a job, most often none. */
export function drawRequired(draw: Draw): Readonly<Record<string, string>> {
  return draw.chance(25) ? { 'user.tags': draw.one(ASKED) } : {};
}

/** The referee's own reading of what a job asks of its printer's tags. */
export function hasTags(required: Readonly<Record<string, string>>, tags: readonly string[]): boolean {
  const text = required['user.tags'] ?? '';
  const named = text
    .replace(/^[&|!]=/, '')
    .split(/[,|]/)
    .filter((tag) => tag !== '');
  const has = (tag: string) => tags.includes(tag);
  if (text.startsWith('|=')) return named.some(has);
  return text.startsWith('!=') ? !named.some(has) : named.every(has);
}
