import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import type { RosterItem } from './roster.ts';

/** What a client may say of a contact. */
export interface ItemRequest {
  readonly jid: JID;
  readonly remove: boolean;
  readonly name: string;
  readonly groups: readonly string[];
}

/** 0 = no limit. */
export interface ItemLimits {
  /** Bytes of the name of a contact or a group. */
  readonly rosterNameBytes: number;
  readonly rosterGroups: number;
}

/** Reads a roster set (RFC 6121 §2.1.5); throws the StanzaErrors of §2.3.3. */
export function readItem(query: Element, limits: ItemLimits): ItemRequest {
  const [item, ...others] = query.elements;
  if (item === undefined || others.length > 0 || !item.is('item', NS.roster)) {
    throw new StanzaError('bad-request', { text: 'A roster set has exactly one item.' });
  }
  if (item.attrs['jid'] === undefined) throw new StanzaError('bad-request', { text: 'An item needs a jid.' });
  const jid = JID.tryParse(item.attrs['jid']);
  if (jid === undefined) throw new StanzaError('jid-malformed');
  // §2.1.2.5: any other value of the subscription is not the client's to set.
  if (item.attrs['subscription'] === 'remove') return { jid, remove: true, name: '', groups: [] };
  return { jid, remove: false, name: readName(item, limits), groups: readGroups(item, limits) };
}

function readName(item: Element, limits: ItemLimits): string {
  const name = item.attrs['name'] ?? '';
  if (isTooLong(name, limits)) throw new StanzaError('not-acceptable', { text: 'The name is too long.' });
  return name;
}

function readGroups(item: Element, limits: ItemLimits): readonly string[] {
  const groups = item.childrenNamed('group', NS.roster).map((group) => group.text());
  if (new Set(groups).size < groups.length) throw new StanzaError('bad-request', { text: 'A group is named twice.' });
  if (groups.includes('')) throw new StanzaError('not-acceptable', { text: 'A group needs a name.' });
  if (groups.some((group) => isTooLong(group, limits))) {
    throw new StanzaError('not-acceptable', { text: 'The name of a group is too long.' });
  }
  if (limits.rosterGroups > 0 && groups.length > limits.rosterGroups) {
    throw new StanzaError('not-acceptable', { text: 'That is too many groups for one contact.' });
  }
  return groups;
}

function isTooLong(name: string, { rosterNameBytes }: ItemLimits): boolean {
  return rosterNameBytes > 0 && new TextEncoder().encode(name).length > rosterNameBytes;
}

/** RFC 6121 §2.1.2. */
export function itemElement(item: RosterItem): Element {
  const attrs = {
    jid: item.jid.toString(),
    name: item.name === '' ? undefined : item.name,
    subscription: item.subscription,
    ask: item.ask ? 'subscribe' : undefined,
    approved: item.approved ? 'true' : undefined,
  };
  return xml('item', attrs, ...item.groups.map((group) => xml('group', null, group)));
}

export function removedElement(jid: string): Element {
  return xml('item', { jid, subscription: 'remove' });
}

export function rosterElement(ver: string | undefined, items: readonly Element[]): Element {
  return xml('query', { xmlns: NS.roster, ver }, ...items);
}
