import { z } from 'zod';

/** What the demo reads of the public API's answers. */

const id = z.string();

export const printers = z.array(
  z.object({
    id,
    deviceId: z.string(),
    name: z.string(),
    isOnline: z.boolean(),
    isAvailable: z.boolean(),
    confirmedReady: z.boolean(),
    printingJobId: id.nullable(),
  }),
);
export type DemoPrinter = z.infer<typeof printers>[number];

export const jobs = z.array(
  z.object({ id, status: z.string(), assignedPrinterId: id.nullable(), errorMessage: z.string().nullable() }),
);
export type DemoJob = z.infer<typeof jobs>[number];

export const discovered = z.array(
  z.object({ serial: z.string(), host: z.string(), mqttPort: z.int().nullable() }),
);
export const uploads = z.object({
  signedUrls: z.array(z.object({ path: z.string(), uploadUrl: z.string() })),
});
export const entity = z.object({ id });
export const troubleshoot = z
  .object({
    printers: z.array(
      z.object({
        printerName: z.string(),
        compatible: z.boolean(),
        checks: z.array(z.object({ passed: z.boolean(), code: z.string(), explanation: z.string() })),
      }),
    ),
  })
  .nullable();

/** Checks that pass or fail with the moment, not with the file. */
export const PASSING = new Set([
  'enabled',
  'online',
  'available',
  'ready',
  'subscription-slots',
  'in-maintenance',
]);

const REQUEST_MS = 30_000;

/** The farm's public API, as any program would call it. */
export class DemoApi {
  constructor(
    readonly url: string,
    readonly key: string,
    readonly storeId: string,
    private readonly signal: AbortSignal,
  ) {}

  async call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `ApiKey ${this.key}`,
        'x-printago-storeid': this.storeId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_MS)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return schema.parse(text === '' ? null : JSON.parse(text));
  }

  /** Sends a file and makes a part of it. @returns the part's id */
  async addPart(name: string, fileName: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const { signedUrls } = await this.call(uploads, 'POST', '/v1/storage/signed-upload-urls', {
      filenames: [fileName],
    });
    const [upload] = signedUrls;
    if (!upload) throw new Error('no upload address was answered');
    const sent = await fetch(upload.uploadUrl, { method: 'PUT', body: bytes, signal: this.signal });
    if (!sent.ok) throw new Error(`the upload of ${fileName} answered ${sent.status}: ${await sent.text()}`);
    const part = await this.call(entity, 'POST', '/v1/parts', {
      name,
      type: 'gcode3mf',
      description: '',
      fileUris: [upload.path],
      parameters: [],
      printTags: {},
      overriddenProcessProfileId: null,
    });
    return part.id;
  }
}
