import type { Metadata3mf, PartMaterial, SlicingEstimate } from './metadata.js';
import type { ProjectFilament } from './project-settings.js';
import type { PlateFilament, PlateObject, PlateSliceFacts, PlateWarning } from './slice-info.js';
import type { SlicerVersion } from './slicer-version.js';

export type { PlateFilament, PlateObject, PlateWarning, ProjectFilament };

/** A plate that can be printed: described in slice_info and with its G-code in the archive. */
export interface SlicedPlate extends PlateSliceFacts {
  readonly name: string;
  /** The person keeps this plate out of "print all". */
  readonly locked: boolean;
  /** Entry name, as the start command wants it. */
  readonly gcodeFile: string;
  /** Uncompressed. */
  readonly gcodeBytes: number;
  /** Upper-case hex as stored beside the G-code; null when the file has none. */
  readonly gcodeMd5: string | null;
  readonly layerCount: number | null;
  /** Such as `textured_plate`, null when the file does not say. */
  readonly bedType: string | null;
  /** Millimetres on the bed: left, front, right, back; null when the file does not say. */
  readonly boundingBox: readonly [number, number, number, number] | null;
  /** Millimetres; null when the file does not say. */
  readonly height: number | null;
  readonly thumbnailFile: string | null;
}

/** Which machine profiles the file was made for. */
export interface ProfileCompat {
  readonly sliced: string;
  readonly compatible: readonly string[];
  readonly safe: readonly string[];
}

/** Everything the daemon wants to know of an uploaded 3mf. */
export interface SlicedFile {
  /**
   * `sliced`: at least one plate can be printed. `project`: a slicer's project without G-code.
   * `model-only`: geometry, perhaps with another slicer's settings.
   */
  readonly kind: 'sliced' | 'project' | 'model-only';
  /** Such as `Bambu Lab A1 mini`, '' when not said. */
  readonly printerModel: string;
  /** Model code such as `N1`, null when not said. */
  readonly printerModelId: string | null;
  /** Millimetres as text, one per extruder. */
  readonly nozzleDiameters: readonly string[];
  /** All filaments of the project, used or not. */
  readonly filaments: readonly ProjectFilament[];
  /** Only plates that can be printed, by rising number; numbers may have gaps. */
  readonly plates: readonly SlicedPlate[];
  readonly profileCompat: ProfileCompat;
  readonly slicerVersion: SlicerVersion | null;
  /** The contract's Metadata3MF, plain JSON, ready to be stored. */
  readonly metadata3mf: Metadata3mf;
  /** The contract's Part.materials: one entry per filament channel. */
  readonly materials: readonly PartMaterial[];
  /** Null unless `kind` is `sliced`. */
  readonly slicingEstimate: SlicingEstimate | null;
}
