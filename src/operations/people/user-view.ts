import { type Kysely, sql } from 'kysely';
import { isPermission } from '../../contract/permissions.js';
import type { Invitation } from '../../domain/invitations.js';
import type { Member } from '../../domain/members.js';
import { OWNER_ROLE } from '../../domain/roles.js';
import type { Tables } from '../../resources/index.js';
import type { Activity, PersonDetails, PersonSummary } from './people-shapes.js';

const INACTIVE_AFTER_MS = 30 * 86_400_000;

/** @param now epoch milliseconds */
export function memberSummary({ user, isOwner, roles, permissions }: Member, now: number): PersonSummary {
  const { id, email, displayName, lastActiveAt, createdAt } = user;
  const seen = Date.parse(lastActiveAt ?? createdAt);
  return {
    userId: id,
    // The contract wants a text also of an owner who has not signed up.
    email: email ?? '',
    ...(displayName === null ? {} : { displayName }),
    isOwner,
    roles: [...(isOwner ? [OWNER_ROLE] : []), ...roles.map((role) => role.id)],
    permissions: [
      ...(isOwner ? (['organization.owner'] as const) : []),
      ...permissions.map(({ permission }) => permission),
    ],
    ...(lastActiveAt === null ? {} : { lastActive: lastActiveAt }),
    status: now - seen > INACTIVE_AFTER_MS ? 'inactive' : 'active',
    createdAt,
  };
}

/** @param now as times are stored */
export function invitationSummary(row: Invitation, now: string): PersonSummary {
  const { id, email, roleId, permissions, expiresAt, invitedByEmail, createdAt } = row;
  return {
    email: email ?? '',
    isOwner: false,
    roles: roleId === null ? [] : [roleId],
    permissions: permissions.filter(isPermission),
    status: expiresAt > now ? 'invited' : 'expired',
    createdAt,
    invitationId: id,
    expiresAt,
    ...(invitedByEmail === null ? {} : { invitedByEmail }),
  };
}

const ACTIVITY_MAX = 50;

/** The last that a user did, of what the audit log holds. */
export async function activityOf(db: Kysely<Tables>, userId: string): Promise<Activity[]> {
  const rows = await db
    .selectFrom('auditLog')
    .select(['id', 'action', 'detailedAction', 'entityType', 'entityId', 'entityIds', 'createdAt'])
    .where('actorId', '=', userId)
    // Word for word as in its index, which holds entries of users alone.
    .where(sql<boolean>`"actorType" = 'user'`)
    .orderBy('createdAt', 'desc')
    .limit(ACTIVITY_MAX)
    .execute();
  return rows.map((row) => {
    const ids: unknown = row.entityIds === null ? [] : JSON.parse(row.entityIds);
    const what = row.entityId ?? (Array.isArray(ids) && ids.length > 0 ? `${ids.length} of them` : null);
    return {
      id: row.id,
      action: row.detailedAction ?? row.action ?? 'change',
      timestamp: row.createdAt,
      details: what === null ? row.entityType : `${row.entityType}: ${what}`,
    };
  });
}

/** A user as its own page shows it. */
export async function memberDetails(db: Kysely<Tables>, member: Member, now: number): Promise<PersonDetails> {
  return { ...memberSummary(member, now), activityLog: await activityOf(db, member.user.id) };
}
