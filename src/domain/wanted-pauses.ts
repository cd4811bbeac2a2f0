/** Pauses by a person or by the file itself, as for soaking heat: no trouble of the printer (docs/protocol.md §5.4). */
const WANTED_PAUSES: ReadonlySet<string> = new Set(['0300_8000', '0300_8001', '0300_8013']);

/** @param code `0300_8001` form */
export function isWantedPause(code: string | null): boolean {
  return code !== null && WANTED_PAUSES.has(code);
}
