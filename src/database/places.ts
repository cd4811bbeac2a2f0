import { join } from 'node:path';

/** Where the database of a data folder lies. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'printfarmd.db');
}
