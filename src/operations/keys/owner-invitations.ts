import type { Database } from '../../database/database.js';
import { inviteOwner } from '../../domain/owner-invitation.js';
import { systemContext } from '../../domain/stores.js';
import type { OwnerInvitation } from '../../telemetry/control-methods.js';

/** Invites the owner for the command line: whoever may use the socket owns the machine. */
export function ownerInvitations(database: Database, storeId: string): () => Promise<OwnerInvitation> {
  return async () => {
    const { row, token } = await database.write(
      {
        ...systemContext(storeId),
        actor: { type: 'cli', id: null },
        request: { action: 'owner.invite', userAgent: null, reason: null },
      },
      inviteOwner,
    );
    return { invitation: token, expiresAt: row.expiresAt };
  };
}
