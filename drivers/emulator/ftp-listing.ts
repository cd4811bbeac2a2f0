/** Folder listings and times as the printers' FTP servers write them. */
import { posix } from 'node:path';
import type { FolderEntry } from './storage.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Unix style with dates that carry no year. */
export function longListing(entries: readonly FolderEntry[]): string {
  return entries
    .map((entry) => {
      const mode = entry.isFolder ? 'drwxr-xr-x' : '-rw-r--r--';
      const size = String(entry.isFolder ? 4096 : entry.bytes).padStart(12);
      const at = entry.modified;
      const day = String(at.getUTCDate()).padStart(2);
      const clock = at.toISOString().slice(11, 16);
      return `${mode}    1 103      107    ${size} ${MONTHS[at.getUTCMonth()]} ${day} ${clock} ${entry.name}\r\n`;
    })
    .join('');
}

/** One name a line; big machines give whole paths, small ones bare names. */
export function nameListing(entries: readonly FolderEntry[], folder: string, fullPaths: boolean): string {
  return entries.map((entry) => `${fullPaths ? posix.join(folder, entry.name) : entry.name}\r\n`).join('');
}

/** `YYYYMMDDHHMMSS` in UTC. */
export function modificationTime(date: Date): string {
  return date.toISOString().replace(/\D/g, '').slice(0, 14);
}
