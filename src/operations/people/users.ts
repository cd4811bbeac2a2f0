import { z } from 'zod';
import { ApiError, invalidInput } from '../../contract/errors.js';
import { timestamp } from '../../contract/time.js';
import type { Transaction } from '../../database/transaction.js';
import { refuseMore } from '../../domain/grants.js';
import { openInvitations } from '../../domain/invitations.js';
import { membersOf, removeMember, requireMember, transferOwnership } from '../../domain/members.js';
import type { Parameters } from '../../query/parse-get.js';
import { demand, isSelf } from '../access/demand.js';
import type { Deps } from '../deps.js';
import { type CallContext, type Operation, operation } from '../operation.js';
import { noParams, permissions } from '../schemas.js';
import { bulkResult, type PersonSummary, userDetails, usersPage } from './people-shapes.js';
import { invitationSummary, memberDetails, memberSummary } from './user-view.js';

export const userParam = z.object({ userId: z.string().min(1).max(64) });

const listQuery = z.object({
  search: z.string().max(255).optional(),
  role: z.string().max(64).optional(),
  status: z.enum(['active', 'inactive'], 'active or inactive').optional(),
  limit: z.coerce.number('a whole number from 1 to 1000').int().min(1).max(1_000).optional(),
  offset: z.coerce.number('a whole number from 0 on').int().min(0).optional(),
});

/** Who belongs to the store, and who is invited. */
export function userOperations(deps: Deps): Operation[] {
  const { database, clock } = deps;

  const list = operation({
    id: 'users.list',
    method: 'GET',
    path: '/v1/users',
    status: 200,
    summary: 'Members of the store and open invitations, narrowed by search, role and status',
    permissions: ['user.view'],
    params: noParams,
    body: null,
    query: () => listQuery,
    answer: () => usersPage,
    async run({ query }, { caller }) {
      const asked = readQuery(query);
      const now = clock.now();
      const members = await membersOf(database.read, caller.storeId);
      const invited = await openInvitations(database.read, caller.storeId);
      const everybody = [
        ...members.map((member) => memberSummary(member, now)),
        ...invited.map((row) => invitationSummary(row, timestamp(now))),
      ].filter((person) => fits(person, asked));
      const from = asked.offset ?? 0;
      const users = everybody.slice(from, from + (asked.limit ?? deps.query.defaultLimit));
      return { users, total: everybody.length };
    },
  });

  const get = operation({
    id: 'users.get',
    method: 'GET',
    path: '/v1/users/{userId}',
    status: 200,
    summary: 'One member with what it did last; everybody may see their own',
    permissions: [],
    params: userParam,
    body: null,
    answer: () => userDetails,
    async run({ params }, { caller }) {
      if (!isSelf(caller, params.userId)) demand(caller, 'user.edit');
      const member = await requireMember(database.read, caller.storeId, params.userId);
      return memberDetails(database.read, member, clock.now());
    },
  });

  const remove = operation({
    id: 'users.remove',
    method: 'DELETE',
    path: '/v1/users/{userId}',
    status: 200,
    summary: 'Take a member out of the store; the owner goes only when it is handed to another',
    permissions: ['user.delete'],
    params: userParam,
    body: z.object({ userId: z.string().min(1).max(64), transferOwnershipTo: z.string().max(64).optional() }),
    answer: () => z.object({ success: z.boolean(), message: z.string() }),
    async run({ params, body }, context) {
      if (body.userId !== params.userId) {
        throw invalidInput([
          { path: '$input.userId', expected: `the user of the path, ${params.userId}`, value: body.userId },
        ]);
      }
      const gone = await database.write(context.write, (tx) =>
        takeOut(tx, context, params.userId, body.transferOwnershipTo ?? null),
      );
      return { success: true, message: `${gone.email ?? 'The user'} does not belong to the store any more` };
    },
  });

  const bulk = operation({
    id: 'users.bulk',
    method: 'POST',
    path: '/v1/users/bulk',
    status: 201,
    summary: 'Take several members out of the store; those who cannot go are named with the reason',
    permissions: ['user.delete'],
    params: noParams,
    body: z.object({
      userIds: z.array(z.string().max(64)).max(1_000),
      operation: z.literal('remove'),
      // Of operations that the contract knows no more; they say nothing here.
      roleId: z.string().max(64).optional(),
      permissions: permissions.optional(),
    }),
    answer: () => bulkResult,
    async run({ body }, context) {
      const succeeded: string[] = [];
      const failed: { userId: string; error: string }[] = [];
      for (const userId of new Set(body.userIds)) {
        try {
          await database.write(context.write, (tx) => takeOut(tx, context, userId, null));
          succeeded.push(userId);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          failed.push({ userId, error: error.message });
        }
      }
      return { succeeded, failed };
    },
  });

  const transfer = operation({
    id: 'local.users.transferOwnership',
    method: 'POST',
    path: '/local/users/{userId}/ownership',
    status: 201,
    summary: 'Hand the store on to another member; the owner alone may',
    permissions: ['organization.owner'],
    params: userParam,
    body: null,
    answer: () => userDetails,
    async run({ params }, { caller, write }) {
      await database.write(write, (tx) => transferOwnership(tx, params.userId));
      const member = await requireMember(database.read, caller.storeId, params.userId);
      return memberDetails(database.read, member, clock.now());
    },
  });

  return [list, get, remove, bulk, transfer];
}

async function takeOut(
  tx: Transaction,
  { caller }: CallContext,
  userId: string,
  newOwnerId: string | null,
): Promise<{ readonly email: string | null }> {
  const member = await requireMember(tx.db, caller.storeId, userId);
  if (isSelf(caller, userId) && !member.isOwner)
    throw new ApiError('conflict', 'Nobody can take themselves out of the store; ask another member');
  refuseMore(caller.permissions, member.effective, 'This member');
  if (newOwnerId !== null && !member.isOwner)
    throw new ApiError('conflict', 'This member does not own the store: leave transferOwnershipTo out');
  if (newOwnerId === userId)
    throw new ApiError('conflict', 'The store cannot be handed to the one who leaves it');
  if (newOwnerId !== null) await transferOwnership(tx, newOwnerId);
  return removeMember(tx, userId);
}

type ListQuery = z.infer<typeof listQuery>;

function readQuery(query: Parameters): ListQuery {
  const parsed = listQuery.safeParse(Object.fromEntries(query));
  if (parsed.success) return parsed.data;
  throw invalidInput(
    parsed.error.issues.map(({ path, message }) => ({ path: `$query.${path.join('.')}`, expected: message })),
  );
}

function fits(person: PersonSummary, { search, role, status }: ListQuery): boolean {
  const text = `${person.email}\n${person.displayName ?? ''}`.toLowerCase();
  return (
    (search === undefined || text.includes(search.toLowerCase())) &&
    (role === undefined || person.roles.includes(role)) &&
    (status === undefined || person.status === status)
  );
}
