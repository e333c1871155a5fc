import type { Element, JID } from '@tutti/xmpp';
import type { AccountView, ArchivedMessage, PepChange, SessionView } from './feature.ts';

/**
 * Every hook, in the order of a session's life. `screen` hooks may refuse by throwing a StanzaError, `enrich` hooks may change what they get,
 * the others observe: what they throw is logged and changes nothing.
 */
export interface Hooks {
  /** A session has been bound; its client has not been told yet. */
  sessionBound(session: SessionView): void;
  /** A session goes from unavailable to available presence; `first`: for the first time. */
  sessionAvailable(session: SessionView, first: boolean): void;
  /** A session that is available has sent available presence again; its `presence` is the new one. */
  sessionPresenceChanged(session: SessionView): void;
  /** A session begins to take messages to the bare JID: it is available, and its priority is not negative (any more). */
  sessionTakesMessages(session: SessionView): void;
  /** An available session has become unavailable, with this presence: its client's, or at its end one that the server made. */
  sessionUnavailable(session: SessionView, presence: Element): void;
  /** A session has been resumed (XEP-0198 §5) and has been sent what it missed. */
  sessionResumed(session: SessionView): void;
  /** A session has ended and is out of its account. */
  sessionEnded(session: SessionView): void;
  /** screen: an IQ or presence stanza that a local session sends to somebody. */
  screenOutgoing(session: SessionView, stanza: Element, to: JID): void;
  /** screen: an IQ or presence stanza for a local account from somebody else. Refused stanzas get the error that was thrown (presence: nothing). */
  screenIncoming(account: AccountView, stanza: Element, from: JID): void;
  /** enrich: a message that a local session sends, before anything is decided about it. A promise keeps what the session sends next waiting. */
  enrichMessage(session: SessionView, message: Element): Element | Promise<Element>;
  /** A message has been archived (A3) and handed to the sessions that get it: a row of the account's log. */
  messageArchived(account: AccountView, message: ArchivedMessage): void;
  /** A room's message is kept for a session whose client is away and may come back (XEP-0198 §5): no archive of the account's has it. */
  messageKept(session: SessionView, message: Element): void;
  /** enrich: available presence that a local session sends, to all or to somebody. */
  enrichPresence(session: SessionView, presence: Element): Element;
  /** Presence with or without a type (neither subscription nor probe) for a local account, from somebody else; local contacts' broadcasts are not among it. */
  presenceReceived(account: AccountView, presence: Element, from: JID): void;
  /** A contact gets the account's presence from now on (RFC 6121 §3.1). */
  presenceShared(account: AccountView, contact: JID): void;
  /** enrich: what else changes at an account's nodes (XEP-0163) when this does; it is written with it. Not asked about its own answers. */
  convertEvents(account: AccountView, change: PepChange): Promise<readonly PepChange[]>;
  /** Something has changed at an account's nodes (XEP-0163). */
  eventsChanged(account: AccountView, changes: readonly PepChange[]): void;
  /** enrich: what stands in `<bound/>` whatever was asked for (XEP-0386 §4), such as archive metadata. */
  boundInline(session: SessionView): Promise<Element | undefined>;
  /** A legacy session has read the archive, before its presence perhaps (D5). */
  sessionQueriedArchive(session: SessionView): void;
  /** enrich: forms of the domain's disco#info (XEP-0128). */
  discoForms(domain: string): readonly Element[];
  /**
   * An account blocks peers (XEP-0191), or blocks them no longer: those that `concerns` says yes to. It is called while they are not blocked: right
   * before a block is in force, or right after it was lifted.
   */
  blockChanged(account: AccountView, blocked: boolean, concerns: (peer: JID) => boolean): void;
  /** An account has blocked a peer and says why (XEP-0377). */
  contactReported(account: AccountView, peer: JID, report: Element): void;
  /** The server is about to close all streams: what is to be said before that. */
  serverStopping(): void;
  /** An account does not exist any more; its sessions end right after this. */
  accountRemoving(jid: JID): void;
  /** An account has been removed: forget it. Its sessions have ended; there is no other of its name before the promises are settled. */
  accountRemoved(jid: JID): void | Promise<void>;
}
