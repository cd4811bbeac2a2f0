import { SlicedFileError } from './sliced-file-error.js';

export type JsonObject = ReadonlyMap<string, unknown>;

/**
 * Parses a JSON object into a map, so that no key of an uploaded file can mean anything to the language.
 * @throws SlicedFileError `malformed`
 */
export function parseJsonObject(bytes: Buffer, what: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SlicedFileError('malformed', `${what} is not valid JSON.`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new SlicedFileError('malformed', `${what} is not a JSON object.`);
  }
  return new Map(Object.entries(parsed));
}
