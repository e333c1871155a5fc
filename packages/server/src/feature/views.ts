/** What features may see of sessions and accounts. */
import type { Element, JID } from '@tutti/xmpp';

/** What a feature may see of a session. The object lives as long as the session, resumptions included: a good key for a WeakMap. */
export interface SessionView {
  /** Full JID. */
  readonly jid: JID;
  readonly resource: string;
  readonly account: AccountView;
  readonly imNg: boolean;
  /** E4: the place in the log where IM-NG was enabled; undefined for legacy sessions. */
  readonly barrier: number | undefined;
  readonly carbons: boolean;
  /** I7: this legacy session had that row before its first presence. */
  hasHad(seq: number): boolean;
  /** D5: rows that were given to this session as to a legacy one, and that its client has not acknowledged; also when it has ended with that. */
  readonly underWay: readonly number[];
  /** Priority of the available presence; undefined when the session has sent none. */
  readonly priority: number | undefined;
  /** The last available presence that it broadcast. */
  readonly presence: Element | undefined;
  /** Address of the peer, for limits. */
  readonly address: string;
  /** Encrypted, or both ends on this machine. */
  readonly secure: boolean;
  /** Milliseconds since 1970 UTC when something last came from the client. */
  readonly lastActive: number;
  /** It is over: nothing reaches its client any more. */
  readonly ended: boolean;
  /** A client is connected. It may be gone without a word: what it acknowledges tells. */
  readonly connected: boolean;
  /** What the client has said of itself on this connection (XEP-0352); undefined: nothing. */
  readonly clientActive: boolean | undefined;
  /** Stable id of the client's installation (XEP-0388 §2.3), if it gave one. */
  readonly agent: string | undefined;
  /** The client has this row of its account's log, as far as the server can know: acknowledged (XEP-0198), or written where there is no XEP-0198. */
  hasRow(seq: number): boolean;
}

export interface AccountView {
  /** Bare JID. */
  readonly jid: JID;
  readonly sessions: readonly SessionView[];
  /** Number of the last row of its log that sessions have been shown (E4: the barrier). */
  readonly head: number;
  /** D5: up to where legacy sessions have been given rows of the log. */
  readonly legacyCursor: number;
  /** D5: of these those that nobody is known to have, as ranges in ascending order, both ends included. */
  readonly owed: readonly (readonly [first: number, last: number])[];
  /** What `api.accountState` loaded for this account. */
  state<T>(key: StateKey<T>): T;
}

/** A row of an account's log, as it is archived. */
export interface ArchivedMessage {
  /** Its place in the account's log. */
  readonly seq: number;
  /** Its stanza-id. */
  readonly id: string;
  readonly stanza: Element;
  /** The other party. */
  readonly peer: JID;
  /** The account has sent it. */
  readonly outgoing: boolean;
  /** A7. */
  readonly transient: boolean;
}

/** Names a piece of per-account state; made by `api.accountState`. */
export interface StateKey<T> {
  readonly load: (account: JID) => Promise<T>;
}

/** What `api.update` changes. */
export interface SessionChange {
  /** Takes the place of the barrier (E4). */
  readonly imNg?: true;
  readonly carbons?: boolean;
  readonly priority?: number | undefined;
  readonly presence?: Element | undefined;
  /** XEP-0352. */
  readonly active?: boolean;
  /** With this presence of type `unavailable` an available session becomes unavailable; the hook `sessionUnavailable` gets it. */
  readonly unavailable?: Element;
}
