import type { PlateSettings } from './model-settings.js';
import type { ProjectFilament, ProjectSettings } from './project-settings.js';
import type { PlateFilament } from './slice-info.js';
import type { ProfileCompat, SlicedPlate } from './sliced-file.js';
import type { SlicerVersion } from './slicer-version.js';

/** The contract's Plate3MF. */
export interface Plate3mf {
  id: number;
  name?: string;
  locked?: boolean;
  filamentMapMode?: string;
  filamentMaps?: number[];
  gcodeFile?: string;
  thumbnailFile?: string;
  thumbnailNoLightFile?: string;
  topFile?: string;
  pickFile?: string;
  patternBboxFile?: string;
  sliced?: PlateSliceInfo;
  filamentIds?: string[];
}

/** The contract's PlateSliceInfo. */
export interface PlateSliceInfo {
  index?: number;
  extruderType?: string;
  nozzleVolumeType?: string;
  printerModelId?: string;
  nozzleDiameters?: string;
  timelapseType?: string;
  prediction?: number;
  weight?: number;
  outside?: boolean;
  supportUsed?: boolean;
  labelObjectEnabled?: boolean;
  filamentMaps?: string;
  /** Our own addition: millimetres on the bed, left, front, right, back. */
  boundingBox?: number[];
  /** Our own addition: millimetres. */
  height?: number;
  objects?: { identifyId: string; name: string; skipped: boolean }[];
  filaments?: {
    id: string;
    trayInfoIdx: string;
    type: string;
    color: string;
    usedM: number;
    usedG: number;
    /** Our own addition: the logical extruder that it was sliced for, from 0. */
    groupId?: number;
  }[];
  warnings?: { msg: string; level: number; errorCode: string }[];
  layerFilamentLists?: { filamentList: number; layerRanges: string }[];
}

/** The contract's Metadata3MF. */
export interface Metadata3mf {
  printerModel: string;
  filamentType: string[];
  filamentColors: string[];
  filamentDensities?: number[];
  filamentDiameters?: number[];
  nozzleDiameter: string;
  profileCompat: { sliced: string; compatible: string[]; safe: string[] };
  slicerVersion: SlicerVersion | null;
  plates: Plate3mf[];
  /** Preset ids such as `GFA00`. */
  filamentIds: string[];
  /** Our own addition: physical extruder of each logical one, for machines with more than one. */
  physicalExtruders?: number[];
}

/** The contract's PartMaterial. */
export interface PartMaterial {
  index: number;
  color: string | null;
  type: string | null;
  /** No plate that can be printed uses this channel. */
  skip: boolean;
  name: string | null;
  identifier: string | null;
}

/** The contract's SlicingMaterialUsage. */
export interface MaterialUsage {
  index: number;
  usedGrams: number;
  usedMeters: number;
  materialType: string;
  color?: string;
}

/** The contract's SlicingEstimate. */
export interface SlicingEstimate {
  estimatedPrintTimeSeconds: number;
  materials: MaterialUsage[];
  totalWeightGrams: number;
  slicedAt: string;
  slicerVersion: string;
  plates: {
    plateId: number;
    estimatedPrintTimeSeconds: number;
    materials: MaterialUsage[];
    totalWeightGrams: number;
  }[];
}

export interface MetadataSource {
  readonly project: ProjectSettings;
  readonly filaments: readonly ProjectFilament[];
  readonly nozzleDiameters: readonly string[];
  readonly profileCompat: ProfileCompat;
  readonly slicerVersion: SlicerVersion | null;
  readonly plates: readonly SlicedPlate[];
  /** By number. */
  readonly plateSettings: ReadonlyMap<number, PlateSettings>;
  readonly hasEntry: (name: string) => boolean;
}

