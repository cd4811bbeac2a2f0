import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cube } from '../fixtures/cube.js';
import { listAt, type TestFarm, testFarm, textAt, valueAt } from '../fixtures/farm.js';
import { ContractClient, definition, operationsOf, problems } from './contract.js';

let farm: TestFarm;
let api: ContractClient;

beforeAll(async () => {
  farm = await testFarm();
  api = new ContractClient(farm);
});
afterAll(() => farm.stop());

const DETAILS: Readonly<Record<string, string>> = {
  'material-mismatch': 'DetailDataMaterialMismatch',
  'tag-mismatch': 'DetailDataTagMismatch',
  'no-slots': 'DetailDataNoSlots',
  'previous-mismatch': 'DetailPreviousMismatch',
  matched: 'DetailDataMatched',
};

/** What every client sends for a sliced file. */
function newPart(name: string, path: string) {
  return {
    name,
    description: '',
    type: 'gcode3mf',
    fileUris: [path],
    parameters: [],
    printTags: {},
    overriddenProcessProfileId: null,
  };
}

async function upload(name: string, bytes: Buffer): Promise<string> {
  const body = await api.call('POST', '/v1/storage/signed-upload-urls', { body: { filenames: [name] } });
  const sent = await fetch(textAt(body, 'signedUrls', 0, 'uploadUrl'), {
    method: 'PUT',
    body: new Uint8Array(bytes),
  });
  expect(sent.status).toBe(200);
  return textAt(body, 'signedUrls', 0, 'path');
}

async function build(partId: string, line: object = {}) {
  const made = await api.call('POST', '/v2/builds', { body: { parts: [{ partId, ...line }] } });
  const id = textAt(made, 'partBuilds', 0, 'id');
  const whole = await api.call('GET', '/v1/part-builds/{id}', { params: { id } });
  return { id, jobs: listAt(whole, 'printJobs').map((job) => textAt(job, 'id')) };
}

const jobIs = (id: string, status: string) =>
  farm.until(`/v1/print-jobs/${id}`, (body) => valueAt(body, 'status') === status);

