import { type Element, xml } from './element.ts';
import { StanzaError } from './errors.ts';
import { NS } from './ns.ts';

/** XEP-0059 §2: which part of a list is wanted. */
export interface RsmRequest {
  /** At most so many; undefined: as many as the other side likes to give. */
  readonly max: number | undefined;
  readonly after: string | undefined;
  /** '' asks for the last page (§2.5). */
  readonly before: string | undefined;
  /** §2.8: from this place on. */
  readonly index: number | undefined;
}

/** A page of a list. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** Size of the whole list. */
  readonly count: number;
  /** Place of the first item of the page in the list; undefined for an empty page. */
  readonly index: number | undefined;
}

/** Reads the `<set/>` of a request's payload; undefined when there is none. Throws StanzaError (`bad-request`). */
export function readRsm(payload: Element): RsmRequest | undefined {
  const set = payload.child('set', NS.rsm);
  if (set === undefined) return undefined;
  return {
    max: readNumber(set, 'max'),
    after: set.child('after')?.text(),
    before: set.child('before')?.text(),
    index: readNumber(set, 'index'),
  };
}

/**
 * The page of a list that is wanted; without a request the first `limit` of it (0: all). `idOf` names an item, as `after` and `before` do.
 * Throws StanzaError with `item-not-found` when the item named is not in the list.
 */
export function paginate<T>(
  list: readonly T[],
  idOf: (item: T) => string,
  request: RsmRequest | undefined,
  limit: number,
): ListPage<T> {
  const most = Math.min(request?.max ?? Infinity, limit === 0 ? Infinity : limit);
  const find = (id: string): number => {
    const at = list.findIndex((item) => idOf(item) === id);
    if (at === -1) throw new StanzaError('item-not-found', { text: `There is no item '${id}'.` });
    return at;
  };
  let start = request?.index ?? 0;
  let end = list.length;
  if (request?.after !== undefined) start = find(request.after) + 1;
  if (request?.before !== undefined) {
    if (request.before !== '') end = find(request.before);
    start = Math.max(request.after === undefined ? 0 : start, end - most);
  }
  const items = list.slice(start, Math.max(start, Math.min(end, start + most)));
  return { items, count: list.length, index: items.length === 0 ? undefined : start };
}

/** XEP-0059 §2.6: the `<set/>` of the answer. */
export function writeRsm<T>(page: ListPage<T>, idOf: (item: T) => string): Element {
  const first = page.items[0];
  const last = page.items.at(-1);
  return xml(
    'set',
    { xmlns: NS.rsm },
    first !== undefined && xml('first', { index: page.index }, idOf(first)),
    last !== undefined && xml('last', null, idOf(last)),
    xml('count', null, String(page.count)),
  );
}

function readNumber(set: Element, name: string): number | undefined {
  const text = set.child(name)?.text();
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new StanzaError('bad-request', { text: `<${name}/> holds a number.` });
  return Number(text);
}
