/** The numbers of a firmware version such as `01.08.02.00`; null for anything else. */
export function parseFirmware(version: string | null): readonly number[] | null {
  return version !== null && /^\d+(\.\d+)+$/.test(version) ? version.split('.').map(Number) : null;
}

/** Whether a firmware came before another. False when either is not known or is no version. */
export function isOlderFirmware(firmware: string | null, from: string | null): boolean {
  const current = parseFirmware(firmware);
  const threshold = parseFirmware(from);
  return current !== null && threshold !== null && compareVersions(current, threshold) < 0;
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
