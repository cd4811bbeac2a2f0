import { z } from 'zod';
import { isPermission, PERMISSIONS, type Permission } from '../contract/permissions.js';

/** Schemas that many operations share. */

export const id = z.string().regex(/^[a-z0-9]{24}$/, 'an id of 24 lower-case letters and digits');
export const ids = z.array(id).max(10_000);

export const permission = z
  .custom<Permission>(
    (value) => typeof value === 'string' && isPermission(value),
    'a permission of the list at /v1/permissions/types',
  )
  .meta({ type: 'string', enum: [...PERMISSIONS] });
export const permissions = z.array(permission).max(200);

export const noParams = z.object({});
export const idParam = z.object({ id });
