import { stat } from 'node:fs/promises';
import { Archive } from './archive.js';
import { type ArchiveLimits, DEFAULT_ARCHIVE_LIMITS } from './archive-limits.js';
import { toNumber, toText } from './coerce.js';
import { GCODE_HEADER_BYTES, type GcodeHeader, parseGcodeHeader } from './gcode-header.js';
import { parseJsonObject } from './json-object.js';
import { buildEstimate, buildMaterials, buildMetadata } from './metadata.js';
import { MODEL_SETTINGS, type PlateSettings, parseModelSettings } from './model-settings.js';
import { gcodeEntry, platesWithGcode, readMd5 } from './plate-gcode.js';
import {
  NO_PROJECT_SETTINGS,
  PROJECT_SETTINGS,
  type ProjectFilament,
  type ProjectSettings,
  parseProjectSettings,
} from './project-settings.js';
import { type PlateSliceFacts, parseSliceInfo, SLICE_INFO, type SliceInfo } from './slice-info.js';
import type { SlicedFile, SlicedPlate } from './sliced-file.js';
import { SlicedFileError } from './sliced-file-error.js';
import { applicationOf, MODEL_HEAD_BYTES, slicerOf } from './slicer-version.js';

const MODEL = '3D/3dmodel.model';

export interface ReadOptions {
  readonly signal?: AbortSignal;
  readonly limits?: ArchiveLimits;
}

/**
 * Reads what a 3mf says of itself (docs/protocol.md §9). Of the G-code only the head is inflated; `verifyPlate`
 * checks the rest. A project or a bare model is no error: `kind` tells.
 * @throws SlicedFileError; the file system's own error when the file cannot be opened; the signal's reason
 */
export async function readSlicedFile(path: string, options: ReadOptions = {}): Promise<SlicedFile> {
  const archive = await Archive.open(path, options.limits ?? DEFAULT_ARCHIVE_LIMITS, options.signal);
  try {
    return await describe(archive, path);
  } finally {
    archive.close();
  }
}

async function describe(archive: Archive, path: string): Promise<SlicedFile> {
  const gcodePlates = platesWithGcode(archive);
  if (gcodePlates.length === 0 && !archive.has(MODEL)) {
    throw new SlicedFileError(
      'not-sliced',
      'The file is a zip archive, but holds neither a 3D model nor G-code.',
    );
  }
  const slices = await readPart(archive, SLICE_INFO, parseSliceInfo, NO_SLICES);
  const project = await readPart(archive, PROJECT_SETTINGS, parseProjectSettings, NO_PROJECT_SETTINGS);
  const plateSettings = await readPart(archive, MODEL_SETTINGS, parseModelSettings, NO_PLATES);
  const printable = gcodePlates.flatMap((index) => slices.plates.get(index) ?? []);
  if (printable.length === 0 && gcodePlates.length > 0) {
    throw new SlicedFileError(
      'malformed',
      `The file holds G-code, but ${SLICE_INFO} describes none of its plates; export it from the slicer again.`,
    );
  }
  const heads = new Map<number, GcodeHeader>();
  const plates: SlicedPlate[] = [];
  for (const facts of printable) {
    const head = parseGcodeHeader(await archive.head(gcodeEntry(facts.index), GCODE_HEADER_BYTES));
    heads.set(facts.index, head);
    plates.push(await slicedPlate(archive, facts, head, plateSettings.get(facts.index), project));
  }
  const [first] = plates;
  const slicerVersion = slicerOf(
    first === undefined ? null : (heads.get(first.index)?.generator ?? null),
    archive.has(MODEL) ? applicationOf(await archive.head(MODEL, MODEL_HEAD_BYTES)) : null,
    slices.clientVersion,
  );
  const filaments = project.filaments.length > 0 ? project.filaments : filamentsOfPlates(plates);
  const nozzleDiameters =
    project.nozzleDiameters.length > 0 ? project.nozzleDiameters : (first?.nozzleDiameters ?? []);
  const profileCompat = { sliced: project.printerProfile, compatible: project.compatiblePrinters, safe: [] };
  const isProject = archive.has(PROJECT_SETTINGS) || archive.has(MODEL_SETTINGS);
  return {
    kind: plates.length > 0 ? 'sliced' : isProject ? 'project' : 'model-only',
    printerModel: project.printerModel,
    printerModelId: plates.find((plate) => plate.printerModelId !== null)?.printerModelId ?? null,
    nozzleDiameters,
    filaments,
    plates,
    profileCompat,
    slicerVersion,
    metadata3mf: buildMetadata({
      project,
      filaments,
      nozzleDiameters,
      profileCompat,
      slicerVersion,
      plates,
      plateSettings,
      hasEntry: (name) => archive.has(name),
    }),
    materials: buildMaterials(filaments, plates),
    slicingEstimate: buildEstimate(plates, slicerVersion, await writtenAt(archive, path)),
  };
}