export function buildMetadata(source: MetadataSource): Metadata3mf {
  const { filaments, nozzleDiameters } = source;
  const [first = ''] = nozzleDiameters;
  const alike = nozzleDiameters.every((diameter) => diameter === first);
  // Of a sliced file only the plates with G-code are listed: nothing else in it can be printed.
  const plates =
    source.plates.length > 0
      ? source.plates.map((plate) => plate3mf(plate.index, plate, source))
      : [...source.plateSettings.keys()].sort((a, b) => a - b).map((index) => plate3mf(index, null, source));
  const densities = filaments.flatMap((filament) => filament.density ?? []);
  const diameters = filaments.flatMap((filament) => filament.diameter ?? []);
  return {
    printerModel: source.project.printerModel,
    filamentType: filaments.map((filament) => filament.type),
    filamentColors: filaments.map((filament) => hash(filament.color)),
    // Lists run parallel to the filaments or are left out: a shorter one would name the wrong channel.
    ...(densities.length === filaments.length && { filamentDensities: densities }),
    ...(diameters.length === filaments.length && { filamentDiameters: diameters }),
    nozzleDiameter: alike ? first : nozzleDiameters.join(','),
    profileCompat: {
      sliced: source.profileCompat.sliced,
      compatible: [...source.profileCompat.compatible],
      safe: [...source.profileCompat.safe],
    },
    slicerVersion: source.slicerVersion,
    plates,
    filamentIds: filaments.map((filament) => filament.infoIdx),
    ...(source.project.physicalExtruders.length > 1 && {
      physicalExtruders: [...source.project.physicalExtruders],
    }),
  };
}

function plate3mf(index: number, plate: SlicedPlate | null, source: MetadataSource): Plate3mf {
  const settings = source.plateSettings.get(index);
  const present = (name: string | null | undefined): string | null =>
    name && source.hasEntry(name) ? name : null;
  const thumbnailFile = present(plate?.thumbnailFile ?? settings?.thumbnailFile);
  const thumbnailNoLightFile = present(settings?.thumbnailNoLightFile);
  const topFile = present(settings?.topFile);
  const pickFile = present(settings?.pickFile);
  const patternBboxFile = present(settings?.patternBboxFile);
  return {
    id: index,
    name: settings?.name ?? '',
    locked: settings?.locked ?? false,
    ...(settings?.filamentMapMode != null && { filamentMapMode: settings.filamentMapMode }),
    ...(settings !== undefined &&
      settings.filamentMaps.length > 0 && { filamentMaps: [...settings.filamentMaps] }),
    ...(thumbnailFile !== null && { thumbnailFile }),
    ...(thumbnailNoLightFile !== null && { thumbnailNoLightFile }),
    ...(topFile !== null && { topFile }),
    ...(pickFile !== null && { pickFile }),
    ...(patternBboxFile !== null && { patternBboxFile }),
    ...(plate !== null && {
      gcodeFile: plate.gcodeFile,
      sliced: sliceInfo(plate),
      filamentIds: plate.filaments.map((filament) => filament.infoIdx),
    }),
  };
}

