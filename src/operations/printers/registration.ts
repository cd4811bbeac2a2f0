import { z } from 'zod';
import { ApiError, type ErrorCode } from '../../contract/errors.js';
import { registerPrinter } from '../../domain/printers.js';
import type { Candidate } from '../../fleet/fleet.js';
import { DriverError, type DriverErrorKind, type PrinterTarget } from '../../fleet/live-printer.js';
import { answered } from '../../resources/answered.js';
import { printer } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { type Operation, operation } from '../operation.js';
import { noParams } from '../schemas.js';

const port = z.int().min(1).max(65_535);

const newPrinter = z.object({
  provider: z.literal('Bambu'),
  serial: z
    .string()
    .trim()
    .transform((serial) => serial.toUpperCase())
    .pipe(z.string().regex(/^[0-9A-Z]{8,32}$/, 'the serial number as the printer shows it')),
  /** Left out: where discovery heard it last. */
  host: z.string().min(1).max(255).optional(),
  accessCode: z.string().min(1).max(64),
  name: z.string().min(1).max(1024).optional(),
  mqttPort: port.optional(),
  ftpPort: port.optional(),
  cameraPort: port.nullable().optional(),
  trust: z.enum(['ca', 'tofu', 'insecure']).optional(),
});

/** How long a printer may take to connect and tell everything. */
const STAND_MS = 20_000;

/** Which error the caller gets for which trouble with the printer. */
const CODES: Partial<Record<DriverErrorKind, ErrorCode>> = {
  unreachable: 'printer_unreachable',
  crowded: 'printer_unreachable',
  timeout: 'printer_unreachable',
  auth: 'printer_auth',
  certificate: 'printer_certificate',
};

export function registrationOperations(deps: Deps): Operation[] {
  const { database, presenter, fleet, discovery } = deps;

  const register = operation({
    id: 'printers.create',
    method: 'POST',
    path: '/v1/printers',
    status: 201,
    summary: 'Register a LAN printer; answers once its session stands, or with the reason why it does not',
    permissions: ['printer.create'],
    params: noParams,
    body: newPrinter,
    answer: () => answered(printer),
    async run({ body }, { write }) {
      deps.hideSecret(body.accessCode);
      if (fleet.isRegistered(body.serial)) {
        throw new ApiError('conflict', `A printer with the serial ${body.serial} is registered already`);
      }
      const heard = discovery.list().find((seen) => seen.serial === body.serial);
      const host = body.host ?? heard?.host;
      if (host === undefined) {
        throw new ApiError(
          'unprocessable',
          `${body.serial} has not been heard on this network; give its address in "host"`,
        );
      }
      const target: PrinterTarget = {
        serial: body.serial,
        host,
        mqttPort: body.mqttPort ?? heard?.mqttPort ?? 8883,
        ftpPort: body.ftpPort ?? 990,
        cameraPort: body.cameraPort ?? null,
        accessCode: body.accessCode,
        trust: body.trust ?? 'ca',
        extraCa: fleet.trustAnchors(body.serial),
        pinnedFingerprint: null,
        modelCode: heard?.modelCode ?? null,
      };
      const candidate = await connect(target);
      try {
        const { capabilities, pinnedFingerprint } = candidate;
        const row = await database.write(write, (tx) =>
          registerPrinter(tx, {
            ...target,
            name:
              body.name ?? heard?.name ?? `${capabilities?.modelName ?? 'Printer'} ${body.serial.slice(-4)}`,
            pinnedFingerprint,
            modelCode: capabilities?.modelCode ?? target.modelCode,
            modelName: capabilities?.modelName ?? null,
            configured: false,
          }),
        );
        fleet.adopt(row.id, candidate);
        return printer.present(row, presenter);
      } catch (error) {
        await candidate.discard();
        throw error;
      }
    },
  });

  async function connect(target: PrinterTarget): Promise<Candidate> {
    try {
      return await fleet.tryConnect(target, STAND_MS);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      throw new ApiError(CODES[error.kind] ?? 'printer_refused', error.message, { reason: error.kind });
    }
  }

  const discovered = operation({
    id: 'printers.discovered',
    method: 'GET',
    path: '/v1/printers/discovered',
    status: 200,
    summary: 'Printers that announced themselves on the network lately',
    permissions: ['printer.view'],
    params: noParams,
    body: null,
    run: async () => heardPrinters(),
  });

  const discover = operation({
    id: 'printers.discover',
    method: 'POST',
    path: '/v1/printers/discover',
    status: 201,
    summary: 'Ask printers to announce themselves, and answer those heard so far',
    permissions: ['printer.create'],
    params: noParams,
    body: z.object({}).optional(),
    async run() {
      discovery.search();
      return heardPrinters();
    },
  });

  function heardPrinters() {
    return discovery.list().map((seen) => ({
      ...seen,
      lastSeenAt: new Date(seen.lastSeenAt).toISOString(),
      registered: fleet.isRegistered(seen.serial),
    }));
  }

  return [register, discovered, discover];
}
