import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';

/** XEP-0441 §2.1.1: what becomes of messages with those whom no list names. */
const FALLBACKS = ['always', 'never', 'roster'] as const;
export type Fallback = (typeof FALLBACKS)[number];

/** What an account wants to have archived. */
export interface Preferences {
  readonly fallback: Fallback;
  /** JIDs in normal form: true in the list `always`, false in `never`. */
  readonly exceptions: ReadonlyMap<string, boolean>;
}

/** A8: everything, until the user says something else. */
export const DEFAULT_PREFERENCES: Preferences = { fallback: 'always', exceptions: new Map() };

export function isFallback(text: string | undefined): text is Fallback {
  return FALLBACKS.some((known) => known === text);
}

/** XEP-0441 §2.3: the entry of a full JID goes before that of its bare JID; undefined: no list names the peer. */
export function findException({ exceptions }: Preferences, peer: JID): boolean | undefined {
  if (exceptions.size === 0) return undefined;
  return exceptions.get(peer.toString()) ?? exceptions.get(peer.bare.toString());
}

/** Reads `<prefs/>` (XEP-0441 §2.1); throws StanzaError. A missing list is an empty one. */
export function readPreferences(prefs: Element): Preferences {
  const fallback = prefs.attrs['default'];
  if (!isFallback(fallback))
    throw new StanzaError('bad-request', { text: "The default is 'always', 'never' or 'roster'." });
  const exceptions = new Map<string, boolean>();
  for (const archived of [true, false]) {
    for (const jid of readList(prefs, archived ? 'always' : 'never')) {
      if (exceptions.get(jid) === !archived)
        throw new StanzaError('bad-request', { text: `${jid} stands in both lists.` });
      exceptions.set(jid, archived);
    }
  }
  return { fallback, exceptions };
}

function readList(prefs: Element, name: 'always' | 'never'): readonly string[] {
  const [list, ...others] = prefs.childrenNamed(name);
  if (others.length > 0) throw new StanzaError('bad-request', { text: `More than one <${name}/>.` });
  return (list?.childrenNamed('jid') ?? []).map((element) => {
    const jid = JID.tryParse(element.text().trim());
    if (jid === undefined) throw new StanzaError('jid-malformed');
    return jid.toString();
  });
}

export function writePreferences({ fallback, exceptions }: Preferences): Element {
  const list = (name: string, archived: boolean): Element => {
    const jids = [...exceptions].filter(([, value]) => value === archived).map(([jid]) => jid);
    return xml(name, null, ...jids.toSorted().map((jid) => xml('jid', null, jid)));
  };
  return xml('prefs', { xmlns: NS.mam, default: fallback }, list('always', true), list('never', false));
}
