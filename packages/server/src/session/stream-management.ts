import { type Element, NS, StreamError, xml } from '@tutti/xmpp';
import type { Outgoing } from './outgoing.ts';

/** What was sent and is not acknowledged yet: a number is a row of the account's log, read again when it is needed; anything else is kept. */
export type Unacknowledged = number | Outgoing;

const MODULUS = 2 ** 32;

/** The counters of XEP-0198, both directions. Knows nothing of connections. */
export class StreamManagement {
  /** Names the session in `<resume/>`; '' when resumption was not asked for. */
  readonly id: string;
  /** Stanzas from the client that are done with, messages among them committed (A3): the `h` of our `<a/>`. */
  handled = 0;
  /** The last `h` of the client. */
  #acknowledged = 0;
  readonly #queue: Unacknowledged[] = [];
  #keptBytes = 0;
  /** An `<r/>` is under way. */
  requested = false;

  constructor(id: string) {
    this.id = id;
  }

  get unacknowledged(): readonly Unacknowledged[] {
    return this.#queue;
  }

  /** Bytes of what is kept, because no log has it. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  sent(entry: Unacknowledged): void {
    this.#queue.push(entry);
    if (typeof entry !== 'number') this.#keptBytes += entry.size;
  }

  countHandled(): void {
    this.handled = (this.handled + 1) % MODULUS;
  }

  /** Takes the client's count. Gives what it acknowledges; throws the stream error of XEP-0198 §4 when it counts more than was sent. */
  acknowledge(h: number): readonly Unacknowledged[] {
    const count = (h - this.#acknowledged + MODULUS) % MODULUS;
    if (count > this.#queue.length) throw handledCountTooHigh(h, (this.#acknowledged + this.#queue.length) % MODULUS);
    this.#acknowledged = h;
    this.requested = false;
    const entries = this.#queue.splice(0, count);
    for (const entry of entries) if (typeof entry !== 'number') this.#keptBytes -= entry.size;
    return entries;
  }

  /** A row that has expired is not sent again, so the client will never count it. */
  forget(seq: number): void {
    const index = this.#queue.indexOf(seq);
    if (index >= 0) this.#queue.splice(index, 1);
  }
}

/** Reads `h` (XEP-0198 §4): an unsigned 32-bit number; undefined when it is none. */
export function readCount(element: Element): number | undefined {
  const text = element.attrs['h'] ?? '';
  const h = /^\d{1,10}$/.test(text) ? Number(text) : MODULUS;
  return h < MODULUS ? h : undefined;
}

function handledCountTooHigh(h: number, sent: number): StreamError {
  const extra = xml('handled-count-too-high', { xmlns: NS.sm, h, 'send-count': sent });
  return new StreamError('undefined-condition', 'You acknowledged more stanzas than were sent to you.', extra);
}

/** XEP-0198 §3: what is asked for can't be had now. */
export function unexpectedRequest(): Element {
  return xml('failed', { xmlns: NS.sm }, xml('unexpected-request', { xmlns: NS.stanzas }));
}
