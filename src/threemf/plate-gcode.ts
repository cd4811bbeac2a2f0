import type { Archive } from './archive.js';

const GCODE_ENTRY = /^Metadata\/plate_(\d+)\.gcode$/;

export function gcodeEntry(index: number): string {
  return `Metadata/plate_${index}.gcode`;
}

/** Numbers of the plates whose G-code is in the archive, rising. */
export function platesWithGcode(archive: Archive): number[] {
  return [...archive.entries.keys()]
    .flatMap((name) => Number(GCODE_ENTRY.exec(name)?.[1] ?? 0))
    .filter((index) => index > 0 && archive.has(gcodeEntry(index)))
    .sort((a, b) => a - b);
}

/** The MD5 stored beside a plate's G-code, upper case; null when there is none or it is no MD5. */
export async function readMd5(archive: Archive, index: number): Promise<string | null> {
  const name = `${gcodeEntry(index)}.md5`;
  if (!archive.has(name)) return null;
  const text = (await archive.read(name)).toString('latin1').trim().toUpperCase();
  return /^[0-9A-F]{32}$/.test(text) ? text : null;
}
