import { StorageError } from './storage-error.js';

const LONGEST_NAME = 1024;

/** Control characters, and those that make a name read otherwise than it is (writing direction). */
const INVISIBLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The name a file is stored under, from what a client calls it: the last segment of a name that may hold
 * sub-folders, without control characters.
 * @throws StorageError `bad-name` for an empty name, one above 1024 characters, or one that steps upwards
 */
export function fileNameOf(name: string): string {
  if (name.length > LONGEST_NAME) throw badName(name, `is longer than ${LONGEST_NAME} characters`);
  const segments = name
    .replace(INVISIBLE, '')
    // Half of a character pair cannot be put into a URL.
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .split(/[/\\]/)
    .map((segment) => segment.trim());
  if (segments.includes('..')) throw badName(name, 'steps out of its folder');
  const last = segments.at(-1) ?? '';
  if (last === '' || last === '.') throw badName(name, 'has no last part');
  return last;
}

/** Percent-encodes one path segment; blanks become `%20`, `+` becomes `%2B`. */
export function encodeFileName(name: string): string {
  return encodeURIComponent(name.replace(/\p{Surrogate}/gu, '\uFFFD'));
}

/** The readable name of a segment; one that is not valid percent-encoding is taken to be readable already. */
export function decodeFileName(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function badName(name: string, fault: string): StorageError {
  return new StorageError('bad-name', `The file name ${JSON.stringify(name.slice(0, 80))} ${fault}.`);
}