describe('the flow from file to finished print', () => {
  it('answers parts in the shape of the contract', async () => {
    const bytes = await cube({ plates: [{ name: 'Front' }, { name: 'Back' }] });
    const part = await api.call('POST', '/v1/parts', {
      body: newPart('Frame', await upload('my frame.gcode.3mf', bytes)),
    });
    const id = textAt(part, 'id');
    expect(valueAt(part, 'fileHashes')).toEqual([createHash('sha256').update(bytes).digest('hex')]);
    expect(valueAt(part, 'fileUris')).toEqual([`${farm.storeId}/parts/${id}/my%20frame.gcode.3mf`]);
    expect(await api.call('GET', '/v1/parts/{id}', { params: { id } })).toEqual(part);
    expect(await api.call('GET', '/v1/parts')).toEqual([part]);
    await api.call('GET', '/v1/parts', { query: '?meta=true' });
    await api.call('POST', '/v1/parts/search', { body: { filter: { name: { eq: 'Frame' } } } });
    const renamed = await api.call('PATCH', '/v1/parts/{id}', {
      params: { id },
      body: { name: 'Frame 2', userTags: ['big'] },
    });
    expect(valueAt(renamed, 'name')).toBe('Frame 2');
    await api.call('PATCH', '/v1/parts', { body: { ids: [id], update: { description: 'two plates' } } });
    const urls = await api.call('POST', '/v1/storage/signed-urls', {
      body: { paths: listAt(part, 'fileUris'), duration: 60 },
    });
    const fetched = await fetch(textAt(urls, 'signedUrls', 0));
    expect(Buffer.from(await fetched.arrayBuffer()).equals(bytes)).toBe(true);
    const found = await api.call('GET', '/v1/parts/{partId}/metadata', { params: { partId: id } });
    expect(found).toMatchObject({ partId: id, metadata3mf: { printerModel: 'Bambu Lab A1 mini' } });
    await api.notYet('POST', '/v1/parts/{partId}/estimate', { params: { partId: id } });
    await api.notYet('POST', '/v1/parts/{id}/split-plates', { params: { id } });
    expect(await api.call('DELETE', '/v1/parts/{id}', { params: { id } })).toEqual([id]);
    expect(await api.call('GET', '/v1/parts/{partId}/metadata', { params: { partId: id } })).toBeNull();
    expect(await api.call('DELETE', '/v1/parts', { body: [id] })).toEqual([]);
  });

  it('answers a build, its preview and its jobs from the queue to the end', async () => {
    const path = await upload(
      'flow.gcode.3mf',
      await cube({ plates: [{ name: 'Front' }, { name: 'Back', seconds: 36_000 }] }),
    );
    const part = await api.call('POST', '/v1/parts', { body: newPart('Flow', path) });
    const partId = textAt(part, 'id');
    const preview = await api.call('POST', '/v2/builds/preview', {
      body: { parts: [{ partId, quantity: 3, plateQuantities: { Front: 2, '2': 1 } }] },
    });
    expect(valueAt(preview, 'summary')).toEqual({ partBuildCount: 1, skuBuildCount: 0, jobCount: 9 });

    const short = await build(partId, { plateQuantities: { '1': 1 }, materials: null });
    const [shortJob = ''] = short.jobs;
    await jobIs(shortJob, 'completed');
    const done = await api.call('GET', '/v1/part-builds/{id}', { params: { id: short.id } });
    expect(valueAt(done, 'status')).toBe('success');
    expect(await api.call('GET', '/v1/print-jobs/stats/completed-count')).toBe(1);

    const ids = [farm.printerId()];
    await api.call('PATCH', '/v1/printers/confirm-ready', { body: { ready: true, ids } });
    const long = await build(partId, {
      plateQuantities: { Back: 1 },
      tags: { 'printer.modelName': 'A1 mini' },
    });
    const [longJob = ''] = long.jobs;
    await jobIs(longJob, 'printing');
    const body = { printJobIds: [longJob] };
    // A job is printing from PREPARE on, in which a printer acknowledges a pause and goes on.
    await farm.until(
      `/v1/printers/${farm.printerId()}`,
      (printer) => valueAt(printer, 'metadata', 'print_status') === 'RUNNING',
    );
    expect(await api.call('PATCH', '/v1/print-jobs/pause', { body })).toEqual([longJob]);
    await jobIs(longJob, 'paused');
    expect(await api.call('PATCH', '/v1/print-jobs/resume', { body })).toEqual([longJob]);
    await jobIs(longJob, 'printing');
    await api.call('GET', '/v1/print-jobs/{id}', { params: { id: longJob } });
    expect(await api.call('PATCH', '/v1/print-jobs/cancel', { body })).toEqual([longJob]);
    await jobIs(longJob, 'cancelled');
    expect(await api.call('PATCH', '/v1/print-jobs/retry', { body })).toEqual([longJob]);
    expect(await api.call('PATCH', '/v1/print-jobs/cancel', { body })).toEqual([longJob]);

    await api.call('GET', '/v1/print-jobs');
    await api.call('GET', '/v1/print-jobs', { query: '?hints=true&sort=queueOrder' });
    await api.call('POST', '/v1/print-jobs/search', { body: {} });
    await api.call('GET', '/v1/part-builds');
    await api.call('POST', '/v1/part-builds/search', { body: {} });
  });

  it('says why jobs wait, each reason in its shape', async () => {
    const ids = [farm.printerId()];
    await farm.until(`/v1/printers/${farm.printerId()}`, (body) => valueAt(body, 'isAvailable') === true);
    await api.call('PATCH', '/v1/printers/confirm-ready', { body: { ready: true, ids } });
    const reasons: unknown[] = [];
    const wanting = async (name: string, bytes: Buffer, line: object = {}) => {
      const part = await api.call('POST', '/v1/parts', {
        body: newPart(name, await upload(`${name}.gcode.3mf`, bytes)),
      });
      const { jobs } = await build(textAt(part, 'id'), line);
      const [id = ''] = jobs;
      const answer = await farm.until(`/v1/print-jobs/${id}/matching-details`, (body) => body !== null);
      const code = textAt(answer, 'details', farm.printerId(), 'reasonCode');
      const data = valueAt(answer, 'details', farm.printerId(), 'data');
      expect(problems(definition(DETAILS[code] ?? code), data)).toEqual([]);
      reasons.push(code);
      await api.call('GET', '/v1/print-jobs/{id}/matching-details', { params: { id } });
      await api.call('GET', '/v1/print-jobs/{id}/matching-troubleshoot', { params: { id } });
    };
    await wanting('asa', await cube({ plates: [{ type: 'ASA' }] }));
    await wanting('other model', await cube({ model: 'C12' }));
    await wanting('tagged', await cube(), { tags: { 'user.tags': 'upstairs' } });
    await api.call('PATCH', '/v1/printers/set-config', {
      body: {
        printerIds: ids,
        providerConfig: { use_ams: false },
        machineUserProfileId: null,
        machineSystemProfileId: null,
        processUserProfileId: null,
        processSystemProfileId: null,
      },
    });
    await wanting('no ams', await cube({ plates: [{ type: 'PLA' }] }));
    expect(reasons).toEqual(['material-mismatch', 'tag-mismatch', 'tag-mismatch', 'no-slots']);
  });

  it('puts waiting jobs in another order, changes them, and clears those that ended', async () => {
    const pending = async () =>
      listAt(await api.call('GET', '/v1/print-jobs', { query: '?status=pending' })).map((job) => ({
        id: textAt(job, 'id'),
        queueOrder: Number(valueAt(job, 'queueOrder')),
      }));
    const ids = async () => (await pending()).map(({ id }) => id);
    const [a = '', b = '', c = '', d = ''] = await ids();
    const body = { printJobIds: [c, a, 'none'] };
    expect(await api.call('PATCH', '/v1/print-jobs/move-to-queue-front', { body })).toEqual([c, a]);
    expect(await ids()).toEqual([c, a, b, d]);
    const [first] = await pending();
    const newQueueOrder = first?.queueOrder;
    await api.call('PATCH', '/v1/print-jobs/{id}/reorder', { params: { id: d }, body: { newQueueOrder } });
    expect(await ids()).toEqual([d, c, a, b]);
    const updates = [a, b, c].map((id, index) => ({ id, newQueueOrder: index }));
    await api.call('PATCH', '/v1/print-jobs/bulk-reorder', { body: { updates } });
    expect(await ids()).toEqual([a, b, c, d]);
    const change = { label: 'Second', priority: 1000, requiredPrinterTags: { 'user.tags': 'cellar' } };
    expect(await api.call('PATCH', '/v1/print-jobs/{id}', { params: { id: b }, body: change })).toMatchObject(
      change,
    );
    expect(await ids()).toEqual([a, c, d, b]);
    await api.call('PATCH', '/v1/print-jobs/cancel', { body: { printJobIds: [a] } });
    const cleared = await api.call('PATCH', '/v1/print-jobs/clear', { body: { printJobIds: [a, b] } });
    expect(cleared).toEqual([a]);
    expect(await api.call('GET', '/v1/print-jobs/{id}', { params: { id: a } })).toMatchObject({
      hidden: true,
    });
  });
});

