import type { Receipt, Recorder, SessionRecord } from '../world/recorder.ts';

/** How long, in ms, a message may take when the disk is good. */
const PATIENCE = 3000;

/** When what the server got was done with, as far as it can be seen at its border. */
export class Timing {
  readonly #recorder: Recorder;
  readonly #receiptsByKey: ReadonlyMap<string, readonly Receipt[]>;
  readonly #writesByKey = new Map<string, number[]>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#receiptsByKey = Map.groupBy(recorder.receipts, ({ key }) => key);
    for (const { copy, place } of recorder.writes) {
      if (copy === undefined || copy.form === 'result' || copy.form === 'replay') continue;
      const places = this.#writesByKey.get(copy.key) ?? [];
      places.push(place);
      this.#writesByKey.set(copy.key, places);
    }
  }

  /** Another receipt of a message that may still be under way at a place, or comes before another. */
  isSentTwice(key: string, place: number, limit: number): boolean {
    const receipts = this.#receiptsByKey.get(key) ?? [];
    return receipts.some((one) => one.place !== place && one.place <= limit && this.calmAfter(one.place) >= place);
  }

  /** The first time, or the last, that a message was shown to anybody between two places. */
  findWrite(key: string, from: number, to: number, last: boolean): number | undefined {
    const places = this.#writesByKey.get(key) ?? [];
    const isBetween = (place: number): boolean => place >= from && place <= to;
    return last ? places.findLast(isBetween) : places.find(isBetween);
  }

  /** The place by which whatever came at another is done with: it takes a while, longer with a bad disk, and ends with a crash. */
  calmAfter(place: number): number {
    const recorder = this.#recorder;
    const start = recorder.times[place] as number;
    let end = start + PATIENCE;
    for (const { from, to } of recorder.badDisk) if (from <= end && to >= start) end = Math.max(end, to + PATIENCE);
    const calm = Math.min(recorder.placeAfter(place, end - start), recorder.times.length - 1);
    return Math.min(calm, recorder.crashes.find((crash) => crash >= place) ?? calm);
  }

  /** The sender's session, or the server, ended before it can be known to have handled what came. */
  wasDisturbed(session: SessionRecord | undefined, place: number, limit: number): boolean {
    if (this.#recorder.crashes.includes(limit)) return true;
    return (
      session?.forced === true && session.endedAt !== undefined && session.endedAt <= limit && session.endedAt >= place
    );
  }
}
