import { z } from 'zod';
import { notFound } from '../../contract/errors.js';
import { decodeRow } from '../../database/rows.js';
import { recordAct } from '../../domain/audit.js';
import type { UserSession } from '../../domain/sessions.js';
import { userSession } from '../../resources/index.js';
import { requireUser } from '../access/signed-in.js';
import type { Deps } from '../deps.js';
import { NOTHING, type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

/** The caller's own sessions: where somebody is signed in, and how that ends. */
export function sessionOperations({ database }: Pick<Deps, 'database'>): Operation[] {
  const list = operation({
    id: 'local.sessions.list',
    method: 'GET',
    path: '/local/sessions',
    status: 200,
    summary: 'Where the user who calls is signed in',
    permissions: [],
    usersOnly: true,
    params: noParams,
    body: null,
    answer: () => z.array(shown),
    async run(_input, { caller }) {
      const rows = await database.read
        .selectFrom('userSession')
        .selectAll()
        .where('storeId', '=', caller.storeId)
        .where('userId', '=', requireUser(caller))
        .orderBy('createdAt', 'desc')
        .execute();
      return rows.map((row) => summary(decodeRow(userSession, row), caller.sessionId));
    },
  });

  const end = operation({
    id: 'local.sessions.end',
    method: 'DELETE',
    path: '/local/sessions/{id}',
    status: 200,
    summary: 'Sign out: `current` is the session that asks. Its token is worthless at once',
    permissions: [],
    usersOnly: true,
    params: z.object({ id: z.string().min(1).max(64) }),
    body: null,
    answer: null,
    async run({ params }, { caller, write }) {
      const userId = requireUser(caller);
      const id = params.id === 'current' ? (caller.sessionId ?? '') : params.id;
      await database.write(write, async (tx) => {
        const row = await tx.find(userSession, id);
        if (row?.userId !== userId) throw notFound(userSession.label, id);
        await tx.remove(userSession, id);
        await recordAct(tx, {
          entityType: 'Users',
          ids: [userId],
          action: 'logout',
          detailedAction: 'session.end',
          changes: null,
          metadata: { sessionId: id },
        });
      });
      return NOTHING;
    },
  });

  return [list, end];
}

const shown = z.object({
  id: z.string(),
  current: z.boolean(),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
  passkeyId: z.string().nullable(),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
});

function summary(row: UserSession, current: string | undefined): z.output<typeof shown> {
  const { id, createdAt, expiresAt, lastUsedAt, passkeyId, address, userAgent } = row;
  return { id, current: id === current, createdAt, expiresAt, lastUsedAt, passkeyId, address, userAgent };
}
