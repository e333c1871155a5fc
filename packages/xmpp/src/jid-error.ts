/** The part of an address that broke a rule; `jid` is the address as a whole. */
export type JidPart = 'jid' | 'local' | 'domain' | 'resource';

/** A text that is no XMPP address by RFC 7622. The matching stanza error is `jid-malformed` (RFC 6120 §8.3.3.8). */
export class JidError extends Error {
  override readonly name = 'JidError';
  readonly part: JidPart;

  constructor(part: JidPart, reason: string, options?: ErrorOptions) {
    super(part === 'jid' ? `invalid address: ${reason}` : `invalid ${part}part: ${reason}`, options);
    this.part = part;
  }
}
