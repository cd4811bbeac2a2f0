import { integration } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import type { Operation } from '../operation.js';
import { standardOperations } from '../standard.js';
import { etsyOperations } from './etsy.js';
import { filametricsOperations } from './filametrics.js';
import { ownShopOperations } from './own-shops.js';
import { shopifyOperations } from './shopify.js';

/** Connections to shops and services outside. */
export function integrationOperations(deps: Deps): Operation[] {
  return [
    ...standardOperations(integration, deps),
    ...etsyOperations(deps),
    ...shopifyOperations(deps),
    ...ownShopOperations(deps),
    ...filametricsOperations(),
  ];
}
