import { type Element, NS, StanzaError } from '@tutti/xmpp';
import { readForm, type Selection } from './form.ts';

/** Which part of the selection is asked for (XEP-0059). */
export interface PageRequest {
  /** Undefined: as many as there are. */
  readonly max?: number;
  /** An id, or '' for the last page. Asks for the messages next to it, backwards. */
  readonly before?: string;
  readonly after?: string;
}

/** A query of an archive, as it was asked. */
export interface Query {
  readonly id: string | undefined;
  readonly selection: Selection;
  readonly page: PageRequest;
  /** XEP-0313 §4.3.4: the page is sent newest first. */
  readonly flipped: boolean;
}

/** Reads `<query xmlns='urn:xmpp:mam:2'/>`; what it has in other namespaces is ignored (RFC 6120 §8.4). Throws StanzaError. */
export function readQuery(query: Element): Query {
  // §6.1.3: the node is kept for pubsub.
  if (query.attrs['node'] !== undefined)
    throw new StanzaError('item-not-found', { text: 'An account has no nodes here.' });
  return {
    id: query.attrs['queryid'],
    selection: readForm(only(query, 'x', NS.dataForms)),
    page: readPage(only(query, 'set', NS.rsm)),
    flipped: only(query, 'flip-page', NS.mam) !== undefined,
  };
}

function readPage(set: Element | undefined): PageRequest {
  if (set === undefined) return {};
  // XEP-0059 §2.6: nothing finds the n-th message of a selection without counting.
  if (only(set, 'index', NS.rsm) !== undefined)
    throw new StanzaError('feature-not-implemented', { text: 'Pages have no numbers.' });
  const max = only(set, 'max', NS.rsm)?.text();
  const before = only(set, 'before', NS.rsm)?.text();
  const after = only(set, 'after', NS.rsm)?.text();
  if (max !== undefined && !/^\d{1,15}$/.test(max))
    throw new StanzaError('bad-request', { text: '<max/> is a number.' });
  return {
    ...(max === undefined ? {} : { max: Number(max) }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

function only(parent: Element, name: string, ns: string): Element | undefined {
  const [first, ...more] = parent.childrenNamed(name, ns);
  if (more.length > 0) throw new StanzaError('bad-request', { text: `More than one <${name}/>.` });
  return first;
}
