import { z } from 'zod';
import { matchSku } from '../../domain/sku-match.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { id } from '../schemas.js';

const code = z
  .string()
  .max(4_096)
  .refine((text) => !text.includes('\0'), 'a SKU code without NUL characters');

const skuMatchResult = z
  .object({
    skuId: id,
    sku: z.string(),
    options: z.array(
      z
        .object({ optionId: id, optionName: z.string(), value: z.string(), valueId: id, suffix: z.string() })
        .meta({ id: 'SkuMatchOptionResult' }),
    ),
  })
  .meta({ id: 'SkuMatchResult' });

/** Which SKU a shop's code means, and what the suffixes behind its base say. */
export function skuMatchOperation(deps: Deps, base: string): Operation {
  return operation({
    id: 'skuOption.match',
    method: 'GET',
    path: `${base}/sku-match/{skuString}`,
    status: 200,
    summary:
      'Find the SKU that a code means, with the option values that its suffixes name; null when none is meant',
    permissions: ['sku.view'],
    params: z.object({ skuString: code }),
    body: null,
    answer: () => z.union([z.null(), skuMatchResult]),
    async run({ params }, { caller }) {
      const found = await matchSku(deps.database.read, caller.storeId, params.skuString);
      // Two readings are as good as none: nobody may print the one by chance.
      return found === 'ambiguous' ? null : found;
    },
  });
}
