import { type Element, NS, paginate, readRsm, writeRsm, xml } from '@tutti/xmpp';
import type { ListedRoom } from './room-store.ts';

/** XEP-0045 §6.3: the rooms of a service in pages, by address. A room that has gone since the last page leaves its place behind. */
export function listRooms(rooms: readonly ListedRoom[], payload: Element, limit: number): Element[] {
  const sorted = rooms.toSorted((a, b) => (a.jid < b.jid ? -1 : 1));
  const asked = readRsm(payload);
  const after = asked?.after && sorted.findLast(({ jid }) => jid <= (asked.after ?? ''))?.jid;
  const before = asked?.before && (sorted.find(({ jid }) => jid >= (asked.before ?? ''))?.jid ?? '');
  const request = asked && { ...asked, after, before: asked.before === '' ? '' : before };
  const page = paginate(sorted, ({ jid }) => jid, request, limit);
  const items = page.items.map(({ jid, name }) =>
    xml('item', { xmlns: NS.discoItems, jid, name: name === '' ? undefined : name }),
  );
  return asked === undefined && items.length === sorted.length ? items : [...items, writeRsm(page, ({ jid }) => jid)];
}
