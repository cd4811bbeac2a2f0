/** Build plates in a start command's words, by the names slicers show (docs/protocol.md §6.2). */
const WIRE_NAMES: Readonly<Record<string, string>> = {
  'cool plate': 'cool_plate',
  'cool plate (supertack)': 'supertack_plate',
  'supertack plate': 'supertack_plate',
  'engineering plate': 'eng_plate',
  'high temp plate': 'hot_plate',
  'smooth pei plate': 'hot_plate',
  'textured pei plate': 'textured_plate',
};

const WIRE_FORM = /^[a-z0-9_]{1,40}$/;

/** `auto` leaves the plate to the printer: for null and for a name nobody knows. */
export function wireBedType(bedType: string | null): string {
  if (bedType === null) return 'auto';
  const name = bedType.trim().toLowerCase();
  if (Object.hasOwn(WIRE_NAMES, name)) return WIRE_NAMES[name] ?? 'auto';
  return WIRE_FORM.test(name) ? name : 'auto';
}
