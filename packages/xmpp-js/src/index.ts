/**
 * IM Routing-NG (XEP-0409) for those who use @xmpp/client by itself: enables it before anything else is sent, and sorts what comes in by the rules for
 * clients (K1, K3, K4). Catch-up, timelines and everything else are in @tutti/client.
 */
import { xml } from '@xmpp/client';

const IM_NG = 'urn:xmpp:im-ng:0';
const STANZA_ID = 'urn:xmpp:sid:0';

/** What is used of a client of @xmpp/client. */
export interface Xmpp {
  readonly jid?: { bare(): { toString(): string } } | null | undefined;
  readonly iqCaller: { set(payload: never): Promise<unknown> };
  prependListener(event: 'online', listener: () => void): unknown;
  on(event: 'stanza', listener: (stanza: never) => void): unknown;
}

/** What is used of its elements. */
export interface Element {
  // As @xmpp/xml has them.
  // oxlint-disable-next-line no-explicit-any
  readonly attrs: Record<string, any>;
  is(name: string, ns?: string): boolean;
  getChild(name: string, ns?: string): Element | undefined;
  getChildren(name: string, ns?: string): Element[];
  getChildElements(): Element[];
  getChildText(name: string, ns?: string): string | null;
}

/** A message of a conversation, as all devices of the account see it. */
export interface Conversational {
  readonly stanza: Element;
  /** Bare JID of the other side; one's own for notes to oneself. */
  readonly peer: string;
  /** A device of this account has sent it, perhaps this one: the reflection of what is archived. */
  readonly outgoing: boolean;
  /** Its id in the account's archive (XEP-0359, XEP-0313); undefined: it is not archived. */
  readonly archiveId: string | undefined;
}

export interface Listeners {
  /** The session has IM-NG (true), or the server does not know it (false): then Carbons may be enabled. */
  readonly onEnabled?: (enabled: boolean) => void;
  readonly onMessage?: (message: Conversational) => void;
  /** K3: for this session alone: marked, and part of no conversation. */
  readonly onPrivate?: (stanza: Element) => void;
}

/** Enables IM-NG in each new session of a client, and tells what comes. Call it before `xmpp.start()`. */
export function imNg(xmpp: Xmpp, listeners: Listeners): void {
  let isEnabled = false;
  // K1: whoever else waits for `online` sends after this, presence above all.
  xmpp.prependListener('online', () => {
    isEnabled = false;
    void enable(xmpp).then((enabled) => {
      isEnabled = enabled;
      listeners.onEnabled?.(enabled);
    });
  });
  xmpp.on('stanza', (stanza: Element) => {
    if (!stanza.is('message') || isFromElsewhere(stanza)) return;
    const own = xmpp.jid?.bare().toString() ?? '';
    const sorted = sort(stanza, own, isEnabled);
    if (sorted === 'private') listeners.onPrivate?.(stanza);
    else if (sorted !== undefined) listeners.onMessage?.(sorted);
  });
}

/**
 * A message for one session of somebody alone (C3): machines' talk. `to` is a full JID.
 * @param children elements of @xmpp/xml
 * @returns an element of @xmpp/xml
 */
// Their declarations are a package of their own, that not everybody has.
// oxlint-disable-next-line no-explicit-any
export function privately(to: string, ...children: any[]): any {
  return xml('message', { to }, ...children, xml('im-ng', { xmlns: IM_NG }));
}

async function enable(xmpp: Xmpp): Promise<boolean> {
  try {
    await xmpp.iqCaller.set(xml('enable', { xmlns: IM_NG }) as never);
    return true;
  } catch {
    return false; // The server says no, or is gone; either way this session has none.
  }
}

function sort(stanza: Element, own: string, isEnabled: boolean): Conversational | 'private' | undefined {
  // K3
  if (stanza.getChild('im-ng', IM_NG) !== undefined) return 'private';
  const from = bareOf(stanza.attrs['from'] ?? own);
  const to = bareOf(stanza.attrs['to'] ?? own);
  const archiveId = stanza.getChildren('stanza-id', STANZA_ID).find(({ attrs }) => attrs['by'] === own)?.attrs['id'];
  const outgoing = from === own;
  // K4: a reflection is one where the server vouches for it.
  if (outgoing && isEnabled && archiveId === undefined) return undefined;
  return { stanza, peer: outgoing ? to : from, outgoing, archiveId };
}

/** Results of the archive, Carbons and notices of nodes are no messages of a conversation. */
function isFromElsewhere(stanza: Element): boolean {
  const others = ['urn:xmpp:mam:2', 'urn:xmpp:carbons:2', 'http://jabber.org/protocol/pubsub#event'];
  return stanza.getChildElements().some((child) => others.includes(child.attrs['xmlns']));
}

function bareOf(jid: string): string {
  return jid.split('/', 1)[0] ?? jid;
}
