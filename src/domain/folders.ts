import { invalidInput } from '../contract/errors.js';
import { folder } from '../resources/index.js';
import type { EntityRules } from './rules.js';
import { refuseCycle } from './tree.js';

/** A folder lies in one of its own kind, and never in itself. */
export const folderRules: EntityRules = {
  async write(tx, values, before) {
    const { parentId } = values;
    if (typeof parentId !== 'string') return values;
    const type = values.type ?? before?.type;
    const parent = await tx.get(folder, parentId);
    if (parent.type !== type) {
      throw invalidInput([
        { path: '$input.parentId', expected: `a folder of type ${String(type)}`, value: parentId },
      ]);
    }
    if (typeof before?.id === 'string')
      await refuseCycle(tx, folder, before.id, parentId, (row) => row.parentId);
    return values;
  },
};
