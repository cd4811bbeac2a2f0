import { splitList, toCount, toFlag } from './coerce.js';
import { children, metadataOf, parseXml } from './xml.js';

export const MODEL_SETTINGS = 'Metadata/model_settings.config';

/** What the project says of one of its plates, sliced or not. */
export interface PlateSettings {
  readonly index: number;
  readonly name: string;
  /** The person keeps this plate out of "print all". */
  readonly locked: boolean;
  readonly filamentMapMode: string | null;
  readonly filamentMaps: readonly number[];
  readonly thumbnailFile: string | null;
  readonly thumbnailNoLightFile: string | null;
  readonly topFile: string | null;
  readonly pickFile: string | null;
  readonly patternBboxFile: string | null;
}

/** Plates by number. @throws SlicedFileError `malformed` */
export function parseModelSettings(bytes: Buffer): ReadonlyMap<number, PlateSettings> {
  const plates = new Map<number, PlateSettings>();
  const elements = children(parseXml(bytes, MODEL_SETTINGS), 'config').flatMap((root) =>
    children(root, 'plate'),
  );
  for (const element of elements) {
    const facts = metadataOf(element);
    const index = toCount(facts.get('plater_id'));
    if (index === null || index < 1 || plates.has(index)) continue;
    plates.set(index, {
      index,
      name: facts.get('plater_name') ?? '',
      locked: toFlag(facts.get('locked')),
      filamentMapMode: facts.get('filament_map_mode') ?? null,
      filamentMaps: splitList(facts.get('filament_maps')).flatMap((text) => toCount(text) ?? []),
      thumbnailFile: facts.get('thumbnail_file') || null,
      thumbnailNoLightFile: facts.get('thumbnail_no_light_file') || null,
      topFile: facts.get('top_file') || null,
      pickFile: facts.get('pick_file') || null,
      patternBboxFile: facts.get('pattern_bbox_file') || null,
    });
  }
  return plates;
}
