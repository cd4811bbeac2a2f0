/** When something is to be done: the minutes, hours and days that are named; all of them must fit. */
export interface Schedule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: ReadonlySet<number>;
  /** From 1. */
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
}

const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const ENTRY = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;
/** Back so far a time that fits is looked for: the 29th of February comes within eight years. */
const MOST_DAYS = 8 * 366 + 1;

/**
 * Reads five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday). Each is `*`, a number, a
 * range such as `1-5`, or several of these joined by commas; a step such as `/15` may follow `*` and ranges.
 *
 * @returns null for anything else, and for days that there never are
 */
export function readSchedule(text: string): Schedule | null {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) return null;
  const [minutes, hours, days, months, weekdays] = FIELDS.map(([min, max], at) =>
    numbers(fields[at] ?? '', min, max),
  );
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  const exists = months.some((month) => days.some((day) => day <= (MONTH_DAYS[month - 1] ?? 0)));
  if (!exists) return null;
  return {
    minutes,
    hours,
    daysOfMonth: new Set(days),
    months: new Set(months),
    daysOfWeek: new Set(weekdays.map((day) => day % 7)),
  };
}

function numbers(field: string, min: number, max: number): readonly number[] | null {
  const found = new Set<number>();
  for (const entry of field.split(',')) {
    const match = ENTRY.exec(entry);
    if (!match) return null;
    const [, star, first, last, step] = match;
    const from = star === undefined ? Number(first) : min;
    const to = star === undefined ? Number(last ?? first) : max;
    const stride = Number(step ?? 1);
    const single = star === undefined && last === undefined;
    if (from < min || to > max || from > to || stride < 1 || (single && step !== undefined)) return null;
    for (let value = from; value <= to; value += stride) found.add(value);
  }
  return [...found].sort((one, other) => one - other);
}

/**
 * The last time, up to now, at which it was to be done, on this machine's clock; null when that is longer ago than any
 * calendar repeats itself.
 *
 * @param now epoch milliseconds, as is the answer
 */
export function lastDue(schedule: Schedule, now: number): number | null {
  const today = new Date(now);
  for (let back = 0; back < MOST_DAYS; back++) {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - back);
    if (!fits(schedule, day)) continue;
    for (const hour of schedule.hours.toReversed())
      for (const minute of schedule.minutes.toReversed()) {
        const time = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute).getTime();
        if (time <= now) return time;
      }
  }
  return null;
}

function fits({ daysOfMonth, months, daysOfWeek }: Schedule, day: Date): boolean {
  return daysOfMonth.has(day.getDate()) && months.has(day.getMonth() + 1) && daysOfWeek.has(day.getDay());
}
