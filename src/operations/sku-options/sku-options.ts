import { z } from 'zod';
import {
  skuOption,
  skuOptionBinding,
  skuOptionProperty,
  skuOptionValue,
  skuOptionValueFilter,
} from '../../resources/index.js';
import type { Resource } from '../../resources/resource.js';
import type { Deps } from '../deps.js';
import { auditName, type Operation, operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { getOperation, plainListOperation, requireEntity, standardOperations } from '../standard.js';
import { createOperation, deleteOperation, updateOperation } from '../standard-writes.js';
import { filterOperations } from './filters.js';
import { deletePropertyOperation, renamePropertyOperation } from './properties.js';
import { createPropertyValueOperation, propertyValueOperations } from './property-values.js';
import { reorderOperation } from './reorder.js';
import { skuMatchOperation } from './sku-match.js';

const BASE = '/v1/sku-variants';

/** The contract's other name for all of it. */
const TWIN = '/v1/sku-options';

/** Addresses that the contract does not have: a published guide to the API makes them of the names of the entities. */
const GUESSED: readonly (readonly [path: string, other: string])[] = [
  [`${BASE}/values`, '/v1/sku-option-values'],
  [`${BASE}/props`, '/v1/sku-option-properties'],
  [`${BASE}/prop-values`, '/v1/sku-option-property-values'],
  [`${BASE}/bindings`, '/v1/sku-option-bindings'],
  [`${BASE}/filters`, '/v1/sku-option-value-filters'],
];

/** The options of SKUs with all that belongs to them; the rules are in `domain/sku-options.ts` and its neighbours. */
export function skuOptionOperations(deps: Deps): Operation[] {
  const declared = [
    ...standardOperations(skuOption, deps),
    valuesOfOption(deps),
    ...valueOperations(deps, `${BASE}/values`),
    ...propertyOperations(deps, `${BASE}/props`),
    ...propertyValueOperations(deps, `${BASE}/prop-values`),
    ...bindingOperations(deps, `${BASE}/bindings`),
    ...filterOperations(deps, BASE),
    skuMatchOperation(deps, BASE),
  ];
  const single = oneAtATime(deps);
  const taken = new Set(single.map(routeOf));
  const guessed = GUESSED.flatMap(([path, other]) => elsewhere(declared, path, other))
    .filter((one) => !taken.has(routeOf(one)))
    .concat(single)
    .map((one) => operation({ ...one, older: true }));
  return [...declared, ...elsewhere(declared, BASE, TWIN), ...guessed];
}

function routeOf({ method, path }: Operation): string {
  return `${method} ${path}`;
}

/** Those below a path at another one: one definition each, and one name each in the audit log. */
function elsewhere(declared: readonly Operation[], path: string, other: string): Operation[] {
  const family = other.slice('/v1/'.length);
  return declared
    .filter((one) => one.path === path || one.path.startsWith(`${path}/`))
    .map((one) =>
      operation({
        ...one,
        id: `${family}.${one.id}`,
        audit: auditName(one),
        path: other + one.path.slice(path.length),
      }),
    );
}

/** What the contract has in sets only. */
function oneAtATime(deps: Deps): Operation[] {
  const filters = '/v1/sku-option-value-filters';
  return [
    createPropertyValueOperation(deps, '/v1/sku-option-property-values'),
    whole(skuOptionValueFilter, deps, filters),
    createOperation(skuOptionValueFilter, deps, filters),
  ];
}

function whole(resource: Resource, deps: Deps, path: string): Operation {
  return plainListOperation(resource, deps, {
    id: `${resource.name}.all`,
    path,
    summary: `List every ${resource.label} of the store, whole`,
    params: noParams,
  });
}

function valuesOfOption(deps: Deps): Operation {
  return plainListOperation(skuOptionValue, deps, {
    id: 'skuOption.values',
    path: `${BASE}/{groupId}/values`,
    summary: 'List the values of a SKU option in their order',
    params: z.object({ groupId: id }),
    async where({ groupId }, storeId) {
      await requireEntity(skuOption, deps, storeId, groupId);
      return { kind: 'field', field: 'optionId', operator: 'eq', value: groupId };
    },
  });
}

function valueOperations(deps: Deps, at: string): Operation[] {
  return [
    whole(skuOptionValue, deps, at),
    createOperation(skuOptionValue, deps, at),
    reorderOperation(skuOptionValue, deps, at, 'optionValueId'),
    getOperation(skuOptionValue, deps, { at }),
    updateOperation(skuOptionValue, deps, at),
    deleteOperation(skuOptionValue, deps, at),
  ];
}

function propertyOperations(deps: Deps, at: string): Operation[] {
  return [
    whole(skuOptionProperty, deps, at),
    createOperation(skuOptionProperty, deps, at),
    reorderOperation(skuOptionProperty, deps, at, 'propertyId'),
    getOperation(skuOptionProperty, deps, { at }),
    renamePropertyOperation(deps, at),
    deletePropertyOperation(deps, at),
  ];
}

function bindingOperations(deps: Deps, at: string): Operation[] {
  const properties = plainListOperation(skuOptionProperty, deps, {
    id: 'skuOptionBinding.properties',
    path: `${at}/{id}/properties`,
    summary: 'List the properties of a SKU option that hold for one SKU alone',
    params: z.object({ id }),
    async where(params, storeId) {
      await requireEntity(skuOptionBinding, deps, storeId, params.id);
      const bound = ['bindingId', 'bindingId2', 'bindingId3'].map(
        (field) => ({ kind: 'field', field, operator: 'eq', value: params.id }) as const,
      );
      return { kind: 'or', of: bound };
    },
  });
  return [
    whole(skuOptionBinding, deps, at),
    createOperation(skuOptionBinding, deps, at),
    reorderOperation(skuOptionBinding, deps, at, 'bindingId'),
    getOperation(skuOptionBinding, deps, { at }),
    updateOperation(skuOptionBinding, deps, at),
    deleteOperation(skuOptionBinding, deps, at),
    properties,
  ];
}
