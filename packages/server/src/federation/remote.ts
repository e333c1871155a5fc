import type { Element, StanzaCondition } from '@tutti/xmpp';

/**
 * The seam between what decides about stanzas to other servers (the outbox above it) and what carries them there (connections below it).
 */

/** Why a stanza has not reached the other server. */
export class RemoteFailure extends Error {
  override readonly name = 'RemoteFailure';
  /** For the error that answers the stanza: `remote-server-not-found`, `remote-server-timeout`, `resource-constraint` … (RFC 6120 §8.3.3) */
  readonly condition: StanzaCondition;
  /** It may go well later: what is durable is kept and sent again. */
  readonly temporary: boolean;
  /** Nothing is wrong with the other server, but this stanza it would never take: others may follow. */
  readonly isAboutStanza: boolean;

  constructor(condition: StanzaCondition, temporary: boolean, text: string, isAboutStanza = false) {
    super(text);
    this.condition = condition;
    this.temporary = temporary;
    this.isAboutStanza = isAboutStanza;
  }
}

/** Connections to other servers. */
export interface Link {
  /**
   * Sends a stanza from a domain of this server to another server's, connecting where there is no connection. Stanzas of one pair of domains leave in
   * the order of the calls. `settled` is called once, never before `send` has returned: without a failure when the other server has it (acknowledged by
   * XEP-0198; without it: written to the connection), with one when that is not so, or not known: then the stanza may have arrived.
   * Nothing of a pair leaves on another connection while it is not known what became of stanzas before it: until they are settled it is refused.
   */
  send(from: string, to: string, stanza: Element, settled: (failure?: RemoteFailure) => void): void;
}
