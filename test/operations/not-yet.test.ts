import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/contract/time.js';
import { createKey } from '../../src/domain/api-keys.js';
import { toApiError } from '../../src/http/errors.js';
import { ExpectContinue } from '../../src/http/expect-continue.js';
import { Gate } from '../../src/http/gate.js';
import { jsonBodies } from '../../src/http/json-body.js';
import { mountOperations } from '../../src/http/mount.js';
import { Authenticator } from '../../src/operations/access/authenticator.js';
import { FailedLogins } from '../../src/operations/access/failed-logins.js';
import { notYet } from '../../src/operations/not-yet.js';
import { idParam } from '../../src/operations/schemas.js';
import { type TestDatabase, testDatabase } from '../fixtures/database.js';

let base: TestDatabase;
let app: FastifyInstance;
const keys = { holder: '', other: '' };

beforeAll(async () => {
  base = await testDatabase();
  const { db, context, storeId } = base;
  const make = async (permissions: readonly string[]) =>
    (await db.write(context, (tx) => createKey(tx, { name: 'Test', permissions }))).key;
  keys.holder = await make(['part.edit']);
  keys.other = await make(['part.view']);
  const estimate = notYet({
    id: 'parts.estimate',
    method: 'POST',
    path: '/v1/parts/{id}/estimate',
    status: 201,
    summary: 'Estimate',
    permissions: ['part.edit'],
    params: idParam,
    body: z.object({ copies: z.int().min(1) }),
  });
  app = fastify();
  app.setErrorHandler((error, _request, reply) => {
    const known = toApiError(error);
    reply.code(known.status).send({ code: known.code, message: known.message });
  });
  jsonBodies(app, 1_000, new ExpectContinue());
  const gate = new Gate({
    authenticator: new Authenticator({ database: db, clock: systemClock, log: pino({ level: 'silent' }) }),
    failedLogins: new FailedLogins(systemClock),
    storeId,
    rateLimit: { perMinute: 0, perHour: 0 },
    clock: systemClock,
  });
  mountOperations(app, { operations: [estimate], gate, within: (_request, fn) => fn() });
});
afterAll(async () => {
  await app.close();
  await base.close();
});

async function call(key: string | null, id: string, body: object) {
  const authorization = key === null ? {} : { authorization: `ApiKey ${key}` };
  const answer = await app.inject({
    method: 'POST',
    url: `/v1/parts/${id}/estimate`,
    headers: { ...authorization, 'x-printago-storeid': base.storeId },
    payload: body,
  });
  return { status: answer.statusCode, body: answer.json() };
}

const ID = 'a'.repeat(24);

it.each([
  ['a stranger', () => call(null, ID, { copies: 1 }), 401, 'unauthorized'],
  ['a caller without the permission', () => call(keys.other, ID, { copies: 1 }), 403, 'forbidden'],
  ['an id that is none', () => call(keys.holder, 'x', { copies: 1 }), 400, 'validation_failed'],
  ['a body that does not fit', () => call(keys.holder, ID, { copies: 0 }), 400, 'validation_failed'],
  ['a right request', () => call(keys.holder, ID, { copies: 1 }), 501, 'not_implemented'],
])('an operation that is not built answers %s as it will when it is', async (_what, ask, status, code) => {
  expect(await ask()).toMatchObject({ status, body: { code } });
});
