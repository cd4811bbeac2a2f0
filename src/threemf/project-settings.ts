import { nozzleText, toAmount, toColor, toCount, toText, toTexts } from './coerce.js';
import { parseJsonObject } from './json-object.js';

export const PROJECT_SETTINGS = 'Metadata/project_settings.config';

export interface ProjectFilament {
  /** 0-based position in the project's filament list. */
  readonly index: number;
  readonly type: string;
  /** `RRGGBB` or `RRGGBBAA`, '' when the file says nothing usable. */
  readonly color: string;
  readonly infoIdx: string;
  readonly profileName: string;
  /** Grams per cubic centimetre. */
  readonly density: number | null;
  /** Millimetres. */
  readonly diameter: number | null;
}

export interface ProjectSettings {
  readonly printerModel: string;
  /** Name of the machine profile it was sliced with. */
  readonly printerProfile: string;
  readonly processProfile: string;
  /** Names of machine profiles the process profile is made for. */
  readonly compatiblePrinters: readonly string[];
  readonly nozzleDiameters: readonly string[];
  readonly filaments: readonly ProjectFilament[];
  readonly bedType: string | null;
  /** Physical extruder of each logical one, both from 0; empty when the file does not say. */
  readonly physicalExtruders: readonly number[];
}

export const NO_PROJECT_SETTINGS: ProjectSettings = {
  printerModel: '',
  printerProfile: '',
  processProfile: '',
  compatiblePrinters: [],
  nozzleDiameters: [],
  filaments: [],
  bedType: null,
  physicalExtruders: [],
};

/** More filaments than any printer has places; longer lists are cut, higher numbers ignored. */
export const MOST_FILAMENTS = 256;

/** @throws SlicedFileError `malformed` */
export function parseProjectSettings(bytes: Buffer): ProjectSettings {
  const settings = parseJsonObject(bytes, PROJECT_SETTINGS);
  const texts = (key: string) => toTexts(settings.get(key));
  const types = texts('filament_type');
  const colors = texts('filament_colour');
  const infoIdxs = texts('filament_ids');
  const profiles = texts('filament_settings_id');
  const densities = texts('filament_density');
  const diameters = texts('filament_diameter');
  const count = Math.min(Math.max(types.length, colors.length), MOST_FILAMENTS);
  return {
    printerModel: toText(settings.get('printer_model')) ?? '',
    printerProfile: toText(settings.get('printer_settings_id')) ?? '',
    processProfile: toText(settings.get('print_settings_id')) ?? '',
    compatiblePrinters: texts('print_compatible_printers').filter((name) => name !== ''),
    nozzleDiameters: texts('nozzle_diameter').map(nozzleText),
    filaments: Array.from({ length: count }, (_, index) => ({
      index,
      type: types[index] ?? '',
      color: toColor(colors[index]),
      infoIdx: infoIdxs[index] ?? '',
      profileName: profiles[index] ?? '',
      density: toAmount(densities[index]),
      diameter: toAmount(diameters[index]),
    })),
    bedType: toText(settings.get('curr_bed_type')) || null,
    physicalExtruders: texts('physical_extruder_map').flatMap((text) => toCount(text) ?? []),
  };
}
