import { type Element, NS, paginate, readRsm, writeRsm, xml } from '@tutti/xmpp';
import type { ListedRoom } from './public-rooms.ts';

/** XEP-0045 §6.3: the rooms of a service, which are in order, in pages. A room that has gone since the last page leaves its place behind. */
export function listRooms(rooms: readonly ListedRoom[], payload: Element, limit: number): Element[] {
  const asked = readRsm(payload);
  const after = asked?.after && rooms.findLast(({ jid }) => jid <= (asked.after ?? ''))?.jid;
  const before = asked?.before && (rooms.find(({ jid }) => jid >= (asked.before ?? ''))?.jid ?? '');
  const request = asked && { ...asked, after, before: asked.before === '' ? '' : before };
  const page = paginate(rooms, ({ jid }) => jid, request, limit);
  const items = page.items.map(({ jid, name }) =>
    xml('item', { xmlns: NS.discoItems, jid, name: name === '' ? undefined : name }),
  );
  return asked === undefined && items.length === rooms.length ? items : [...items, writeRsm(page, ({ jid }) => jid)];
}
