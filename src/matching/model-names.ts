/** A machine profile's name taken apart. */
export interface ProfileName {
  /** Comparable form of the model. */
  readonly model: string;
  /** Millimetres; null when the name has none. */
  readonly nozzle: number | null;
}

/**
 * The form in which model names are compared: `Bambu Lab X1-Carbon`, `X1 Carbon` and `x1 carbon` are one.
 * '' for a text without letters or digits.
 */
export function modelKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
    .replace(/^bambu ?lab /, '')
    .replaceAll(' ', '');
}

/** Reads a machine profile name such as `Bambu Lab P1S 0.4 nozzle`. */
export function parseProfileName(name: string): ProfileName {
  const match = /^(.*?)\s+(\d+(?:\.\d+)?)\s*(?:mm)?\s*nozzle\b/i.exec(name);
  return match === null
    ? { model: modelKey(name), nozzle: null }
    : { model: modelKey(match[1] ?? ''), nozzle: Number(match[2]) };
}
