import type { Element } from '@tutti/xmpp';
import { bareOf } from '../address.ts';

/** Somebody in the user's list: RFC 6121 §2.1.2. */
export interface Contact {
  /** Bare JID. */
  readonly jid: string;
  readonly name: string | undefined;
  /** Who sees whose presence: `to`: the user sees the contact's, `from`: the contact the user's. */
  readonly subscription: 'none' | 'to' | 'from' | 'both';
  /** The user asked to see the contact's presence, and there is no answer yet. */
  readonly asked: boolean;
  readonly groups: readonly string[];
}

/** The user's contacts by bare JID. */
export type Roster = ReadonlyMap<string, Contact>;

/** The roster that a `<query/>` holds: RFC 6121 §2.1.4. */
export function readRoster(query: Element): Roster {
  return applyRosterPush(new Map(), query);
}

/** The roster after a push: RFC 6121 §2.1.6. */
export function applyRosterPush(roster: Roster, query: Element): Roster {
  const changed = new Map(roster);
  for (const item of query.childrenNamed('item')) {
    const { jid: address, name, subscription, ask } = item.attrs;
    if (address === undefined) continue;
    const jid = bareOf(address);
    if (subscription === 'remove') changed.delete(jid);
    else {
      const groups = item.childrenNamed('group').map((group) => group.text());
      changed.set(jid, { jid, name, subscription: readSubscription(subscription), asked: ask === 'subscribe', groups });
    }
  }
  return changed;
}

/** RFC 6121 §2.1.2.5: what is not known is none. */
function readSubscription(text: string | undefined): Contact['subscription'] {
  return text === 'to' || text === 'from' || text === 'both' ? text : 'none';
}
