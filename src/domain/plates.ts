import { ApiError } from '../contract/errors.js';
import { printablePlates, type SlicedMetadata, type SlicedPlate } from './sliced-part.js';

/** One plate of a sliced file and how often it is to be printed. */
export interface PlateCount {
  readonly plate: SlicedPlate;
  readonly count: number;
}

/**
 * Which plates a request prints. With `quantities` (plate id or name to count) exactly those, a count of 0 skips one;
 * without, or when it names none, every plate once that is not locked.
 *
 * @throws ApiError unprocessable for a plate that the file does not have
 */
export function choosePlates(
  metadata: SlicedMetadata,
  quantities: Readonly<Record<string, number>> | undefined,
): readonly PlateCount[] {
  const { plates, unknown } = platesNamed(metadata, quantities);
  const [key] = unknown;
  if (key !== undefined) throw unknownPlate(key, printablePlates(metadata));
  return plates;
}

/** The same, with the names that stand for no plate of the file. */
export function platesNamed(
  metadata: SlicedMetadata,
  quantities: Readonly<Record<string, number>> | undefined,
): { readonly plates: readonly PlateCount[]; readonly unknown: readonly string[] } {
  const all = printablePlates(metadata);
  if (!quantities || Object.keys(quantities).length === 0) {
    const free = all.filter((plate) => plate.locked !== true);
    return { plates: free.map((plate) => ({ plate, count: 1 })), unknown: [] };
  }
  const counts = new Map<SlicedPlate, number>();
  const unknown: string[] = [];
  for (const [key, count] of Object.entries(quantities)) {
    const plate = all.find(({ id }) => String(id) === key) ?? all.find(({ name }) => name === key);
    if (plate) counts.set(plate, (counts.get(plate) ?? 0) + count);
    else unknown.push(key);
  }
  const plates = all.flatMap((plate) => {
    const count = counts.get(plate) ?? 0;
    return count > 0 ? [{ plate, count }] : [];
  });
  return { plates, unknown };
}

function unknownPlate(key: string, plates: readonly SlicedPlate[]): ApiError {
  const allowed = plates.map((plate) => (plate.name ? `${plate.id} (${plate.name})` : String(plate.id)));
  return new ApiError(
    'unprocessable',
    `plateQuantities: the file has no plate ${JSON.stringify(key)}; it has ${allowed.join(', ') || 'none'}`,
    { allowed },
  );
}
