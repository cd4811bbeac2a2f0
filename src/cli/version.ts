import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const packageSchema = z.object({ name: z.literal('printfarmd'), version: z.string() });

/** Version of the package that this file belongs to, whether it runs from the sources or from `dist/`. */
export async function programVersion(): Promise<string> {
  for (
    let folder = dirname(fileURLToPath(import.meta.url));
    folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    try {
      const found = packageSchema.safeParse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
      if (found.success) return found.data.version;
    } catch {
      // No package.json here: one folder up.
    }
  }
  return 'unknown';
}
