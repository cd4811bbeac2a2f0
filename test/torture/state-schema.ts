import { z } from 'zod';
import { PRINTER_ACTIVITIES } from '../../drivers/driver.js';

const text = z.string().max(100_000);
const short = z.string().max(1_000);
const percent = z.number().min(0).max(100);
const whole = z.int();
const degrees = z.number().min(-273).max(1_000);

const slot = z.object({
  unitId: z.int().min(0).max(255),
  amsIndex: z.int().min(-1).max(63),
  slotIndex: z.int().min(0).max(255),
  tray: z.int().min(0).max(1_023),
  extruder: z.int().min(0).max(15).nullable(),
  loaded: z.boolean(),
  reading: z.boolean(),
  type: text,
  color: z.string().regex(/^([0-9A-F]{8})?$/),
  colors: z.array(text).max(64),
  infoIdx: text,
  brand: text,
  tagUid: text.nullable(),
  trayUuid: text.nullable(),
  remain: z.number().min(-1).max(100),
  nozzleTempMin: degrees.nullable(),
  nozzleTempMax: degrees.nullable(),
});

const unit = z.object({
  unitId: z.int().min(0).max(255),
  amsIndex: z.int().min(0).max(63),
  kind: z.enum(['ams', 'ams-lite', 'ams-2-pro', 'ams-ht', 'unknown']),
  extruder: z.int().min(0).max(15).nullable(),
  humidityLevel: z.int().min(1).max(5).nullable(),
  humidityPercent: percent.nullable(),
  temperature: degrees.nullable(),
  dryMinutesLeft: z.number().min(0),
});

/** Whatever a printer sends, the state that is made of it is of this shape, in these bounds, of finite numbers. */
export const stateSchema = z.object({
  activity: z.enum(PRINTER_ACTIVITIES).nullable(),
  print: z.object({
    identity: z.object({ taskId: text, subtaskId: text, jobId: text, name: text, file: text }),
    percent: percent.nullable(),
    remainingMinutes: z.number().min(0).max(100_000).nullable(),
    layer: whole.min(0).nullable(),
    totalLayers: whole.min(0).nullable(),
    downloadPercent: percent.nullable(),
    stage: whole.nullable(),
    stageText: short,
    printError: z.int().min(0).max(0xffff_ffff),
    errorCode: z
      .string()
      .regex(/^[0-9A-F]{4}_[0-9A-F]{4}$/)
      .nullable(),
    failReason: z.int().min(0).max(0xffff_ffff),
  }),
  bedTemp: degrees.nullable(),
  bedTarget: degrees.nullable(),
  nozzles: z
    .array(
      z.object({
        index: z.int().min(0).max(15),
        diameter: short.nullable(),
        type: text.nullable(),
        temp: degrees.nullable(),
        target: degrees.nullable(),
      }),
    )
    .max(16),
  activeNozzle: z.int().min(0).max(15),
  chamberTemp: degrees.nullable(),
  chamberTarget: degrees.nullable(),
  fans: z.record(z.string(), percent.nullable()),
  lights: z.record(z.string(), text),
  homed: z.object({ x: z.boolean(), y: z.boolean(), z: z.boolean() }).nullable(),
  doorOpen: z.boolean().nullable(),
  storage: z.enum(['ok', 'none', 'abnormal', 'read-only']).nullable(),
  wifiDbm: z.number().min(-200).max(100).nullable(),
  address: short.nullable(),
  amsUnits: z.array(unit).max(64),
  slots: z.array(slot).max(512),
  activeTray: z.int().min(0).max(1_023).nullable(),
  health: z
    .array(
      z.object({
        code: z.string().regex(/^[0-9A-F]{4}(_[0-9A-F]{4}){1,3}$/),
        message: short,
        severity: z.enum(['fatal', 'serious', 'common', 'info']),
        source: z.enum(['hms', 'print-error', 'state']),
      }),
    )
    .max(128),
  developerMode: z.enum(['on', 'off', 'unknown']),
  firmware: text.nullable(),
  upgrading: z.boolean(),
  speedLevel: z.int().min(1).max(4).nullable(),
});
