import type { Element, JID, StanzaError } from '@tutti/xmpp';

/** A place in the outbox for a message that is about to be committed; one of the two is called, once. */
export interface Slot {
  /** The parcel is in the log: it goes out now, in the order of these calls. */
  committed(parcel: { readonly id: number; readonly at: number }, stanza: Element): void;
  cancelled(): void;
}

/** Where stanzas leave for domains that hold no accounts of this server: other servers, components, services. */
export interface Departures {
  /** Whether there is anything at all that could carry stanzas to a domain. */
  leadsTo(domain: string): boolean;
  /** Makes room for a message of so many bytes; a StanzaError says why there is none. */
  reserve(from: string, to: string, bytes: number): Slot | StanzaError;
  /** Sends what is not kept. `settled` is called at most once, at once or later: with an error when it is known not to have arrived. */
  send(stanza: Element, from: JID, to: JID, settled?: (error: StanzaError | undefined) => void): void;
}
