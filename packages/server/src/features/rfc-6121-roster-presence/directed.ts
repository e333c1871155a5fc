import { JID, StanzaError } from '@tutti/xmpp';
import type { SessionView } from '../../feature.ts';

/**
 * Whom a session has sent available presence to directly (RFC 6121 §4.6): they are told when it becomes unavailable. An
 * address is forgotten when the session sends it unavailable presence, or when it answers with an error (a room that
 * the session didn't get into).
 */
export class DirectedPresence {
  readonly #addresses = new WeakMap<SessionView, Set<string>>();
  readonly #limit: () => number;

  /** `limit`: addresses per session, 0 = no limit. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Throws StanzaError when it would be too many. */
  add(session: SessionView, to: JID): void {
    const addresses = this.#addresses.get(session) ?? new Set();
    this.#addresses.set(session, addresses);
    const limit = this.#limit();
    if (limit > 0 && addresses.size >= limit && !addresses.has(to.toString())) {
      throw new StanzaError('resource-constraint', { text: 'You have sent your presence to too many addresses.' });
    }
    addresses.add(to.toString());
  }

  delete(session: SessionView, to: JID): void {
    this.#addresses.get(session)?.delete(to.toString());
  }

  /** Gives the addresses, or those of them that `which` says yes to, and forgets them. */
  take(session: SessionView, which: (to: JID) => boolean = () => true): readonly JID[] {
    const addresses = [...(this.#addresses.get(session) ?? [])].map((address) => JID.parse(address));
    const taken = addresses.filter(which);
    for (const to of taken) this.delete(session, to);
    return taken;
  }
}
