import type { Element, JID } from '@tutti/xmpp';
import { BoundedMap } from '../bounded-map.ts';
import type { Clock } from '../environment.ts';
import type { FeatureApi } from '../feature.ts';
import type { Place } from '../log/log.ts';

const WINDOW_MS = 60_000;
/** Conversations remembered at a time; the oldest go first. */
const CAPACITY = 10_000;

/** A message that a room has sent to one resource of an account or more. */
export interface Copies {
  /** The full JIDs' resources that have had it. */
  readonly resources: Set<string>;
  readonly until: number;
  /** What became of the first one: undefined as long as its commit is under way; `row` is undefined where it was not archived (A8). */
  outcome: { readonly row: Place | undefined } | undefined;
}

/** D6: recognises a room's copies of one private message to several resources of an account. Only in memory: copies come within moments. */
export class RoomCopies {
  readonly #clock: Clock;
  readonly #digest: FeatureApi['digest'];
  readonly #seen = new BoundedMap<string, Copies>(CAPACITY);

  constructor(clock: Clock, digest: FeatureApi['digest']) {
    this.#clock = clock;
    this.#digest = digest;
  }

  /** The message that this is a copy of, which another resource of the account has had. Undefined: it is the first. */
  find(stanza: Element, from: JID, to: JID): Copies | undefined {
    const copies = this.#seen.get(this.#keyOf(stanza, from, to));
    if (copies === undefined || this.#clock.now() >= copies.until) return undefined;
    return copies.resources.has(to.resource) ? undefined : copies;
  }

  /** Remembers the first; the one who archives it sets its outcome. */
  remember(stanza: Element, from: JID, to: JID): Copies {
    const now = this.#clock.now();
    const key = this.#keyOf(stanza, from, to);
    const copies: Copies = { resources: new Set([to.resource]), until: now + WINDOW_MS, outcome: undefined };
    this.#seen.set(key, copies);
    return copies;
  }

  /** The first could not be archived: the next copy takes its part. */
  forget(stanza: Element, from: JID, to: JID): void {
    this.#seen.delete(this.#keyOf(stanza, from, to));
  }

  /**
   * Same room and nick, same id if there is one, and the same payload: a copy differs in its address alone, so that nobody can show one thing under the
   * archive id of another (A5), not even a room that looks for two with the same digest.
   */
  #keyOf(stanza: Element, from: JID, to: JID): string {
    // As short as an address may be, whatever the sender writes: thousands of keys are kept.
    const digest = this.#digest('sha-256', stanza.with({ to: undefined }).toBytes());
    return `${to.bare} ${from} ${String.fromCharCode(...digest)}`;
  }
}
