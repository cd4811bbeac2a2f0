import { z } from 'zod';
import { effectivePermissions } from '../../contract/permissions.js';
import { checkGrant, refuseMore } from '../../domain/grants.js';
import { invite, resendInvitation, revokeInvitation } from '../../domain/invitations.js';
import { assignableRoles } from '../../domain/roles.js';
import { invitation, user } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams, permissions } from '../schemas.js';
import { invited, resent, success } from './people-shapes.js';

const invitationParam = z.object({ invitationId: z.string().min(1).max(64) });

/**
 * Letting people in. Nothing is mailed: the token that opens an invitation is answered to whoever made it, this once,
 * beside what the contract answers.
 */
export function invitationOperations(deps: Deps): Operation[] {
  const { database } = deps;

  const make = operation({
    id: 'users.invite',
    method: 'POST',
    path: '/v1/users/invite',
    status: 201,
    summary: 'Invite somebody for seven days; the token is in this answer and never again',
    permissions: ['user.invite'],
    params: noParams,
    body: z.object({
      email: z.email('an e-mail address').max(320),
      roleId: z.string().max(64).optional(),
      permissions: permissions.optional(),
    }),
    answer: () => invited,
    async run({ body }, { caller, write }) {
      const { row, token } = await database.write(write, async (tx) => {
        const roleIds = body.roleId === undefined ? [] : [body.roleId];
        const given = { permissions: body.permissions ?? [], roleIds };
        await checkGrant(tx.db, write.storeId, caller.permissions, given);
        const { type, id } = caller.actor;
        const inviter = type === 'user' && id !== null ? await tx.find(user, id) : null;
        return invite(tx, {
          email: body.email,
          roleId: body.roleId ?? null,
          permissions: given.permissions,
          invitedByEmail: inviter?.email ?? null,
        });
      });
      return { invitationId: row.id, email: body.email, expiresAt: row.expiresAt, token };
    },
  });

  const resend = operation({
    id: 'users.invite.resend',
    audit: 'user.invite.resend',
    method: 'POST',
    path: '/v1/users/invite/{invitationId}/resend',
    status: 201,
    summary: 'Make an invitation good for seven more days with a new token, once a day',
    permissions: ['user.invite'],
    params: invitationParam,
    body: null,
    answer: () => resent,
    async run({ params }, { caller, write }) {
      const { token } = await database.write(write, async (tx) => {
        const before = await tx.get(invitation, params.invitationId);
        // Whoever gets the token could take the place of who was invited.
        const roles = await assignableRoles(
          tx.db,
          write.storeId,
          before.roleId === null ? [] : [before.roleId],
        );
        const opens = [...before.permissions, ...roles.flatMap((role) => role.permissions)];
        refuseMore(caller.permissions, effectivePermissions(opens), 'This invitation');
        return resendInvitation(tx, params.invitationId);
      });
      return { success: true, token };
    },
  });

  const revoke = operation({
    id: 'users.invite.revoke',
    audit: 'user.invite.revoke',
    method: 'POST',
    path: '/v1/users/invite/{invitationId}/revoke',
    status: 201,
    summary: 'Take an invitation back',
    permissions: ['user.invite'],
    params: invitationParam,
    body: null,
    answer: () => success,
    async run({ params }, { write }) {
      await database.write(write, (tx) => revokeInvitation(tx, params.invitationId));
      return { success: true };
    },
  });

  return [make, resend, revoke];
}
