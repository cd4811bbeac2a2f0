export const SLICER_ENGINES = ['orcaslicer', 'bambu-studio', 'prusaslicer', 'superslicer'] as const;
export type SlicerEngine = (typeof SLICER_ENGINES)[number];

export interface SlicerVersion {
  readonly engine: SlicerEngine;
  readonly version: string;
}

const ENGINE_NAMES: ReadonlyMap<string, SlicerEngine> = new Map([
  ['orcaslicer', 'orcaslicer'],
  ['bambustudio', 'bambu-studio'],
  ['prusaslicer', 'prusaslicer'],
  ['superslicer', 'superslicer'],
]);

/** Bytes at the start of `3D/3dmodel.model` within which the application's name stands; meshes follow it. */
export const MODEL_HEAD_BYTES = 16 * 1024;

/** The `Application` a model file says it was written by, such as `BambuStudio-02.04.00.70`; null when absent. */
export function applicationOf(modelHead: Buffer): string | null {
  const pattern = /<metadata\s+name="Application"\s*>([^<]{1,200})</i;
  return pattern.exec(modelHead.toString('utf8'))?.[1]?.trim() ?? null;
}

/** `OrcaSlicer 2.3.0`, `BambuStudio-02.04.00.70`; null when the slicer is not one we know. */
export function parseSlicerVersion(text: string | null): SlicerVersion | null {
  const parts = /^([A-Za-z]+)[ -]v?([\w.+-]+)/.exec(text ?? '');
  const engine = ENGINE_NAMES.get(parts?.[1]?.toLowerCase() ?? '');
  return engine === undefined ? null : { engine, version: parts?.[2] ?? '' };
}

/**
 * Who sliced the file. OrcaSlicer calls itself BambuStudio inside the model and in slice_info for the printer's
 * sake, and tells the truth in the G-code: that is asked first.
 */
export function slicerOf(
  gcodeGenerator: string | null,
  application: string | null,
  clientVersion: string | null,
): SlicerVersion | null {
  const told = parseSlicerVersion(gcodeGenerator) ?? parseSlicerVersion(application);
  if (told !== null) return told;
  return clientVersion === null ? null : { engine: 'bambu-studio', version: clientVersion };
}
