/** One message of the archive, as it is kept. */
export interface Entry {
  /** The id that the own account's archive gave it (XEP-0359). */
  readonly id: string;
  /** The conversation: the other side's bare JID, the own one for notes to oneself. */
  readonly peer: string;
  /** Whether one of the own devices sent it. */
  readonly outgoing: boolean;
  /** When it was archived, in milliseconds since 1970; for one that came live, when it came. */
  readonly time: number;
  /** The archived stanza. */
  readonly xml: string;
}

/** Why a message did not get through. */
export interface Failure {
  /** The defined condition of a stanza error (RFC 6120 §8.3.3), or the condition of a TuttiError. */
  readonly condition: string;
  readonly text?: string;
}

/** A message on its way into the archive. */
export interface Outgoing {
  /** Its `id` and origin-id. */
  readonly id: string;
  readonly peer: string;
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
  readonly xml: string;
  /** Kept until the user sends it again or discards it. */
  readonly failure?: Failure;
}

/** What a store holds. */
export interface Snapshot {
  /** Bare JID of the account whose messages these are; undefined in a new store. */
  readonly account: string | undefined;
  /** The archive has been read up to this id; '' is its beginning. Undefined: not read at all yet. */
  readonly cursor: string | undefined;
  /** In archive order, which is that of the appending. */
  readonly entries: readonly Entry[];
  /** In the order in which they were first put. */
  readonly outgoing: readonly Outgoing[];
}

/** A step: what is left out stays as it is. */
export interface Change {
  readonly account?: string;
  readonly cursor?: string;
  /**
   * Removes all entries behind this one, before others are appended: what was there comes again among them, with what came in between.
   * '' removes all. Only without IM-NG.
   */
  readonly cutAfter?: string;
  /** Goes to the end, in archive order; none has an id that is there already. */
  readonly append?: readonly Entry[];
  /** Replaces one with the same id in its place, else goes to the end. */
  readonly put?: readonly Outgoing[];
  /** Ids of messages that are no longer on their way. */
  readonly remove?: readonly string[];
}

/** Where the timeline is kept. One store, one account, one client at a time. */
export interface TimelineStore {
  /** Everything there is. */
  load(): Promise<Snapshot>;
  /** Keeps a step, the whole of it or (rejecting) nothing. The client calls it again only when it is done. */
  commit(change: Change): Promise<void>;
  /** Called once, after the last commit; a closed store can be opened again by a new adapter. */
  close(): Promise<void>;
}
