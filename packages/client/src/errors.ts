/** Why something of the client's failed, where the server did not say it with a stanza error. */
export type TuttiCondition =
  /** The server refuses the login, or ended the stream in a way that trying again cannot mend. */
  | 'refused'
  /** The server keeps no archive of messages (XEP-0313), so there is no timeline. */
  | 'no-archive'
  /** The connection was lost before an answer came. */
  | 'connection-lost'
  /** No answer came within `limits.answerMs`. */
  | 'no-answer'
  /** `stop()` was called. A message that was not archived yet is sent by the next `start()` over the same store. */
  | 'stopped'
  /** The server took the message and does not archive it. */
  | 'not-archived'
  /** `discard()` was called for a message that had failed. */
  | 'discarded'
  /** The store belongs to another account. */
  | 'wrong-account'
  /** The store could not read or write. The client has stopped. */
  | 'store'
  /** Connecting failed `reconnect.attempts` times in a row. */
  | 'gave-up';

/** An error of the client. A refusal that came as a stanza is a `StanzaError` of `@tutti/xmpp` instead. */
export class TuttiError extends Error {
  override readonly name = 'TuttiError';
  readonly condition: TuttiCondition;

  constructor(condition: TuttiCondition, text: string, options?: ErrorOptions) {
    super(`${condition}: ${text}`, options);
    this.condition = condition;
  }
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
