import type { PrinterState } from '../driver.js';
import {
  hasBit,
  type JsonObject,
  readBoolean,
  readHexBits,
  readInteger,
  readObject,
  readObjects,
  readPath,
  readText,
  readUint32,
} from './coerce.js';
import { isOlderFirmware } from './firmware-version.js';
import { healthKey } from './health.js';
import type { BambuModel } from './models.js';

/** Lights, axes, door, storage, network and firmware update (docs/protocol.md §5.5). */

const MAX_LIGHTS = 16;

export function readLights(print: JsonObject): Readonly<Record<string, string>> {
  const lights = new Map<string, string>();
  for (const light of readObjects(print.lights_report).slice(0, MAX_LIGHTS)) {
    const node = readText(light.node);
    const mode = readText(light.mode);
    if (node !== '' && mode !== '') lights.set(node, mode);
  }
  return Object.fromEntries(lights);
}

export function readHomed(print: JsonObject): PrinterState['homed'] {
  const flags = readUint32(print.home_flag);
  if (flags === null) return null;
  return { x: (flags & 0b001) !== 0, y: (flags & 0b010) !== 0, z: (flags & 0b100) !== 0 };
}

const HIGH_MAINS_BIT = 0b1000;

/** Whether the machine says that it runs on 220 V mains, where the bed of some models stands less. */
export function readOn220Volts(print: JsonObject): boolean {
  return ((readUint32(print.home_flag) ?? 0) & HIGH_MAINS_BIT) !== 0;
}

/** Whether the camera may be watched over the network; null when the printer does not say (docs/protocol.md §13.2). */
export function readLiveView(print: JsonObject): boolean | null {
  const address = readText(readObject(print.ipcam)?.rtsp_url);
  return address === '' ? null : address !== 'disable';
}

const DOOR_BIT = 23;

/** Null without a sensor, and on firmware that did not read it yet. */
export function readDoorOpen(
  print: JsonObject,
  model: BambuModel | null,
  firmware: string | null = null,
): boolean | null {
  if (model === null || isOlderFirmware(firmware, model.doorFrom)) return null;
  switch (model.doorBitIn) {
    case 'home_flag': {
      const flags = readUint32(print.home_flag);
      return flags === null ? null : ((flags >>> DOOR_BIT) & 1) === 1;
    }
    case 'stat': {
      const flags = readHexBits(print.stat);
      return flags === null ? null : hasBit(flags, DOOR_BIT);
    }
    default:
      return null;
  }
}

export type Storage = NonNullable<PrinterState['storage']>;

const STORAGE_BY_FLAG: readonly Storage[] = ['none', 'ok', 'abnormal', 'read-only'];

/** What this report says about the card or stick, by itself. */
export function readStorage(print: JsonObject): Storage | null {
  const flags = readUint32(print.home_flag);
  if (flags !== null) return STORAGE_BY_FLAG[(flags >>> 8) & 0b11] ?? null;
  const present = readBoolean(print.sdcard);
  if (present !== null) return present ? 'ok' : 'none';
  const text = readText(print.sdcard).toUpperCase();
  if (text === '') return null;
  if (text.startsWith('NO_')) return 'none';
  if (text.includes('ABNORMAL')) return 'abnormal';
  return text.includes('READONLY') ? 'read-only' : 'ok';
}

/** What the health list says of the storage for recordings, which is the same card or stick. */
const STORAGE_BY_HEALTH: ReadonlyMap<string, Storage> = new Map([
  ['0500_0100_0003_0005', 'read-only'],
  ['0500_0100_0003_0006', 'abnormal'],
  ['0500_0100_0003_0007', 'none'],
]);

export function readStorageHealth(print: JsonObject): Storage | null {
  for (const entry of readObjects(print.hms)) {
    const storage = STORAGE_BY_HEALTH.get(healthKey(entry) ?? '');
    if (storage !== undefined) return storage;
  }
  return null;
}

/** Sent when the printer is wired or its radio is off. */
const NO_SIGNAL_DBM = -90;

export function readWifi(print: JsonObject): number | null {
  const text = /^(-?\d{1,3})\s*(dbm)?$/i.exec(readText(print.wifi_signal))?.[1];
  const signal = text === undefined ? null : Number(text);
  return signal === NO_SIGNAL_DBM ? null : signal;
}

const WIRED_BIT = 0b1;

export function readWired(print: JsonObject): boolean | null {
  const conf = readInteger(readPath(print, 'net', 'conf'));
  return conf === null ? null : (conf & WIRED_BIT) !== 0;
}

/** The printer's own idea of its address: an IPv4 number with the first byte lowest. */
export function readAddress(print: JsonObject): string | null {
  const addresses = readObjects(readPath(print, 'net', 'info')).map((entry) => readUint32(entry.ip) ?? 0);
  const [wifi = 0, cable = 0] = addresses;
  const address = (readWired(print) === true ? cable || wifi : wifi || cable) >>> 0;
  if (address === 0) return null;
  return [0, 8, 16, 24].map((shift) => (address >>> shift) & 0xff).join('.');
}

const SETTLED_UPGRADE = /^$|^IDLE$|_(SUCCESS|FAIL|FAILED)$/;

export function readUpgrading(print: JsonObject): boolean {
  const status = readText(readObject(print.upgrade_state)?.status).toUpperCase();
  return !SETTLED_UPGRADE.test(status);
}
