import { nozzleText, splitList, toAmount, toColor, toCount, toFlag, toText } from './coerce.js';
import { MOST_FILAMENTS } from './project-settings.js';
import { SlicedFileError } from './sliced-file-error.js';
import { attribute, children, metadataOf, parseXml, type XmlElement } from './xml.js';

export const SLICE_INFO = 'Metadata/slice_info.config';

export interface PlateFilament {
  /** 0-based index in the project's filament list: `id` in the file less one. */
  readonly index: number;
  readonly type: string;
  /** `RRGGBB` or `RRGGBBAA`, '' when the file says nothing usable. */
  readonly color: string;
  /** Preset id such as `GFA00`, '' when unknown. */
  readonly infoIdx: string;
  readonly usedMeters: number | null;
  readonly usedGrams: number | null;
  /** Logical extruder the slicer assigned, null when the file has one extruder or says nothing. */
  readonly groupId: number | null;
  /** Millimetres as text, null when not said. */
  readonly nozzleDiameter: string | null;
}

export interface PlateObject {
  /** The number by which the printer skips this object. */
  readonly identifyId: string;
  readonly name: string;
  readonly skipped: boolean;
}

export interface PlateWarning {
  readonly message: string;
  readonly level: number | null;
  readonly errorCode: string;
}

/** Which filaments (0-based) a range of layers uses. */
export interface LayerFilaments {
  readonly filaments: readonly number[];
  readonly layers: string;
}

/** What slice_info.config says of one plate (docs/protocol.md §9). Null means the file does not say. */
export interface PlateSliceFacts {
  readonly index: number;
  readonly printerModelId: string | null;
  readonly nozzleDiameters: readonly string[];
  readonly predictionSeconds: number | null;
  readonly weightGrams: number | null;
  readonly firstLayerSeconds: number | null;
  readonly extruderType: string | null;
  readonly nozzleVolumeType: string | null;
  readonly timelapseType: string | null;
  /** Something on the plate lies outside the bed. */
  readonly outside: boolean;
  readonly supportUsed: boolean;
  /** Objects can be skipped during the print. */
  readonly labelObjectEnabled: boolean;
  /** Logical extruder of each filament, as written. */
  readonly filamentMaps: string | null;
  readonly filaments: readonly PlateFilament[];
  readonly objects: readonly PlateObject[];
  readonly warnings: readonly PlateWarning[];
  readonly layerFilaments: readonly LayerFilaments[];
}

export interface SliceInfo {
  /** `X-BBL-Client-Version` such as `02.04.00.70`, null when absent. */
  readonly clientVersion: string | null;
  /** By plate number. A project that was never sliced has none. */
  readonly plates: ReadonlyMap<number, PlateSliceFacts>;
}

/** @throws SlicedFileError `malformed` */
export function parseSliceInfo(bytes: Buffer): SliceInfo {
  const document = parseXml(bytes, SLICE_INFO);
  const roots = children(document, 'config');
  const plates = new Map<number, PlateSliceFacts>();
  for (const element of roots.flatMap((root) => children(root, 'plate'))) {
    const plate = plateFacts(element);
    if (plates.has(plate.index)) {
      throw new SlicedFileError('malformed', `${SLICE_INFO} describes plate ${plate.index} twice.`);
    }
    plates.set(plate.index, plate);
  }
  const headers = roots
    .flatMap((root) => children(root, 'header'))
    .flatMap((h) => children(h, 'header_item'));
  const version = headers.find((item) => attribute(item, 'key') === 'X-BBL-Client-Version');
  return { clientVersion: version === undefined ? null : toText(attribute(version, 'value')), plates };
}

function plateFacts(plate: XmlElement): PlateSliceFacts {
  const facts = metadataOf(plate);
  const index = toCount(facts.get('index'));
  if (index === null || index < 1) {
    throw new SlicedFileError('malformed', `${SLICE_INFO} describes a plate without a number.`);
  }
  return {
    index,
    printerModelId: facts.get('printer_model_id')?.trim() || null,
    nozzleDiameters: splitList(facts.get('nozzle_diameters')).map(nozzleText),
    predictionSeconds: toAmount(facts.get('prediction')),
    weightGrams: toAmount(facts.get('weight')),
    firstLayerSeconds: toAmount(facts.get('first_layer_time')),
    extruderType: facts.get('extruder_type') ?? null,
    nozzleVolumeType: facts.get('nozzle_volume_type') ?? null,
    timelapseType: facts.get('timelapse_type') ?? null,
    outside: toFlag(facts.get('outside')),
    supportUsed: toFlag(facts.get('support_used')),
    labelObjectEnabled: toFlag(facts.get('label_object_enabled')),
    filamentMaps: facts.get('filament_maps') ?? null,
    filaments: children(plate, 'filament').flatMap(plateFilament),
    objects: children(plate, 'object').flatMap(plateObject),
    warnings: children(plate, 'warning').map((warning) => ({
      message: attribute(warning, 'msg') ?? '',
      level: toCount(attribute(warning, 'level')),
      errorCode: attribute(warning, 'error_code') ?? '',
    })),
    layerFilaments: children(plate, 'layer_filament_lists')
      .flatMap((lists) => children(lists, 'layer_filament_list'))
      .map((list) => ({
        filaments: splitList(attribute(list, 'filament_list')).flatMap((id) => toCount(id) ?? []),
        layers: attribute(list, 'layer_ranges') ?? '',
      })),
  };
}

function plateFilament(filament: XmlElement): PlateFilament[] {
  const id = toCount(attribute(filament, 'id'));
  if (id === null || id < 1 || id > MOST_FILAMENTS) return [];
  const nozzle = attribute(filament, 'nozzle_diameter');
  return [
    {
      index: id - 1,
      type: toText(attribute(filament, 'type')) ?? '',
      color: toColor(attribute(filament, 'color')),
      infoIdx: toText(attribute(filament, 'tray_info_idx')) ?? '',
      usedMeters: toAmount(attribute(filament, 'used_m')),
      usedGrams: toAmount(attribute(filament, 'used_g')),
      groupId: toCount(attribute(filament, 'group_id')),
      nozzleDiameter: nozzle === null ? null : nozzleText(nozzle),
    },
  ];
}

function plateObject(object: XmlElement): PlateObject[] {
  const identifyId = toText(attribute(object, 'identify_id'));
  if (identifyId === null || identifyId === '') return [];
  return [
    { identifyId, name: attribute(object, 'name') ?? '', skipped: toFlag(attribute(object, 'skipped')) },
  ];
}
