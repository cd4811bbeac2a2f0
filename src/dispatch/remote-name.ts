const SUFFIX = '.gcode.3mf';
/** Bytes that every file system of a printer and every url of a start command carries without harm. */
const LONGEST_BYTES = 60;

/**
 * Name of a file in a printer's root folder (docs/protocol.md §8.4): `<label>-<token>.gcode.3mf`, made of
 * `A-Za-z0-9._-`, at most 60 bytes, without a leading dot, the suffix once. Two dispatches never share a name because
 * they never share a token.
 * @param label what a person calls the file, for the printer's screen; any text, its own suffix is dropped
 * @param token of the dispatch, 1 to 2147483647
 */
export function remoteNameFor(label: string, token: number): string {
  if (!Number.isSafeInteger(token) || token < 1 || token > 2_147_483_647) {
    throw new RangeError(`A dispatch token is a whole number from 1 to 2147483647, not ${token}.`);
  }
  const tail = `-${token}${SUFFIX}`;
  const room = LONGEST_BYTES - tail.length;
  const readable = plain(label)
    .slice(0, room)
    .replace(/[._-]+$/, '');
  return `${readable === '' ? 'job' : readable}${tail}`;
}

/** Letters lose their marks, everything else that is not plain becomes one underscore. */
function plain(label: string): string {
  return label
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/(\.gcode|\.3mf)+$/i, '')
    .replace(/\.(gcode|3mf)/gi, '_$1')
    .replace(/\.{2,}/g, '.')
    .replace(/_{2,}/g, '_')
    .replace(/^[._-]+/, '');
}
