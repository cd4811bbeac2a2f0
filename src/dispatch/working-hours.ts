const DAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MINUTES_OF_A_DAY = 24 * 60;

/** Hours of some days of the week. What ends no later than it begins goes on past midnight. */
export interface WorkingHours {
  /** 0 is Sunday. */
  readonly days: ReadonlySet<number>;
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
}

/** Reads `mon-fri 07:00-19:00` or `sat,sun 22:00-06:00`. @throws Error for anything else */
export function parseHours(text: string): WorkingHours {
  const [, days = '', from = '', to = ''] = /^(\S+) (\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? [];
  const found = days.split(',').flatMap(daysOf);
  if (found.length === 0 || from === '') throw new Error(`"${text}" are no working hours`);
  return { days: new Set(found), from: minutesOf(from), to: minutesOf(to) };
}

/** `fri-mon` goes over the end of the week. */
function daysOf(range: string): number[] {
  const [first = '', last = first] = range.split('-');
  const begin = DAYS.indexOf(first);
  const end = DAYS.indexOf(last);
  if (begin < 0 || end < 0) return [];
  return Array.from({ length: ((end - begin + 7) % 7) + 1 }, (_, index) => (begin + index) % 7);
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

/** When the hours begin again, on the clock of this machine; null while they last, and where there are none. */
export function nextOpening(hours: readonly WorkingHours[], now: Date): Date | null {
  if (hours.length === 0 || hours.some((one) => isOpen(one, now))) return null;
  const openings = hours.flatMap(({ days, from }) =>
    Array.from({ length: 8 }, (_, ahead) => onDay(now, ahead, from)).filter(
      (opening) => opening > now && days.has(opening.getDay()),
    ),
  );
  return openings.toSorted((one, other) => one.getTime() - other.getTime())[0] ?? null;
}

function isOpen({ days, from, to }: WorkingHours, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  const today = now.getDay();
  const overnight = to <= from;
  if (days.has(today) && minute >= from && (overnight || minute < to)) return true;
  return overnight && days.has((today + 6) % 7) && minute < to;
}

function onDay(now: Date, ahead: number, minute: number): Date {
  const day = now.getDate() + ahead;
  return new Date(now.getFullYear(), now.getMonth(), day, 0, minute % MINUTES_OF_A_DAY);
}
