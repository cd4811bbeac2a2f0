import type { MatchPrinter, Reach, SlicedPlateFile } from './input.js';
import { type PreparedJob, type PreparedPrinter, rising } from './prepare.js';
import { restrictsModel, restrictsNozzle } from './required-tags.js';

/**
 * Holds a file against a printer: bed, and of a sliced one model and nozzle (docs/protocol.md §9).
 *
 * @returns null when the file runs there, else what stands against it.
 */
export function fileMisfit(job: PreparedJob, printer: PreparedPrinter): (() => string) | null {
  const { file } = job.job;
  if (file.kind === 'model') return bedMisfit(file.reach, printer.printer);
  if (file.outside) {
    return () => 'The plate has objects beyond the bed: arrange them inside it and slice again.';
  }
  return (
    modelMisfit(job, file, printer) ?? nozzleMisfit(job, printer) ?? bedMisfit(file.reach, printer.printer)
  );
}

/** Rounding of slicers must not keep a plate off the bed that it was arranged on. */
const BED_TOLERANCE_MM = 0.5;

function bedMisfit(reach: Reach | null, { bedSize }: MatchPrinter): (() => string) | null {
  if (reach === null || bedSize === null) return null;
  const [x, y, z] = bedSize;
  const fits =
    reach.x <= x + BED_TOLERANCE_MM &&
    reach.y <= y + BED_TOLERANCE_MM &&
    (reach.z ?? 0) <= z + BED_TOLERANCE_MM;
  if (fits) return null;
  const wanted = [reach.x, reach.y, reach.z].flatMap((side) => (side === null ? [] : Math.ceil(side)));
  return () =>
    `The plate reaches ${wanted.join(' × ')} mm from the bed's corner; this printer prints ${x} × ${y} × ${z} mm.`;
}

function modelMisfit(
  job: PreparedJob,
  file: SlicedPlateFile,
  printer: PreparedPrinter,
): (() => string) | null {
  const facts = printer.printer;
  if (file.modelCode === null && job.modelKey === '' && job.profiles.length === 0) {
    if (restrictsModel(job.tags)) return null;
    return () =>
      'The file does not say which printer model it was sliced for: require printer.modelName or printer.id ' +
      'by a tag, or slice it again.';
  }
  if (file.modelCode !== null && facts.runsFilesFor.includes(file.modelCode)) return null;
  if (printer.modelKeys.has(job.modelKey)) return null;
  if (
    job.profiles.some((profile) => printer.modelKeys.has(profile.model) && hasNozzle(facts, profile.nozzle))
  ) {
    return null;
  }
  if (printer.modelKeys.size === 0) {
    return () => `The file was sliced for ${wantedModel(file)}; the model of this printer is not known yet.`;
  }
  return () =>
    `The file was sliced for ${wantedModel(file)}; this printer is a ${facts.modelName ?? facts.modelCode ?? facts.modelAliases[0]}.`;
}

function nozzleMisfit(job: PreparedJob, printer: PreparedPrinter): (() => string) | null {
  if (job.nozzles.length === 0) {
    if (restrictsNozzle(job.tags)) return null;
    return () =>
      'The file does not say which nozzle it was sliced for: require printer.nozzleDiameter or printer.id by ' +
      'a tag, or slice it again.';
  }
  const mounted = printer.printer.nozzles;
  if (printer.diameters.every(Number.isNaN)) {
    return () =>
      `The file was sliced for a ${job.nozzles.join(' / ')} mm nozzle; this printer has not reported its nozzle.`;
  }
  if (nozzlesFit(job, printer)) return null;
  return () =>
    `The file was sliced for a ${job.nozzles.join(' / ')} mm nozzle; this printer has ` +
    `${mounted.map((nozzle) => nozzle.diameter ?? 'an unknown one').join(' / ')} mm.`;
}

/**
 * One nozzle in the file and several on the printer: those of the extruders in use count, or all where the file
 * binds none. As many in the file as on the printer: the same set of diameters, because the file's order is the
 * slicer's and not the machine's.
 */
function nozzlesFit({ nozzles: wanted, extruders }: PreparedJob, printer: PreparedPrinter): boolean {
  const { diameters } = printer;
  const mounted = printer.printer.nozzles;
  if (mounted.length > 1 && wanted.length === mounted.length) {
    const have = rising(diameters);
    return wanted.every((diameter, at) => diameter === have[at]);
  }
  let counting = 0;
  for (let at = 0; at < mounted.length; at++) {
    if (mounted.length > 1 && extruders !== null && !extruders.has(mounted[at]?.index ?? -1)) continue;
    counting++;
    for (const diameter of wanted) if (diameters[at] !== diameter) return false;
  }
  return counting > 0;
}

function hasNozzle(printer: MatchPrinter, diameter: number | null): boolean {
  return diameter === null || printer.nozzles.some((nozzle) => Number(nozzle.diameter) === diameter);
}

function wantedModel(file: SlicedPlateFile): string {
  return file.modelName ?? file.modelCode ?? file.compatibleNames.join(', ');
}
