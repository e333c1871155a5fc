const DAY_MS = 86_400_000;
/** Where the time begins in `2026-01-01T00:00:00.000Z`. */
const TIME = 11;
/** From the year 10,000 on there are more digits. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Characters of a stamp. */
export const STAMP_LENGTH = 24;

/** Whether a point in time takes `STAMP_LENGTH` characters. */
export function isWritable(at: number): boolean {
  return at >= 0 && at <= LAST_MS;
}

/** Writes points in time as `formatDateTime` does, straight into bytes: neighbours are mostly of one day, so only the time is worked out for each. */
export class StampWriter {
  readonly #text = new Uint8Array(STAMP_LENGTH);
  #day = NaN;

  write(at: number, bytes: Uint8Array, offset: number): void {
    const day = Math.floor(at / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      new TextEncoder().encodeInto(new Date(day * DAY_MS).toISOString(), this.#text);
    }
    const ms = at - day * DAY_MS;
    this.#writeDigits(TIME, Math.floor(ms / 3_600_000), 2);
    this.#writeDigits(TIME + 3, Math.floor(ms / 60_000) % 60, 2);
    this.#writeDigits(TIME + 6, Math.floor(ms / 1000) % 60, 2);
    this.#writeDigits(TIME + 9, ms % 1000, 3);
    bytes.set(this.#text, offset);
  }

  #writeDigits(place: number, value: number, digits: number): void {
    let rest = value;
    for (let at = place + digits - 1; at >= place; at -= 1) {
      this.#text[at] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}
