import { SlicedFileError } from './sliced-file-error.js';

const LONGEST_NAME = 1024;

/**
 * Accepts an archive entry's name as a relative path with forward slashes.
 * @throws SlicedFileError `unsafe-path`
 */
export function assertSafeEntryName(name: string): void {
  const fault = faultOf(name);
  if (fault === null) return;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new SlicedFileError('unsafe-path', `The archive holds an entry named ${shown}, which ${fault}.`);
}

function faultOf(name: string): string | null {
  if (name === '') return 'is empty';
  if (name.length > LONGEST_NAME) return `is longer than ${LONGEST_NAME} characters`;
  if (name.includes('\0')) return 'contains a NUL character';
  if (name.includes('\\')) return 'contains a backslash';
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) return 'is an absolute path';
  const segments = name.split('/');
  if (segments.some((segment) => segment === '..' || segment === '.')) return 'steps out of its folder';
  return null;
}
