const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;
// An unencoded + of a zone arrives as a blank.
const TIME =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([ +-])(\d\d):?(\d\d))?$/;
const EPOCH_MS = /^-?\d{1,16}$/;
const DAY_MS = 86_400_000;

/** A day such as `2026-03-01` in UTC: its beginning and the next one's. Null for everything else. */
export function wholeDay(value: unknown): readonly [string, string] | null {
  const start = typeof value === 'string' ? startOfDay(value) : null;
  return start === null ? null : [new Date(start).toISOString(), new Date(start + DAY_MS).toISOString()];
}

/** An ISO 8601 time (UTC unless it names a zone), a day, or epoch milliseconds, in the stored form; null for others. */
export function instant(value: unknown): string | null {
  const ms =
    typeof value === 'number'
      ? value
      : typeof value !== 'string'
        ? null
        : EPOCH_MS.test(value)
          ? Number(value)
          : (startOfDay(value) ?? timeOf(value));
  const date = new Date(ms ?? Number.NaN);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return null;
  return date.toISOString();
}

function startOfDay(text: string): number | null {
  if (!DAY.test(text)) return null;
  const start = Date.parse(`${text}T00:00:00.000Z`);
  // The parser takes the 30th of February for the 2nd of March.
  return !Number.isNaN(start) && new Date(start).toISOString().startsWith(text) ? start : null;
}

function timeOf(text: string): number | null {
  const match = TIME.exec(text);
  if (!match) return null;
  const [
    ,
    day = '',
    hours,
    minutes,
    seconds = '0',
    fraction = '',
    ,
    sign,
    zoneHours = '0',
    zoneMinutes = '0',
  ] = match;
  const start = startOfDay(day);
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)];
  if (start === null || h > 24 || m > 59 || s > 59 || (h === 24 && m + s > 0)) return null;
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1);
  const ms = Math.floor(Number(`0.${fraction || '0'}`) * 1000);
  return start + ((h * 60 + m - offset) * 60 + s) * 1000 + ms;
}
