import { z } from 'zod';

/** Schemas that many operations share. */

export const id = z.string().regex(/^[a-z0-9]{24}$/, 'an id of 24 lower-case letters and digits');
export const ids = z.array(id).max(10_000);

export const noParams = z.object({});
export const idParam = z.object({ id });
