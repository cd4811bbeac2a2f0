import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { cube } from '../../fixtures/cube.js';
import { type TestFarm, testFarm, textAt } from '../../fixtures/farm.js';

/**
 * A plugin of a web shop (PHP) that sends text messages about prints. It compares the whole content type and its key, and
 * reads the body into classes with typed members: a key that is missing, or null where the type has none, is its end.
 */

const API_KEY = 'only-the-shop-and-the-farm-know-this-key';

const printer = z.object({
  id: z.string(),
  provider: z.string(),
  deviceId: z.string(),
  providerConfig: z.object({
    use_ams: z.boolean(),
    bed_type: z.string(),
    do_flow_cali: z.boolean().nullish(),
    do_bed_leveling: z.boolean().nullish(),
  }),
  name: z.string(),
  nozzleDiameter: z.string(),
  metadata: z.object({
    name: z.string(),
    dev_id: z.string(),
    online: z.boolean(),
    print_status: z.string(),
    dev_model_name: z.string(),
    dev_access_code: z.string(),
    nozzle_diameter: z.number(),
    dev_product_name: z.string(),
  }),
  enabled: z.boolean(),
  commMethod: z.string(),
  tags: z.array(z.string()),
  confirmedReady: z.boolean(),
  isAvailable: z.boolean(),
  isOnline: z.boolean(),
  integrationId: z.string(),
  integrationType: z.string(),
  continuousPrint: z.boolean(),
  fabmaticRemainingJobs: z.int().nullish(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  storeId: z.string(),
});

const printJob = z.object({
  id: z.string(),
  partBuildId: z.string(),
  quantityIndex: z.int(),
  quantityTotal: z.int(),
  filesToPrint: z.array(z.string()),
  thumbnailUri: z.url(),
  slicerInputHash: z.string(),
  isGcodeCached: z.boolean(),
  slicedGcodeUri: z.string(),
  partId: z.string(),
  partName: z.string(),
  label: z.string(),
  queueOrder: z.int(),
  profileUris: z.array(z.string()),
  requiredPrinterTags: z.record(z.string(), z.string()),
  assignedPrinterId: z.string(),
  taskId: z.int(),
  assignmentStartedAt: z.iso.datetime(),
  assignmentCompletedAt: z.iso.datetime(),
  printingStartedAt: z.iso.datetime(),
  printingCompletedAt: z.iso.datetime(),
  status: z.string(),
  errorMessage: z.string().nullish(),
  hidden: z.boolean(),
  extensions: z.object({ '3mf': z.object({ plateId: z.int(), gcodeFile: z.string() }) }),
  materialMapping: z.array(z.object({ name: z.string().nullish(), slot: z.int().nullish() })),
  priority: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  storeId: z.string(),
});

const message = z.object({
  event: z.string(),
  timestamp: z.iso.datetime(),
  data: z.object({ printer, printJob: printJob.nullish() }),
});

/** What the shop answered, and what it read. */
interface Reception {
  readonly status: number;
  readonly read: z.infer<typeof message> | null;
  readonly error: string | null;
}

function receive({ headers, method }: IncomingMessage, body: string): Reception {
  const refuse = (status: number, error: string) => ({ status, read: null, error });
  if (method !== 'POST') return refuse(404, 'no route');
  if (headers['content-type'] !== 'application/json') return refuse(400, `it is ${headers['content-type']}`);
  if (headers['x-api-key'] !== API_KEY) return refuse(401, 'another key');
  const read = message.safeParse(JSON.parse(body));
  return read.success ? { status: 200, read: read.data, error: null } : refuse(500, read.error.message);
}

let farm: TestFarm;
let shop: Server;
let url: string;
const receptions: Reception[] = [];

beforeAll(async () => {
  shop = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const reception = receive(request, body);
      receptions.push(reception);
      response.writeHead(reception.status).end();
    });
  });
  shop.listen(0, '127.0.0.1');
  await once(shop, 'listening');
  const { port } = shop.address() as AddressInfo;
  url = `http://127.0.0.1:${port}/wp-json/printago/v1/webhook`;
  farm = await testFarm({
    config: { webhooks: { allowPrivateTargets: ['127.0.0.1'], allowHttp: true } },
  });
});
afterAll(async () => {
  await farm.stop();
  shop.closeAllConnections();
  shop.close();
});

it('is told of a print that succeeded, in a form that it can read', async () => {
  const data = { webhookUrl: url, apiKey: API_KEY };
  const setting = await farm.ok('POST', '/v1/settings/notifications', { channel: 'webhook', data });
  const path = `/v1/settings/notifications/${textAt(setting, 'id')}/configure`;
  await farm.ok('PATCH', path, { onJobSucceeded: true });
  const fileUris = [await farm.upload('cube.gcode.3mf', await cube())];
  const part = await farm.ok('POST', '/v1/parts', { name: 'Cube', type: 'gcode3mf', fileUris });
  await farm.ok('POST', '/v2/builds', { parts: [{ partId: textAt(part, 'id'), quantity: 1 }] });
  await vi.waitFor(() => expect(receptions).not.toEqual([]), { timeout: 20_000, interval: 20 });

  expect(receptions).toMatchObject([{ status: 200, error: null }]);
  const { event, data: told } = receptions[0]?.read ?? {};
  expect(event).toBe('onJobSucceeded');
  expect(told?.printer).toMatchObject({ id: farm.printerId(), isOnline: true });
  expect(told?.printJob).toMatchObject({ label: 'Cube', partName: 'Cube', status: 'completed' });
  // The picture goes with the text message: it is fetched without a key.
  const picture = await fetch(told?.printJob?.thumbnailUri ?? '');
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
});
