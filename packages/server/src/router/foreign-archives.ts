import type { JID } from '@tutti/xmpp';
import { BoundedMap } from '../bounded-map.ts';
import type { Clock } from '../environment.ts';

/** How long, in ms, after its query, or after the last result of it, a session may be sent results. */
const WINDOW_MS = 5 * 60_000;
/** Queries that are remembered; those not heard of for longest go first. */
const CAPACITY = 10_000;

/** Which sessions have asked which archives outside (XEP-0313), such as those of rooms on other servers: only they are answered. */
export class ForeignArchives {
  readonly #clock: Clock;
  readonly #asked = new BoundedMap<string, number>(CAPACITY);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A session queries an archive. */
  ask(session: JID, archive: JID): void {
    this.#asked.set(keyOf(session, archive), this.#clock.now() + WINDOW_MS);
  }

  /** Whether a result from that archive is one that the session has asked for. */
  expects(session: JID, archive: JID): boolean {
    const until = this.#asked.get(keyOf(session, archive));
    if (until === undefined) return false;
    if (this.#clock.now() < until) {
      this.ask(session, archive);
      return true;
    }
    this.#asked.delete(keyOf(session, archive));
    return false;
  }
}

function keyOf(session: JID, archive: JID): string {
  return `${session} ${archive.bare}`;
}
