import type { JID } from '@tutti/xmpp';

/** The addresses that an account blocks. It never changes; `with` and `without` give new ones. */
export class BlockList {
  /** In normal form. */
  readonly jids: ReadonlySet<string>;

  constructor(jids: Iterable<string> = []) {
    this.jids = new Set(jids);
  }

  /** XEP-0191 §6: an entry matches itself, a bare JID its resources, a domain all that is in it. */
  matches(peer: JID): boolean {
    const { jids } = this;
    if (jids.size === 0) return false;
    return jids.has(peer.toString()) || jids.has(peer.bare.toString()) || jids.has(peer.domain);
  }

  with(jids: Iterable<string>): BlockList {
    return new BlockList([...this.jids, ...jids]);
  }

  without(jids: Iterable<string>): BlockList {
    const gone = new Set(jids);
    return new BlockList([...this.jids].filter((jid) => !gone.has(jid)));
  }
}
