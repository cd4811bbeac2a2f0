import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiError } from '../../src/contract/errors.js';
import type { Transaction } from '../../src/database/transaction.js';
import { acceptInvitation, invitationOf, invite, revokeInvitation } from '../../src/domain/invitations.js';
import { memberOf, ownerIdOf } from '../../src/domain/members.js';
import { completeStore } from '../../src/domain/stores.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

const DAY_MS = 86_400_000;
let now = Date.UTC(2026, 0, 1);
let farm: TestDatabase;
beforeAll(async () => {
  farm = await testDatabase({ clock: { now: () => now } });
  await write((tx) => completeStore(tx, null));
});
afterAll(() => farm.close());

const write = <T>(fn: (tx: Transaction) => Promise<T>) => farm.db.write(farm.context, fn);
const opens = (token: string) => invitationOf(farm.db.read, farm.storeId, token, new Date(now).toISOString());
const accept = (id: string, email: string) =>
  write((tx) => acceptInvitation(tx, id, { email, displayName: null }));
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing',
    (error: ApiError) => error.code,
  );

it('an invitation opens for its own address, once, within seven days', async () => {
  const { row, token } = await write((tx) => invite(tx, { email: 'Anna@farm.example', roleId: 'viewer' }));
  expect(await opens(token)).toMatchObject({ id: row.id });
  for (const wrong of ['', token.slice(0, 24), `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`])
    expect(await opens(wrong)).toBeNull();
  expect(await invitationOf(farm.db.read, 'a'.repeat(24), token, '2026-01-01')).toBeNull();
  expect(await codeOf(accept(row.id, 'ben@farm.example'))).toBe('forbidden');
  now += 7 * DAY_MS;
  expect(await opens(token)).toBeNull();
  expect(await codeOf(accept(row.id, 'anna@farm.example'))).toBe('invalid_state');
  now -= 1;
  const user = await accept(row.id, 'anna@FARM.example');
  const member = await memberOf(farm.db.read, farm.storeId, user.id);
  expect(member).toMatchObject({ isOwner: false, roles: [{ id: 'viewer' }] });
  expect(await opens(token)).toBeNull();
  expect(await codeOf(accept(row.id, 'anna@farm.example'))).toBe('invalid_state');
});

it('a revoked one opens nothing', async () => {
  const { row, token } = await write((tx) => invite(tx, { email: 'carl@farm.example' }));
  await write((tx) => revokeInvitation(tx, row.id));
  expect(await opens(token)).toBeNull();
  expect(await codeOf(accept(row.id, 'carl@farm.example'))).toBe('invalid_state');
  expect(await codeOf(write((tx) => revokeInvitation(tx, row.id)))).toBe('invalid_state');
});

it('the owner’s opens the account there is, whatever the address, but no other member’s', async () => {
  const ownerId = await ownerIdOf(farm.db.read, farm.storeId);
  if (ownerId === null) throw new Error('There is no owner');
  const { row } = await write((tx) => invite(tx, { email: null, userId: ownerId }));
  expect(await codeOf(accept(row.id, 'anna@farm.example'))).toBe('conflict');
  expect(await accept(row.id, 'boss@farm.example')).toMatchObject({
    id: ownerId,
    email: 'boss@farm.example',
    displayName: 'Owner',
  });
  expect(await memberOf(farm.db.read, farm.storeId, ownerId)).toMatchObject({ isOwner: true });
});
