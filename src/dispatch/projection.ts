import { createHash } from 'node:crypto';
import type { FilamentSource, PrinterReport, PrinterState } from '../../drivers/driver.js';
import type { FilamentProfile } from '../matching/input.js';
import type { ChannelMapping } from '../matching/result.js';
import type { MaterialMapping } from '../resources/shapes.js';
import type { Observation } from './observation.js';

/** A report as the dispatch machine sees it. */
export function observationOf(report: PrinterReport): Observation {
  const { state } = report;
  return {
    at: report.receivedAt,
    activityAt: report.activityAt,
    complete: report.complete,
    activity: state.activity,
    identity: state.print.identity,
    errorCode: state.print.errorCode,
    errorText: textOf(state, state.print.errorCode),
    trouble: troubleOf(state),
    failReason: codeOf(state.print.failReason),
    progress: state.print,
  };
}

function textOf({ health }: PrinterState, code: string | null): string | null {
  if (code === null) return null;
  return health.find((entry) => entry.source === 'print-error' && entry.code === code)?.message ?? null;
}

function troubleOf({ health }: PrinterState): string | null {
  const grave = health.filter(({ source, severity }) => source === 'hms' && severity !== 'info');
  const found = grave.find(({ severity }) => severity === 'fatal' || severity === 'serious') ?? grave[0];
  return found === undefined ? null : `${found.code}: ${found.message}`;
}

/** `50348044` as `0300_400C` (docs/protocol.md §5.4); null for 0. */
export function codeOf(error: number): string | null {
  if (error === 0) return null;
  const hex = (error >>> 0).toString(16).padStart(8, '0').toUpperCase();
  return `${hex.slice(0, 4)}_${hex.slice(4)}`;
}

/** Where each filament of the file comes from, for the start command; null for filaments the plate leaves out. */
export function filamentSources(mapping: readonly ChannelMapping[]): readonly (FilamentSource | null)[] {
  const length = Math.max(0, ...mapping.map((channel) => channel.index + 1));
  const sources: (FilamentSource | null)[] = Array.from({ length }, () => null);
  for (const channel of mapping) {
    if ('skip' in channel) continue;
    const { unitId, slotIndex, external, extruder } = channel;
    sources[channel.index] = { unitId, slotIndex, external, extruder };
  }
  return sources;
}

/** The mapping as a job shows it. */
export function jobMapping(mapping: readonly ChannelMapping[]): MaterialMapping {
  return mapping.map((channel) => {
    if ('skip' in channel) return { skip: true };
    const { amsIndex, slotIndex, tray, type, color, name, materialId, variantId, profile } = channel;
    return {
      amsIndex,
      slotIndex,
      slot: tray,
      ...(variantId === null ? {} : { variantId }),
      ...(materialId === null ? {} : { materialId }),
      materialType: type,
      name,
      color: `#${color.replace(/^#/, '').slice(0, 6)}`,
      ...(profile === null ? {} : asColumns(profile)),
    };
  });
}

function asColumns(profile: FilamentProfile) {
  return 'userId' in profile
    ? { filamentUserProfileId: profile.userId }
    : { filamentSystemProfileId: profile.systemId };
}

/**
 * Fingerprint of what lies in the places a print takes its filament from. Two equal fingerprints mean that the
 * mapping still holds (pain 22: slots looked right a minute ago).
 */
export function slotSnapshot(state: PrinterState, filaments: readonly (FilamentSource | null)[]): string {
  const places = filaments.map((source) => {
    if (!source) return null;
    const slot = state.slots.find(
      ({ unitId, slotIndex }) => unitId === source.unitId && slotIndex === source.slotIndex,
    );
    return slot ? [slot.loaded, slot.type, slot.color, slot.infoIdx, slot.trayUuid] : 'gone';
  });
  return createHash('sha256').update(JSON.stringify(places)).digest('hex').slice(0, 16);
}