function sliceInfo(plate: SlicedPlate): PlateSliceInfo {
  return {
    index: plate.index,
    ...(plate.extruderType !== null && { extruderType: plate.extruderType }),
    ...(plate.nozzleVolumeType !== null && { nozzleVolumeType: plate.nozzleVolumeType }),
    ...(plate.printerModelId !== null && { printerModelId: plate.printerModelId }),
    nozzleDiameters: plate.nozzleDiameters.join(','),
    ...(plate.timelapseType !== null && { timelapseType: plate.timelapseType }),
    ...(plate.predictionSeconds !== null && { prediction: plate.predictionSeconds }),
    ...(plate.weightGrams !== null && { weight: plate.weightGrams }),
    outside: plate.outside,
    supportUsed: plate.supportUsed,
    labelObjectEnabled: plate.labelObjectEnabled,
    ...(plate.filamentMaps !== null && { filamentMaps: plate.filamentMaps }),
    ...(plate.boundingBox !== null && { boundingBox: [...plate.boundingBox] }),
    ...(plate.height !== null && { height: plate.height }),
    objects: plate.objects.map(({ identifyId, name, skipped }) => ({ identifyId, name, skipped })),
    filaments: plate.filaments.map((filament) => ({
      id: String(filament.index + 1),
      trayInfoIdx: filament.infoIdx,
      type: filament.type,
      color: hash(filament.color),
      usedM: filament.usedMeters ?? 0,
      usedG: filament.usedGrams ?? 0,
      ...(filament.groupId !== null && { groupId: filament.groupId }),
    })),
    warnings: plate.warnings.map(({ message, level, errorCode }) => ({
      msg: message,
      level: level ?? 0,
      errorCode,
    })),
    // The contract has one number per entry where the file may list several filaments for the same layers.
    layerFilamentLists: plate.layerFilaments.flatMap(({ filaments, layers }) =>
      filaments.map((filamentList) => ({ filamentList, layerRanges: layers })),
    ),
  };
}

export function buildMaterials(
  filaments: readonly ProjectFilament[],
  plates: readonly SlicedPlate[],
): PartMaterial[] {
  if (filaments.length === 0) {
    return [{ index: 0, color: null, type: null, skip: false, name: null, identifier: null }];
  }
  const used = new Set(plates.flatMap((plate) => plate.filaments.map((filament) => filament.index)));
  return filaments.map((filament) => ({
    index: filament.index,
    color: hash(filament.color) || null,
    type: filament.type || null,
    skip: used.size > 0 && !used.has(filament.index),
    name: filament.profileName || null,
    identifier: filament.infoIdx || null,
  }));
}

/** @param slicedAt when the slicer wrote the file */
export function buildEstimate(
  plates: readonly SlicedPlate[],
  slicerVersion: SlicerVersion | null,
  slicedAt: Date,
): SlicingEstimate | null {
  if (plates.length === 0) return null;
  const perPlate = plates.map((plate) => {
    const materials = usage(plate.filaments);
    return {
      plateId: plate.index,
      estimatedPrintTimeSeconds: plate.predictionSeconds ?? 0,
      materials,
      totalWeightGrams: plate.weightGrams ?? total(materials.map((material) => material.usedGrams)),
    };
  });
  return {
    estimatedPrintTimeSeconds: total(perPlate.map((plate) => plate.estimatedPrintTimeSeconds)),
    materials: usage(plates.flatMap((plate) => plate.filaments)),
    totalWeightGrams: total(perPlate.map((plate) => plate.totalWeightGrams)),
    slicedAt: slicedAt.toISOString(),
    slicerVersion: slicerVersion?.version ?? '',
    plates: perPlate,
  };
}

/** Sums per channel, by rising index. */
function usage(filaments: readonly PlateFilament[]): MaterialUsage[] {
  const byIndex = new Map<number, MaterialUsage>();
  for (const filament of filaments) {
    const sum = byIndex.get(filament.index) ?? { index: filament.index, ...NOTHING_USED, ...kind(filament) };
    sum.usedGrams = total([sum.usedGrams, filament.usedGrams ?? 0]);
    sum.usedMeters = total([sum.usedMeters, filament.usedMeters ?? 0]);
    byIndex.set(filament.index, sum);
  }
  return [...byIndex.values()].sort((a, b) => a.index - b.index);
}

const NOTHING_USED = { usedGrams: 0, usedMeters: 0 };

function kind(filament: PlateFilament): { materialType: string; color?: string } {
  const color = hash(filament.color);
  return { materialType: filament.type, ...(color !== '' && { color }) };
}

/** Slicers give hundredths; sums keep to that instead of showing binary dust. */
function total(amounts: readonly number[]): number {
  return Math.round(amounts.reduce((sum, amount) => sum + amount, 0) * 100) / 100;
}

function hash(color: string): string {
  return color === '' ? '' : `#${color}`;
}
