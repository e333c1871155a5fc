import { type Element, JID, NS, xml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, PepChange, PepItem } from '../../feature.ts';

/** XEP-0048 §3.1: the whole list is one item. */
export const LIST_ITEM = 'current';

/**
 * XEP-0402 §6.3, XEP-0411: bookmarks are one set, whichever way they come: an item each (XEP-0402), one list in a node or one in private storage
 * (XEP-0048). Gives what else changes with a change of one of the nodes. Nodes that others may read take no part (XEP-0411 §6).
 */
export async function convertBookmarks(
  api: FeatureApi,
  { jid }: AccountView,
  change: PepChange,
): Promise<readonly PepChange[]> {
  if (change.node !== NS.bookmarks && change.node !== NS.bookmarksStorage) return [];
  if (!(await isPrivate(api, jid, NS.bookmarks)) || !(await isPrivate(api, jid, NS.bookmarksStorage))) return [];
  // A node that is made by this very change is made as its publisher wants it.
  if ((change.config?.accessModel ?? 'whitelist') !== 'whitelist') return [];
  const events = api.personalEvents();
  const rooms = await events.items(jid, NS.bookmarks);
  const [list] = (await events.items(jid, NS.bookmarksStorage)).slice(-1);
  if (change.node === NS.bookmarks) {
    const payload = collate(applied(rooms, change), list?.payload);
    if (list !== undefined && payload.toString() === list.payload.toString()) return [];
    return [{ node: NS.bookmarksStorage, publish: [{ id: LIST_ITEM, payload }] }];
  }
  const wanted =
    change.retract === undefined ? change.publish?.at(-1)?.payload : xml('storage', { xmlns: NS.bookmarksStorage });
  return wanted === undefined ? [] : differences(rooms, wanted);
}

/** XEP-0402 §6.3.1: the list in the form of XEP-0048; what else the former one had, addresses of pages, is kept. */
function collate(rooms: readonly PepItem[], former: Element | undefined): Element {
  const others = former?.elements.filter((child) => child.name !== 'conference') ?? [];
  const conferences = rooms.map(({ id, payload }) => {
    const { name, autojoin } = payload.attrs;
    const fields = payload.elements.filter((child) => child.name === 'nick' || child.name === 'password');
    const children = fields.map((field) => xml(field.name, null, field.text()));
    return xml('conference', { jid: id, name, autojoin: isTrue(autojoin) ? 'true' : undefined }, ...children);
  });
  return xml('storage', { xmlns: NS.bookmarksStorage }, ...conferences, ...others);
}

/** XEP-0402 §6.3.2: only what is different. Extensions, which the old form does not have, are kept. */
function differences(rooms: readonly PepItem[], list: Element): readonly PepChange[] {
  const wanted = new Map<string, PepItem>();
  for (const conference of list.childrenNamed('conference')) {
    const id = JID.tryParse(conference.attrs['jid'] ?? '')?.toString();
    if (id === undefined) continue;
    const extensions = rooms.find((room) => room.id === id)?.payload.child('extensions');
    wanted.set(id, { id, payload: bookmarkOf(conference, extensions) });
  }
  const publish = [...wanted.values()].filter(({ id, payload }) => {
    const known = rooms.find((room) => room.id === id);
    return known === undefined || describe(known.payload) !== describe(payload);
  });
  const retract = rooms.map(({ id }) => id).filter((id) => !wanted.has(id));
  if (publish.length === 0 && retract.length === 0) return [];
  return [{ node: NS.bookmarks, publish, retract }];
}

function bookmarkOf(conference: Element, extensions: Element | undefined): Element {
  const { name, autojoin } = conference.attrs;
  const text = (field: string): Element | undefined => {
    const value = conference.child(field)?.text();
    return value === undefined ? undefined : xml(field, null, value);
  };
  const attrs = { xmlns: NS.bookmarks, name, autojoin: isTrue(autojoin) ? 'true' : undefined };
  return xml('conference', attrs, text('nick'), text('password'), extensions);
}

/** What a bookmark says, without its extensions, in words that can be compared. */
function describe(bookmark: Element): string {
  const { name, autojoin } = bookmark.attrs;
  return JSON.stringify([name, isTrue(autojoin), bookmark.child('nick')?.text(), bookmark.child('password')?.text()]);
}

function applied(items: readonly PepItem[], { publish = [], retract = [] }: PepChange): readonly PepItem[] {
  const result = new Map(items.map((item) => [item.id, item]));
  if (retract === 'all') result.clear();
  else for (const id of retract) result.delete(id);
  for (const item of publish) {
    result.delete(item.id);
    result.set(item.id, item);
  }
  return [...result.values()];
}

async function isPrivate(api: FeatureApi, account: JID, node: string): Promise<boolean> {
  const config = await api.personalEvents().config(account, node);
  return config === undefined || config.accessModel === 'whitelist';
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}
