import { invalidInput } from '../contract/errors.js';
import { folder, sku } from '../resources/index.js';
import { letGoOfSku } from './order-item-rules.js';
import type { EntityRules } from './rules.js';
import { refuseTwin } from './twin.js';

export const skuRules: EntityRules = {
  async write(tx, values, before) {
    if (typeof values.folderId === 'string') {
      const { type } = await tx.get(folder, values.folderId);
      if (type !== 'sku') {
        throw invalidInput([
          { path: '$input.folderId', expected: 'a folder of type sku', value: values.folderId },
        ]);
      }
    }
    if (typeof values.sku !== 'string') return values;
    const code = values.sku.trim();
    if (code === '') throw invalidInput([{ path: '$input.sku', expected: 'a code', value: values.sku }]);
    await refuseTwin(tx, sku, before, { sku: code }, `code ${JSON.stringify(code)}`);
    return { ...values, sku: code };
  },
  remove: (tx, row) => letGoOfSku(tx, { id: String(row.id), sku: String(row.sku) }),
};
