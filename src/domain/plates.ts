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
  const plates = printablePlates(metadata);
  if (!quantities || Object.keys(quantities).length === 0)
    return plates.filter((plate) => plate.locked !== true).map((plate) => ({ plate, count: 1 }));
  const counts = new Map<SlicedPlate, number>();
  for (const [key, count] of Object.entries(quantities)) {
    const plate = plates.find(({ id }) => String(id) === key) ?? plates.find(({ name }) => name === key);
    if (!plate) throw unknownPlate(key, plates);
    counts.set(plate, (counts.get(plate) ?? 0) + count);
  }
  return plates.flatMap((plate) => {
    const count = counts.get(plate) ?? 0;
    return count > 0 ? [{ plate, count }] : [];
  });
}

function unknownPlate(key: string, plates: readonly SlicedPlate[]): ApiError {
  const allowed = plates.map((plate) => (plate.name ? `${plate.id} (${plate.name})` : String(plate.id)));
  return new ApiError(
    'unprocessable',
    `plateQuantities: the file has no plate ${JSON.stringify(key)}; it has ${allowed.join(', ') || 'none'}`,
    { allowed },
  );
}
