import { MASK } from '../contract/enums.js';
import { ApiError } from '../contract/errors.js';
import { timestamp } from '../contract/time.js';
import type { Transaction } from '../database/transaction.js';
import { integration, printer, printerConnection } from '../resources/index.js';
import type { Patch, Row } from '../resources/resource.js';
import { noteDue } from './maintenance-due.js';
import { endOfContinuous, lookedAt } from './printer-standing.js';
import { isGhost, isWithPrinter, leavesBedInDoubt, type SeenPrint } from './prints-seen.js';

export type Printer = Row<typeof printer>;
export type PrinterConnection = Row<typeof printerConnection>;

const HOUR_MS = 3_600_000;

export interface NewPrinter {
  readonly serial: string;
  readonly name: string;
  readonly host: string;
  readonly mqttPort: number;
  readonly ftpPort: number;
  /** Left out: where cameras of its model listen. */
  readonly cameraPort?: number | null;
  readonly accessCode: string;
  readonly trust: PrinterConnection['trust'];
  readonly pinnedFingerprint: string | null;
  readonly modelCode: string | null;
  readonly modelName: string | null;
  /** Belongs to the configuration file. */
  readonly configured: boolean;
}

export const DEFAULT_PRINTER_CONFIG = {
  use_ams: true,
  do_bed_leveling: true,
  do_flow_cali: false,
  bed_type: 'Textured PEI Plate',
  enable_timelapse: false,
} as const;

/**
 * Registers a LAN printer. New printers begin not ready: nobody has looked at the bed yet.
 *
 * @throws ApiError conflict when the serial is known already
 */
export async function registerPrinter(tx: Transaction, given: NewPrinter): Promise<Printer> {
  const taken = await connectionBySerial(tx, given.serial);
  if (taken) {
    throw new ApiError('conflict', `A printer with the serial ${given.serial} is registered already`, {
      printerId: taken.printerId,
    });
  }
  const made = await tx.insert(printer, {
    storeId: tx.context.storeId,
    provider: 'Bambu',
    deviceId: given.serial,
    name: given.name,
    commMethod: 'fuse',
    providerConfig: DEFAULT_PRINTER_CONFIG,
    integrationId: await lanIntegration(tx),
    integrationType: 'bambulab',
    metadata: {
      provider: 'bambu',
      name: given.name,
      dev_id: given.serial,
      online: false,
      print_status: '',
      dev_model_name: given.modelCode ?? '',
      dev_access_code: MASK,
      nozzle_diameter: 0.4,
      dev_product_name: given.modelName ?? '',
    },
  });
  await tx.insert(printerConnection, {
    storeId: tx.context.storeId,
    printerId: made.id,
    serial: given.serial,
    host: given.host,
    mqttPort: given.mqttPort,
    ftpPort: given.ftpPort,
    cameraPort: given.cameraPort ?? null,
    accessCode: given.accessCode,
    trust: given.trust,
    pinnedFingerprint: given.pinnedFingerprint,
    pinnedAt: given.pinnedFingerprint === null ? null : tx.now,
    modelCode: given.modelCode,
    configured: given.configured,
  });
  return made;
}

async function lanIntegration(tx: Transaction): Promise<string | null> {
  const row = await tx.db
    .selectFrom('integration')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('type', '=', 'bambulab')
    .executeTakeFirst();
  if (row) return row.id;
  const made = await tx.insert(integration, { storeId: tx.context.storeId, type: 'bambulab' });
  return made.id;
}

export async function connectionBySerial(tx: Transaction, serial: string): Promise<PrinterConnection | null> {
  const row = await tx.db
    .selectFrom('printerConnection')
    .select('id')
    .where('storeId', '=', tx.context.storeId)
    .where('serial', '=', serial)
    .executeTakeFirst();
  return row ? tx.get(printerConnection, row.id) : null;
}

/** How a printer is reached. @throws ApiError not_found */
export async function connectionOf(tx: Transaction, printerId: string): Promise<PrinterConnection> {
  const row = await tx.db
    .selectFrom('printerConnection')
    .select('id')
    .where('printerId', '=', printerId)
    .executeTakeFirst();
  return tx.get(printerConnection, row?.id ?? '');
}

/** What the fleet has learned of a printer, as far as it is worth a write: transitions, never every report. */
export interface PrinterFacts {
  readonly isOnline: boolean;
  /** The machine itself could begin a print. */
  readonly machineFree: boolean;
  readonly activity: string | null;
  readonly modelCode: string | null;
  readonly modelName: string | null;
  readonly nozzleDiameter: string | null;
  /** A print that was seen on the machine since the facts were last written, whoever started it. */
  readonly print: SeenPrint | null;
  /** The print that it shows, running or over; null while none was ever shown. */
  readonly shown: { readonly ids: readonly string[]; readonly name: string } | null;
  /** What it has printed since the facts were last written, whoever started it. */
  readonly printed: PrintedTime;
}

