/** Writes times as people of a language do; times are milliseconds since 1970. */
export class TimeWriter {
  readonly #time: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  constructor(language: string, timeZone?: string) {
    const zone = timeZone === undefined ? {} : { timeZone };
    this.#time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', ...zone });
    this.#weekday = new Intl.DateTimeFormat(language, { weekday: 'short', ...zone });
    this.#date = new Intl.DateTimeFormat(language, { dateStyle: 'short', ...zone });
    this.#day = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long', ...zone });
    this.#full = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short', ...zone });
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  }

  /** 14:05 */
  time(at: number): string {
    return this.#time.format(at);
  }

  /** The time today, the weekday within a week, else the date: for lists. */
  short(at: number, now: number): string {
    if (isSameDay(at, now)) return this.time(at);
    return now - at < 6 * DAY_MS && now > at ? this.#weekday.format(at) : this.#date.format(at);
  }

  /** Today, yesterday, or the day: above the messages of one. */
  day(at: number, now: number): string {
    const days = Math.round((startOfDay(at) - startOfDay(now)) / DAY_MS);
    return days === 0 || days === -1 ? capitalize(this.#relative.format(days, 'day')) : this.#day.format(at);
  }

  full(at: number): string {
    return this.#full.format(at);
  }

  /** Such as “5 minutes ago”. */
  ago(at: number, now: number): string {
    const minutes = Math.round((at - now) / 60_000);
    if (Math.abs(minutes) < 60) return this.#relative.format(Math.min(minutes, 0), 'minute');
    if (Math.abs(minutes) < 60 * 24) return this.#relative.format(Math.round(minutes / 60), 'hour');
    return this.#relative.format(Math.round(minutes / 60 / 24), 'day');
  }
}

const DAY_MS = 86_400_000;

/** Whether two times are of one day, here. */
export function isSameDay(one: number, other: number): boolean {
  return startOfDay(one) === startOfDay(other);
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function capitalize(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