describe('the rest of what is served', () => {
  it('answers printers and their slots', async () => {
    const id = farm.printerId();
    const ids = [id];
    const one = await farm.api('GET', `/v1/printers/${id}?hints=true`);
    expect(one.text.length).toBeLessThan(2_048);
    await api.call('GET', '/v1/printers/{id}', { params: { id } });
    await api.call('GET', '/v1/printers');
    await api.call('POST', '/v1/printers/search', { body: { filter: { isOnline: { eq: true } } } });
    expect(await api.call('GET', '/v1/printer-slots', { query: `?printerId=${id}` })).toHaveLength(5);
    await api.call('POST', '/v1/printer-slots/search', { body: {} });
    await api.call('PATCH', '/v1/printers/enabled', { body: { enabled: true, ids } });
    await api.call('PATCH', '/v1/printers/continous-print', { body: { enabled: true, jobLimit: 2, ids } });
    await api.call('PATCH', '/v1/printers/{id}', { params: { id }, body: { tags: ['upstairs'] } });
    await api.call('PATCH', '/v1/printers', { body: { ids, update: { tags: ['downstairs'] } } });
    await api.call('PATCH', '/v1/printers/multi', { body: [{ id, nozzleDiameter: '0.4' }] });
    const renamed = await api.call('PATCH', '/v1/printers/{id}/rename', {
      params: { id },
      body: { name: 'Left' },
    });
    expect(valueAt(renamed, 'metadata', 'name')).toBe('Left');
  });

  it('answers the store and its keys', async () => {
    await api.call('GET', '/v1/stores');
    await api.call('PATCH', '/v1/stores', { body: { name: 'Workshop', timezone: 'Europe/Berlin' } });
    const key = await api.call('POST', '/v1/api-keys', {
      body: { name: 'Dashboard', permissions: ['printer.view'], roleIds: ['viewer'] },
    });
    expect(textAt(key, 'key')).toMatch(/^[a-z0-9]{72}$/);
    const params = { id: textAt(key, 'id') };
    await api.call('GET', '/v1/api-keys/{id}', { params });
    await api.call('GET', '/v1/api-keys');
    await api.call('POST', '/v1/api-keys/search', { body: { filter: { active: { eq: true } } } });
    await api.call('PATCH', '/v1/api-keys/{id}', { params, body: { ipAllowlist: ['10.0.0.0/8'] } });
    expect(await api.call('GET', '/v1/api-keys/{id}/permissions', { params })).toEqual(['printer.view']);
    expect(await api.call('GET', '/v1/api-keys/{id}/roles', { params })).toEqual(['viewer']);
    await api.call('DELETE', '/v1/api-keys/{id}', { params });
  });

  it('tells printers what to do', async () => {
    const ids = [farm.printerId()];
    const command = { command: 'led-control', light: 'chamber_light', state: 'off' };
    expect(await api.call('POST', '/v1/printer-commands/send', { body: { ids, command } })).toEqual(ids);
    const info = { slotId: 0, trayType: 'PLA', nozzleTempMin: 190, nozzleTempMax: 240 };
    const body = { ids, command: { command: 'set-slot-info', info } };
    expect(await api.call('POST', '/v1/printer-commands/send', { body })).toEqual(ids);
  });

  it('tells who did what', async () => {
    const body = { filter: { detailedAction: { startsWith: 'printerCommand.' } } };
    expect(listAt(await api.call('GET', '/v1/audit-logs', { query: '?limit=1000' })).length).toBeGreaterThan(
      9,
    );
    const found = await api.call('POST', '/v1/audit-logs/search', { body });
    expect(valueAt(found, 'data', 0, 'entityId')).toBe(farm.printerId());
    await api.call('PATCH', '/v1/subscriptions/audit-logs', { body: { enabled: true } });
  });

  it('forgets printers', async () => {
    const id = farm.printerId();
    expect(await api.call('DELETE', '/v1/printers/{id}', { params: { id } })).toEqual([id]);
    expect(await api.call('DELETE', '/v1/printers', { body: { ids: [id] } })).toEqual([]);
  });

  it('has left out no operation of the contract that the daemon serves', () => {
    expect([...api.called].sort()).toEqual([...operationsOf('flow')].sort());
  });
});
