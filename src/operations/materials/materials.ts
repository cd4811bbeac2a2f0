import { z } from 'zod';
import {
  material,
  materialGroup,
  materialGroupMember,
  materialInstance,
  materialProfileAssignment,
  materialVariant,
  partMaterialAssignment,
  printerSlot,
} from '../../resources/index.js';
import type { Deps } from '../deps.js';
import type { Operation } from '../operation.js';
import { id, noParams } from '../schemas.js';
import { getOperation, plainListOperation, standardOperations } from '../standard.js';
import {
  createManyOperation,
  createOperation,
  deleteManyOperation,
  deleteOperation,
  updateOperation,
} from '../standard-writes.js';

const VARIANTS = '/v1/materials/variants';
const GROUPS = '/v1/materials/groups';
const MEMBERS = '/v1/materials/group-members';
const INSTANCES = '/v1/materials/instances';

/** Materials and all that belongs to them; the rules are in `domain/materials.ts`. */
export function materialOperations(deps: Deps): Operation[] {
  const whole = (resource: Parameters<typeof plainListOperation>[0], path: string) =>
    plainListOperation(resource, deps, {
      id: `${resource.name}.all`,
      path,
      summary: `List every ${resource.label} of the store, whole`,
      params: noParams,
    });

  const variantsOf = plainListOperation(materialVariant, deps, {
    id: 'materials.variants',
    path: '/v1/materials/{materialId}/variants',
    summary: 'List the variants of a material',
    params: z.object({ materialId: id }),
    where: ({ materialId }) => ({ kind: 'field', field: 'materialId', operator: 'eq', value: materialId }),
  });
  const membersOf = plainListOperation(materialGroupMember, deps, {
    id: 'materialGroups.members',
    path: `${MEMBERS}/group/{groupId}`,
    summary: 'List the members of a material group in the order in which they are taken',
    params: z.object({ groupId: id }),
    where: ({ groupId }) => ({ kind: 'field', field: 'materialGroupId', operator: 'eq', value: groupId }),
  });

  return [
    ...standardOperations(material, deps),
    ...standardOperations(materialVariant, deps),
    ...standardOperations(materialProfileAssignment, deps),
    ...standardOperations(partMaterialAssignment, deps),
    variantsOf,
    whole(materialVariant, VARIANTS),
    createOperation(materialVariant, deps, VARIANTS),
    createManyOperation(materialVariant, deps, `${VARIANTS}/batch`),
    getOperation(materialVariant, deps, { at: VARIANTS }),
    updateOperation(materialVariant, deps, VARIANTS),
    deleteOperation(materialVariant, deps, VARIANTS),
    deleteManyOperation(materialVariant, deps, VARIANTS),
    whole(materialGroup, GROUPS),
    createOperation(materialGroup, deps, GROUPS),
    getOperation(materialGroup, deps, { at: GROUPS }),
    updateOperation(materialGroup, deps, GROUPS),
    deleteOperation(materialGroup, deps, GROUPS),
    deleteManyOperation(materialGroup, deps, GROUPS),
    membersOf,
    whole(materialGroupMember, MEMBERS),
    createOperation(materialGroupMember, deps, MEMBERS),
    getOperation(materialGroupMember, deps, { at: MEMBERS, nullable: true }),
    deleteManyOperation(materialGroupMember, deps, MEMBERS),
    whole(materialInstance, INSTANCES),
    createOperation(materialInstance, deps, INSTANCES),
    getOperation(materialInstance, deps, { at: INSTANCES, nullable: true }),
    updateOperation(materialInstance, deps, INSTANCES, 'PUT'),
    deleteOperation(materialInstance, deps, INSTANCES),
    whole(printerSlot, '/v1/materials/printer-slots'),
  ];
}
