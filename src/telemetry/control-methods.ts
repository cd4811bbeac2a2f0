import * as z from 'zod';
import { ControlError } from './control-protocol.js';
import type { ControlHandler } from './control-server.js';

/** What the command line asks of a daemon, or does itself while none runs: parameters and answers. */

export const createKeyParamsSchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  /** Acts as the store's owner. Otherwise the key has exactly `permissions`. */
  fullAccess: z.boolean(),
  permissions: z.array(z.string().min(1).max(100)).max(200),
  /** ISO 8601, null for a key that does not expire. */
  expiresAt: z.iso.datetime({ offset: true }).nullable(),
});
export type CreateKeyParams = z.output<typeof createKeyParamsSchema>;

/** A new key; `key` is shown this once. */
export const createdKeySchema = z.object({
  id: z.string(),
  storeId: z.string(),
  name: z.string(),
  key: z.string(),
});
export type CreatedKey = z.output<typeof createdKeySchema>;

export const listedKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  active: z.boolean(),
  fullAccess: z.boolean(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
});
export type ListedKey = z.output<typeof listedKeySchema>;

export const revokeKeyParamsSchema = z.strictObject({ id: z.string().min(1).max(64) });
export type RevokeKeyParams = z.output<typeof revokeKeyParamsSchema>;

/** Lets the owner sign up, once; `invitation` is shown this once. */
export const ownerInvitationSchema = z.object({ invitation: z.string(), expiresAt: z.string() });
export type OwnerInvitation = z.output<typeof ownerInvitationSchema>;

/** The control socket's handler for a new invitation of the owner. */
export function ownerHandlers(invite: () => Promise<OwnerInvitation>): Record<string, ControlHandler> {
  return { 'owner.invite': async () => invite() };
}

/** A printer that the command line wants examined. */
export const examineParamsSchema = z.strictObject({ serial: z.string().min(1).max(64) });
/** Longest time that examining a printer may take, milliseconds. */
export const EXAMINE_MS = 60_000;

export const checkResultSchema = z.object({
  check: z.string(),
  outcome: z.enum(['ok', 'failed', 'skipped']),
  /** What was seen, or why it was not looked at. */
  detail: z.string(),
  /** How to mend it. */
  advice: z.string().nullable(),
});
export type ListedCheck = z.output<typeof checkResultSchema>;

/** The control socket's handler for examining a printer; `examine` answers null for one that is not known. */
export function examineHandlers(
  examine: (serial: string, signal: AbortSignal) => Promise<readonly ListedCheck[] | null>,
): Record<string, ControlHandler> {
  return {
    'printers.test': async (params, signal) => {
      const { serial } = checked(examineParamsSchema, params);
      const results = await examine(serial, signal);
      if (results === null) throw new ControlError('not-found', `there is no printer ${serial}`);
      return results;
    },
  };
}

/** API keys, through a running daemon or directly in the database. */
export interface KeyRing {
  /** @throws ControlError `invalid` for a permission that does not exist. */
  create(params: CreateKeyParams): Promise<CreatedKey>;
  list(): Promise<readonly ListedKey[]>;
  /**
   * Deletes a key; its connections end at once. Answers what was deleted.
   *
   * @throws ControlError `not-found` when there is no such key, `conflict` when it may not be deleted by hand.
   */
  revoke(params: RevokeKeyParams): Promise<ListedKey>;
}

function checked<Output>(schema: z.ZodType<Output>, params: unknown): Output {
  const result = schema.safeParse(params);
  if (!result.success) throw new ControlError('invalid', z.prettifyError(result.error));
  return result.data;
}

/** The control socket's handlers for a key ring; parameters are checked here. */
export function keyHandlers(keys: KeyRing): Record<string, ControlHandler> {
  return {
    'keys.create': async (params) => keys.create(checked(createKeyParamsSchema, params)),
    'keys.list': async () => keys.list(),
    'keys.revoke': async (params) => keys.revoke(checked(revokeKeyParamsSchema, params)),
  };
}