async function slicedPlate(
  archive: Archive,
  facts: PlateSliceFacts,
  head: GcodeHeader,
  settings: PlateSettings | undefined,
  project: ProjectSettings,
): Promise<SlicedPlate> {
  const gcodeFile = gcodeEntry(facts.index);
  const layout = await readLayout(archive, facts.index);
  const thumbnails = [settings?.thumbnailFile, `Metadata/plate_${facts.index}.png`];
  return {
    ...facts,
    nozzleDiameters: facts.nozzleDiameters.length > 0 ? facts.nozzleDiameters : project.nozzleDiameters,
    predictionSeconds: facts.predictionSeconds ?? head.printSeconds,
    weightGrams: facts.weightGrams ?? head.weightGrams,
    name: settings?.name ?? '',
    locked: settings?.locked ?? false,
    gcodeFile,
    gcodeBytes: archive.entries.get(gcodeFile)?.bytes ?? 0,
    gcodeMd5: await readMd5(archive, facts.index),
    layerCount: head.layerCount,
    bedType: layout.bedType ?? project.bedType,
    boundingBox: layout.boundingBox,
    height: head.height,
    thumbnailFile: thumbnails.find((name) => name && archive.has(name)) ?? null,
  };
}

type Layout = Pick<SlicedPlate, 'bedType' | 'boundingBox'>;
const NO_LAYOUT: Layout = { bedType: null, boundingBox: null };

async function readLayout(archive: Archive, index: number): Promise<Layout> {
  const name = `Metadata/plate_${index}.json`;
  if (!archive.has(name)) return NO_LAYOUT;
  const bytes = await archive.read(name);
  try {
    const layout = parseJsonObject(bytes, name);
    return {
      bedType: toText(layout.get('bed_type')) || null,
      boundingBox: toBox(layout.get('bbox_all')),
    };
  } catch {
    // Some slicers write numbers here that JSON does not know; the plate's name is not worth refusing the file.
    return NO_LAYOUT;
  }
}

function toBox(value: unknown): Layout['boundingBox'] {
  const [x1, y1, x2, y2] = (Array.isArray(value) ? value : []).map(toHundredths);
  if (x1 == null || y1 == null || x2 == null || y2 == null) return null;
  return x2 > x1 && y2 > y1 ? [x1, y1, x2, y2] : null;
}

function toHundredths(value: unknown): number | null {
  const number = toNumber(value);
  return number === null ? null : Math.round(number * 100) / 100;
}

async function readPart<T>(
  archive: Archive,
  name: string,
  parse: (bytes: Buffer) => T,
  absent: T,
): Promise<T> {
  return archive.has(name) ? parse(await archive.read(name)) : absent;
}

const NO_SLICES: SliceInfo = { clientVersion: null, plates: new Map() };
const NO_PLATES: ReadonlyMap<number, PlateSettings> = new Map();

/** Old or foreign files without project settings: the channels that the plates name, gaps left blank. */
function filamentsOfPlates(plates: readonly SlicedPlate[]): ProjectFilament[] {
  const used = new Map(plates.flatMap((plate) => plate.filaments.map((f) => [f.index, f] as const)));
  const count = Math.max(0, ...[...used.keys()].map((index) => index + 1));
  return Array.from({ length: count }, (_, index) => {
    const filament = used.get(index);
    return {
      index,
      type: filament?.type ?? '',
      color: filament?.color ?? '',
      infoIdx: filament?.infoIdx ?? '',
      profileName: '',
      density: null,
      diameter: null,
    };
  });
}

/** When the slicer wrote the archive; archives made for reproducible bytes say 1980, the file's own time is nearer. */
async function writtenAt(archive: Archive, path: string): Promise<Date> {
  const modified = archive.entries.get(SLICE_INFO)?.modifiedAt;
  if (modified !== undefined && modified.getFullYear() > 2000) return modified;
  return (await stat(path)).mtime;
}
