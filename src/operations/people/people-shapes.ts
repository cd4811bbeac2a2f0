import { z } from 'zod';
import { id, permission } from '../schemas.js';

/** How people and their roles are answered. */

const time = z.iso.datetime({ precision: 3 });

const summaryFields = {
  /** Absent for an invitation. */
  userId: z.string().optional(),
  email: z.string(),
  displayName: z.string().optional(),
  isOwner: z.boolean(),
  /** Ids. */
  roles: z.array(z.string()),
  /** Given directly. */
  permissions: z.array(permission),
  lastActive: time.optional(),
  status: z.enum(['active', 'inactive', 'invited', 'expired']),
  createdAt: time,
  invitationId: z.string().optional(),
  expiresAt: time.optional(),
  invitedByEmail: z.string().optional(),
};

const userSummary = z.object(summaryFields).meta({ id: 'UserSummary' });
/** A user or an invitation as lists show it. */
export type PersonSummary = z.infer<typeof userSummary>;

export const usersPage = z
  .object({ users: z.array(userSummary), total: z.int() })
  .meta({ id: 'GetUsersResponse' });

const activity = z
  .object({ id: z.string(), action: z.string(), timestamp: time, details: z.string().optional() })
  .meta({ id: 'ActivityLogEntry' });
export type Activity = z.infer<typeof activity>;

export const userDetails = z
  .object({ ...summaryFields, activityLog: z.array(activity) })
  .meta({ id: 'UserDetails' });
export type PersonDetails = z.infer<typeof userDetails>;

export const bulkResult = z
  .object({
    succeeded: z.array(z.string()),
    failed: z.array(z.object({ userId: z.string(), error: z.string() })),
  })
  .meta({ id: 'BulkUpdateUsersResponse' });

/** The only answers that hold what opens an invitation. */
export const invited = z
  .object({ invitationId: z.string(), email: z.string(), expiresAt: time, token: z.string() })
  .meta({ id: 'InviteUserResponse' });
export const resent = z.object({ success: z.boolean(), token: z.string() });

export const success = z.object({ success: z.boolean() });

const roleFields = {
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  isSystem: z.boolean(),
};
export const roleSummary = z.object(roleFields).meta({ id: 'RoleSummary' });
export const roleWithPermissions = z
  .object({ ...roleFields, permissions: z.array(permission) })
  .meta({ id: 'RoleWithPermissions' });

export const allOfUser = z
  .object({
    owner: z.boolean(),
    permissions: z.array(
      z.object({ userId: z.string(), permission, id }).meta({ id: 'GetUserPermissionResponse' }),
    ),
    roles: z.array(z.string()),
    roleNames: z.array(z.string()),
    effectivePermissions: z.array(permission),
  })
  .meta({ id: 'GetAllPermissionsForUserResponse' });
