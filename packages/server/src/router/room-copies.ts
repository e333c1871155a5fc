import type { Element, JID } from '@tutti/xmpp';
import type { Clock } from '../environment.ts';

const WINDOW_MS = 60_000;
/** Conversations remembered at a time; the oldest go first. */
const CAPACITY = 10_000;

interface Copies {
  /** The full JIDs' resources that have had it. */
  readonly resources: Set<string>;
  readonly until: number;
}

/** D6: recognises a room's copies of one private message to several resources of an account. Only in memory: copies come within moments. */
export class RoomCopies {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Copies>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True: this is a copy of a message that another resource of the account had already. False: it is the first, and is remembered. */
  isCopy(stanza: Element, from: JID, to: JID): boolean {
    const now = this.#clock.now();
    const key = keyOf(stanza, from, to);
    const copies = this.#seen.get(key);
    if (copies !== undefined && now < copies.until && !copies.resources.has(to.resource)) {
      copies.resources.add(to.resource);
      return true;
    }
    this.#seen.delete(key);
    this.#seen.set(key, { resources: new Set([to.resource]), until: now + WINDOW_MS });
    this.#forgetOld(now);
    return false;
  }

  /** The first could not be archived: the next copy takes its part. */
  forget(stanza: Element, from: JID, to: JID): void {
    this.#seen.delete(keyOf(stanza, from, to));
  }

  #forgetOld(now: number): void {
    for (const [key, { until }] of this.#seen) {
      if (until > now && this.#seen.size <= CAPACITY) return;
      this.#seen.delete(key);
    }
  }
}

/** Same room and nick, same id; or the same payload where there is no id. */
function keyOf(stanza: Element, from: JID, to: JID): string {
  const what = stanza.attrs['id'] ?? stanza.with({ to: undefined }).toString();
  return `${to.bare} ${from} ${what}`;
}
