import type { Element } from '@tutti/xmpp';

/** A client's side of XEP-0198. */
export class ClientCounts {
  /** Names the session; undefined: it can't be resumed. */
  id: string | undefined;
  /** Counts what it sends: from `<enable/>` on. */
  outbound = false;
  /** Counts what it receives: from `<enabled/>` on. */
  inbound = false;
  received = 0;
  #acknowledged = 0;
  #queue: Element[] = [];

  get unacknowledged(): readonly Element[] {
    return this.#queue;
  }

  /** How many stanzas it has sent. */
  get total(): number {
    return this.#acknowledged + this.#queue.length;
  }

  /** How many of them the server has counted. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  sent(element: Element): void {
    if (this.outbound) this.#queue.push(element);
  }

  /** Gives what the server's count acknowledges; undefined where it can't be. */
  acknowledge(h: number): readonly Element[] | undefined {
    const count = h - this.#acknowledged;
    if (!(count >= 0 && count <= this.#queue.length)) return undefined;
    this.#acknowledged = h;
    return this.#queue.splice(0, count);
  }
}
