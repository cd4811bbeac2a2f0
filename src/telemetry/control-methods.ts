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

export const queueParamsSchema = z.strictObject({ limit: z.int().min(1).max(200) });

/** What is printed, what waits and why, and what failed lately. */
export const queueBoardSchema = z.object({
  at: z.string(),
  waiting: z.int(),
  underWay: z.int(),
  failed: z.int(),
  jobs: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      status: z.string(),
      /** Of low priority. */
      low: z.boolean(),
      /** Name of its printer. */
      printer: z.string().nullable(),
      /** Why it waits or failed, or how far it is; null when nothing is known. */
      why: z.string().nullable(),
    }),
  ),
});
export type QueueBoard = z.output<typeof queueBoardSchema>;

export const explainParamsSchema = z.strictObject({
  /** Its id, the beginning of it, or its label. */
  job: z.string().min(1).max(1024),
  /** The printer of which every check is wanted. */
  printer: z.string().max(1024).nullable(),
});
export type ExplainParams = z.output<typeof explainParamsSchema>;

/** One job: where it stands, what became of it so far, and what each printer says to it. */
export const jobExplanationSchema = z.object({
  kind: z.literal('job'),
  id: z.string(),
  label: z.string(),
  status: z.string(),
  low: z.boolean(),
  /** Place in the queue, 1 is the first; null when it does not wait. */
  place: z.int().nullable(),
  printer: z.string().nullable(),
  /** Why it waits, or what became of it; null when there is nothing to say. */
  why: z.string().nullable(),
  /** What a waiting job was told when it was tried last. */
  message: z.string().nullable(),
  /** The newest first. */
  attempts: z.array(
    z.object({ at: z.string(), printer: z.string(), outcome: z.string(), message: z.string().nullable() }),
  ),
  /** Those that fit first; null for a job that does not wait. */
  printers: z
    .array(
      z.object({
        name: z.string(),
        matched: z.boolean(),
        /** Nothing but passing circumstances stands in the way. */
        compatible: z.boolean(),
        checks: z.array(z.object({ label: z.string(), passed: z.boolean(), explanation: z.string() })),
      }),
    )
    .nullable(),
});
export type JobExplanation = z.output<typeof jobExplanationSchema>;

/** What the command line is told of the queue. */
export interface QueueDesk {
  board(limit: number): Promise<QueueBoard>;
  explain(
    params: ExplainParams,
  ): Promise<
    JobExplanation | { readonly kind: 'none' } | { readonly kind: 'several'; readonly ids: readonly string[] }
  >;
}

/** The control socket's handlers for looking at the queue. */
export function queueHandlers(desk: QueueDesk): Record<string, ControlHandler> {
  return {
    'queue.board': async (params) => desk.board(checked(queueParamsSchema, params).limit),
    'queue.explain': async (params) => {
      const given = checked(explainParamsSchema, params);
      const found = await desk.explain(given);
      if (found.kind === 'none') throw new ControlError('not-found', `there is no print job ${given.job}`);
      if (found.kind === 'several') {
        const ids = `${found.ids.slice(0, 5).join(', ')}${found.ids.length > 5 ? ' and more' : ''}`;
        throw new ControlError('conflict', `${given.job} is several print jobs: ${ids}`);
      }
      if (given.printer !== null && found.printers?.length === 0)
        throw new ControlError('not-found', `there is no printer ${given.printer}`);
      return found;
    },
  };
}
