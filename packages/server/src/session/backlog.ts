import { type Element, NS } from '@tutti/xmpp';
import type { Outgoing } from './outgoing.ts';

/**
 * What waits for a legacy session while it is given what it missed (D5): live messages and presence come behind that, in the order in which they
 * came (RFC 6120 §10.1). Answers to the session's own requests do not wait.
 */
export class Backlog {
  #held: Outgoing[] | undefined;
  #bytes = 0;

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** What has not been sent. */
  get unsent(): readonly Outgoing[] {
    return this.#held ?? [];
  }

  hold(): void {
    this.#held ??= [];
  }

  /** Gives what has waited; from now on nothing does. */
  release(): readonly Outgoing[] {
    const held = this.unsent;
    this.#held = undefined;
    this.#bytes = 0;
    return held;
  }

  /** True: it waits, and `limit` bytes (0 = no limit) are not exceeded; false: they are; undefined: nothing has to wait. */
  take(out: Outgoing, limit: number): boolean | undefined {
    if (this.#held === undefined || isAnswer(out.element)) return undefined;
    this.#held.push(out);
    this.#bytes += out.size;
    return limit === 0 || this.#bytes <= limit;
  }
}

/** What comes of a request of the session's own: a page of the archive (XEP-0313 §4.2) must not end before its messages. */
function isAnswer(stanza: Element): boolean {
  return stanza.name === 'iq' || (stanza.name === 'message' && stanza.child('result', NS.mam) !== undefined);
}
