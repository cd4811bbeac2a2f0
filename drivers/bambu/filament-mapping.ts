import { DriverError, type FilamentSource } from '../driver.js';
import { EXTERNAL_UNIT, mappingNumber, SECOND_EXTERNAL_UNIT } from './ams-numbers.js';

/** Where each filament of a plate comes from, in the words of a start command (docs/protocol.md §6.3). */
export interface FilamentMapping {
  /** A real boolean on the wire: one model reads a number as a nozzle. */
  readonly use_ams: boolean;
  readonly ams_mapping: readonly number[];
  readonly ams_mapping2: readonly AmsAddress[];
}

interface AmsAddress {
  readonly ams_id: number;
  readonly slot_id: number;
}

const UNMAPPED = -1;
const NOWHERE: AmsAddress = { ams_id: 255, slot_id: 255 };

/**
 * @param filaments by filament index in the file; null where the plate does not use that index. Trailing nulls
 *   are left out of the mapping.
 * @throws DriverError `rejected` when no filament has a source: the printer would print from wherever it likes
 */
export function mapFilaments(filaments: readonly (FilamentSource | null)[]): FilamentMapping {
  const used = filaments.slice(0, filaments.findLastIndex((source) => source !== null) + 1);
  if (used.length === 0) {
    throw new DriverError(
      'rejected',
      'No filament of the plate is mapped to a slot or an external spool; the print was not sent.',
    );
  }
  return {
    use_ams: used.some((source) => source !== null && !source.external),
    ams_mapping: used.map((source) =>
      source === null || source.external ? UNMAPPED : mappingNumber(source.unitId, source.slotIndex),
    ),
    ams_mapping2: used.map((source) => (source === null ? NOWHERE : addressOf(source))),
  };
}

function addressOf(source: FilamentSource): AmsAddress {
  if (!source.external) return { ams_id: source.unitId, slot_id: source.slotIndex };
  // Holders follow the extruder they feed. The flat list never names one: its tray number there stops some machines.
  const isSecond =
    source.extruder === 1 || (source.extruder === null && source.unitId === SECOND_EXTERNAL_UNIT);
  return { ams_id: isSecond ? SECOND_EXTERNAL_UNIT : EXTERNAL_UNIT, slot_id: 0 };
}
