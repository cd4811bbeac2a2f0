/**
 * The form in which filament types are compared: upper case without outer blanks. Nothing else is folded, so
 * that `PLA-S` (support) never stands in for `PLA`, nor `PA-CF` for `PA`.
 */
export function filamentType(text: string | null): string {
  return text === null ? '' : text.trim().toUpperCase();
}