/** Time of printing that no counter has yet. */
export interface PrintedTime {
  /** Milliseconds. */
  readonly ms: number;
  /** The print that goes on: from when it is still to be counted (epoch milliseconds), and how long it still takes. */
  readonly open: { readonly since: number; readonly minutesLeft: number | null } | null;
}

const FROM_ELSEWHERE = 'it printed something that the daemon did not start';

/**
 * Writes what changed of a printer's facts. A print from elsewhere leaves the bed in doubt.
 *
 * @returns whether the printer prints a file of ours by itself
 */
export async function recordFacts(tx: Transaction, printerId: string, facts: PrinterFacts): Promise<boolean> {
  const row = await tx.find(printer, printerId);
  if (!row) return false;
  const ghost = facts.print !== null && (await isGhost(tx, printerId, facts.print));
  const nozzleDiameter = facts.nozzleDiameter ?? row.nozzleDiameter;
  const inDoubt = facts.print !== null && (await leavesBedInDoubt(tx, printerId, facts.print.ids));
  const patch: Patch<typeof printer> = {
    isOnline: facts.isOnline,
    isAvailable: facts.isOnline && facts.machineFree && row.printingJobId === null,
    nozzleDiameter,
    ...moveClock(row, facts.printed),
    ...(inDoubt ? { confirmedReady: false, ...endOfContinuous(row, FROM_ELSEWHERE, tx.now) } : {}),
    ...(row.metadata
      ? {
          metadata: {
            ...row.metadata,
            name: row.name,
            online: facts.isOnline,
            print_status: facts.activity ?? row.metadata.print_status,
            dev_model_name: facts.modelCode ?? row.metadata.dev_model_name,
            dev_product_name: facts.modelName ?? row.metadata.dev_product_name,
            nozzle_diameter: Number(nozzleDiameter) || row.metadata.nozzle_diameter,
          },
        }
      : {}),
  };
  await tx.update(printer, printerId, patch);
  // A print has ended, or pauses: its hours may have been the last that a piece of upkeep had left.
  if (facts.printed.ms > 0 && facts.printed.open === null) await noteDue(tx, printerId);
  if (facts.shown) await rememberShown(tx, printerId, facts.shown);
  return ghost;
}

/** Counted and begun anew in one write: whatever happens between two of them, no hour counts twice. */
function moveClock(row: Printer, { ms, open }: PrintedTime): Patch<typeof printer> {
  return {
    lifetimePrintHours: row.lifetimePrintHours + ms / HOUR_MS,
    printingSince: open === null ? null : timestamp(open.since),
    printingMinutesLeft: open?.minutesLeft ?? null,
  };
}

/** What is shown after a restart of the daemon is compared with this. */
async function rememberShown(
  tx: Transaction,
  printerId: string,
  { ids, name }: NonNullable<PrinterFacts['shown']>,
): Promise<void> {
  const { id } = await connectionOf(tx, printerId);
  await tx.update(printerConnection, id, { shownPrint: { ids: [...ids], name } });
}

/**
 * Says whether the bed is clear. Possible in any state but an active print, offline too: a person who stands before
 * the machine knows more than we do. While a file is only being sent, saying no keeps the print from being started.
 *
 * @returns the printer, changed or not
 */
export async function confirmReady(tx: Transaction, printerId: string, ready: boolean): Promise<Printer> {
  const row = await tx.get(printer, printerId);
  const busy = (await isWithPrinter(tx, printerId)) || isActive(row.metadata?.print_status, row.isOnline);
  if (busy) return row;
  // Whoever says that the bed is clear has stood before the printer.
  if (ready) await lookedAt(tx, printerId);
  return tx.update(printer, printerId, { confirmedReady: ready });
}

function isActive(activity: string | undefined, online: boolean): boolean {
  return online && activity !== undefined && ['PREPARE', 'SLICING', 'RUNNING', 'PAUSE'].includes(activity);
}

/**
 * Continuous printing: on for `jobLimit` jobs (null without end), or off.
 */
export async function setContinuousPrint(
  tx: Transaction,
  printerId: string,
  enabled: boolean,
  jobLimit: number | null,
): Promise<Printer> {
  return tx.update(printer, printerId, {
    continuousPrint: enabled,
    fabmaticRemainingJobs: enabled ? jobLimit : null,
    continuousEnded: null,
  });
}
