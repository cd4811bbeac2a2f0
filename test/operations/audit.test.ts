import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiAnswer, listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { buildSlicedFile } from '../fixtures/sliced-file.js';

const A1_MINI = '0309AA000000001';
const X1C = '00M09A000000001';

let farm: TestFarm;
beforeAll(async () => {
  farm = await testFarm({
    printers: [
      { model: 'A1M', serial: A1_MINI },
      { model: 'X1C', serial: X1C },
    ],
  });
});
afterAll(() => farm?.stop());

/** Entries of one request, in the order of their entity types. */
async function entriesOf(answer: ApiAnswer): Promise<readonly unknown[]> {
  const requestId = answer.headers.get('x-request-id') ?? '';
  return listAt(await farm.ok('GET', `/v1/audit-logs?correlationId=${requestId}&sort=entityType`));
}

async function done(
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<ApiAnswer> {
  const answer = await farm.api(method, path, body, headers);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer;
}

const id = (serial: string) => farm.printerId(serial);
const rename = (name: string, headers = {}) =>
  done('PATCH', `/v1/printers/${id(X1C)}/rename`, { name }, headers);

describe('the audit log', () => {
  it('tells who changed what, from where and why, under the id of the request', async () => {
    const answer = await rename('Left', {
      'x-request-id': 'ours-1',
      'x-audit-reason': ' moved to\tthe left ',
      'user-agent': 'tester/1',
    });
    const [entry, ...more] = await entriesOf(answer);
    expect(more).toEqual([]);
    expect(entry).toEqual({
      id: expect.stringMatching(/^[a-z0-9]{24}$/),
      storeId: farm.storeId,
      createdAt: expect.stringMatching(/Z$/),
      source: 'api',
      entityType: 'Printers',
      entityId: id(X1C),
      entityIds: null,
      action: 'update',
      detailedAction: 'printer.rename',
      changes: expect.arrayContaining([{ field: 'name', oldValue: expect.any(String), newValue: 'Left' }]),
      metadata: null,
      actorId: farm.key.slice(0, 24),
      actorType: 'api_key',
      actorEmail: null,
      apiKeyId: farm.key.slice(0, 24),
      impersonatedBy: null,
      correlationId: 'ours-1',
      ipAddress: '127.0.0.1',
      userAgent: 'tester/1',
      reason: 'moved to the left',
    });
  });

  it('holds nothing of what changed nothing, failed or was only asked', async () => {
    const before = listAt(await farm.ok('GET', '/v1/audit-logs?limit=10000')).length;
    await rename('Left');
    await farm.api('PATCH', `/v1/printers/${'a'.repeat(24)}/rename`, { name: 'Nobody' });
    await farm.ok('GET', '/v1/printers');
    await farm.ok('POST', '/v1/storage/signed-upload-urls', { filenames: ['a.gcode.3mf'] });
    expect(listAt(await farm.ok('GET', '/v1/audit-logs?limit=10000'))).toHaveLength(before);
  });

  it('gives many alike one entry', async () => {
    const both = [id(A1_MINI), id(X1C)];
    const answer = await done('PATCH', '/v1/printers', { ids: both, update: { tags: ['night'] } });
    const [entry, ...more] = await entriesOf(answer);
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      action: 'bulk_update',
      entityId: null,
      changes: [{ field: 'tags', oldValue: [], newValue: ['night'] }],
    });
    expect([...listAt(entry, 'entityIds')].sort()).toEqual([...both].sort());
  });

  it('never holds a secret', async () => {
    const made = await done('POST', '/v1/api-keys', { name: 'Second', permissions: ['printer.view'] });
    const code = 'CANARY7788';
    await done('PATCH', `/v1/printers/${id(A1_MINI)}`, { accessCode: code });
    const [key] = await entriesOf(made);
    const fields = listAt(key, 'changes');
    expect(fields).toContainEqual({ field: 'secretHash', oldValue: null, newValue: '[REDACTED]' });
    expect(fields).toContainEqual({ field: 'permissions', oldValue: null, newValue: ['printer.view'] });
    const all = (await farm.api('GET', '/v1/audit-logs?limit=10000')).text;
    expect(all).toContain('"field":"accessCode","oldValue":"[REDACTED]","newValue":"[REDACTED]"');
    for (const secret of [
      code,
      textAt(made.body, 'key').slice(24),
      farm.emulator.printer(A1_MINI).accessCode,
      farm.key.slice(24),
    ])
      expect(all).not.toContain(secret);
    await done('PATCH', `/v1/printers/${id(A1_MINI)}`, {
      accessCode: farm.emulator.printer(A1_MINI).accessCode,
    });
  });

  it('holds of a build one entry, and none of the work that follows from it', async () => {
    const filament = { id: 1, type: 'PLA', color: '#FFFFFF', infoIdx: 'GFA00', usedGrams: 5, usedMeters: 2 };
    const plate = { index: 1, predictionSeconds: 60, weightGrams: 5, filaments: [filament] };
    const path = await farm.upload('one.gcode.3mf', await buildSlicedFile({ model: 'N1', plates: [plate] }));
    const part = await done('POST', '/v1/parts', {
      name: 'One',
      description: '',
      type: 'gcode3mf',
      fileUris: [path],
      parameters: [],
      printTags: {},
      overriddenProcessProfileId: null,
    });
    expect(await entriesOf(part)).toMatchObject([{ entityType: 'Parts', action: 'create' }]);
    const before = listAt(await farm.ok('GET', '/v1/audit-logs?limit=10000')).length;
    await farm.until(`/v1/printers/${id(A1_MINI)}`, (body) => valueAt(body, 'isOnline') === true);
    await farm.ok('PATCH', '/v1/printers/confirm-ready', { ready: true, ids: [id(A1_MINI)] });
    const made = await done('POST', '/v2/builds', { parts: [{ partId: textAt(part.body, 'id') }] });
    const build = await farm.ok('GET', `/v1/part-builds/${textAt(made.body, 'partBuilds', 0, 'id')}`);
    const job = textAt(build, 'printJobs', 0, 'id');
    await farm.until(`/v1/print-jobs/${job}`, (body) => valueAt(body, 'status') === 'completed');
    expect(await entriesOf(made)).toMatchObject([
      { entityType: 'PartBuilds', action: 'create', detailedAction: 'build.v2.create' },
    ]);
    const after = listAt(await farm.ok('GET', '/v1/audit-logs?limit=10000'));
    const byDaemon = after
      .slice(0, after.length - before)
      .filter((entry) => valueAt(entry, 'actorType') === 'system');
    expect(byDaemon).toEqual([]);
    const gone = await done('DELETE', `/v1/parts/${textAt(part.body, 'id')}`);
    expect(await farm.ok('GET', `/v1/print-jobs/${job}`)).toMatchObject({ partId: null });
    expect(await entriesOf(gone)).toMatchObject([{ entityType: 'Parts', action: 'delete' }]);
  });

  it('tells of printers that go and come', async () => {
    farm.emulator.printer(X1C).addFault('mqtt.refuseAuth');
    farm.emulator.printer(X1C).addFault('net.drop');
    const moves = (body: unknown) => listAt(body).map((entry) => valueAt(entry, 'detailedAction'));
    const path = `/v1/audit-logs?entityId=${id(X1C)}&actorType=system`;
    const offline = await farm.until(path, (body) => moves(body)[0] === 'printer.offline');
    expect(listAt(offline)[0]).toMatchObject({
      source: 'system',
      actorId: 'system',
      apiKeyId: null,
      changes: [{ field: 'isOnline', oldValue: true, newValue: false }],
    });
  });

  it('is asked newest first, by any field, and by a part of an id', async () => {
    const all = listAt(await farm.ok('GET', '/v1/audit-logs?limit=10000'));
    const times = all.map((entry) => textAt(entry, 'createdAt'));
    expect(times).toEqual([...times].sort().reverse());
    const part = id(A1_MINI).slice(3, 20);
    const found = listAt(await farm.ok('GET', `/v1/audit-logs?entityIdSearch=${part}&limit=10000`));
    const about = all.filter((entry) =>
      [valueAt(entry, 'entityId'), ...[valueAt(entry, 'entityIds') ?? []].flat()].includes(id(A1_MINI)),
    );
    expect(about.some((entry) => valueAt(entry, 'entityIds') !== null)).toBe(true);
    expect(found).toEqual(about);
    expect(await farm.ok('GET', '/v1/audit-logs?entityIdSearch=%25')).toEqual([]);
    const answer = await farm.api('POST', '/v1/audit-logs/search', {
      filter: { detailedAction: { startsWith: 'printer.' }, action: { eq: 'update' } },
      limit: 1,
    });
    expect(answer.status).toBe(201);
    expect(listAt(answer.body, 'data')).toHaveLength(1);
    expect(valueAt(answer.body, 'meta', 'total')).toBeGreaterThan(1);
    const unknown = await farm.api('GET', '/v1/audit-logs?colour.eq=red');
    expect([unknown.status, valueAt(unknown.body, 'code')]).toEqual([400, 'unknown_field']);
  });

  it('is shown to those who may, and switched by those who may', async () => {
    const key = textAt(
      await farm.ok('POST', '/v1/api-keys', { name: 'looks', permissions: ['audit.log.view'] }),
      'key',
    );
    const as = { authorization: `ApiKey ${key}` };
    expect((await farm.api('GET', '/v1/audit-logs', undefined, as)).status).toBe(200);
    const off = { enabled: false };
    expect((await farm.api('PATCH', '/v1/subscriptions/audit-logs', off, as)).status).toBe(403);
  });

  it('is written only while it is on, and tells of its being switched', async () => {
    const off = await done('PATCH', '/v1/subscriptions/audit-logs', { enabled: false });
    expect(off.body).toMatchObject({ plan: 'core', isCommercial: true, concurrencySlots: null, term: null });
    const unseen = await rename('Right');
    const sent = await done('POST', '/v1/printer-commands/send', {
      command: { command: 'pause' },
      ids: [id(A1_MINI)],
    });
    const on = await done('PATCH', '/v1/subscriptions/audit-logs', { enabled: true });
    expect(await entriesOf(unseen)).toEqual([]);
    expect(await entriesOf(sent)).toEqual([]);
    for (const [answer, newValue] of [
      [off, false],
      [on, true],
    ] as const)
      expect(await entriesOf(answer)).toMatchObject([
        {
          entityType: 'Stores',
          detailedAction: 'auditLog.configure',
          changes: [{ field: 'auditEnabled', oldValue: !newValue, newValue }],
        },
      ]);
    expect(await entriesOf(await rename('Left'))).toHaveLength(1);
  });
});
