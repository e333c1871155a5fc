/** Why a control request failed. */

/**
 * - `not-running`: no server listens on this data folder
 * - `already-running`: another server does
 * - `timeout`: no answer in time
 * - `denied`: the folder is another user's
 * - `unsafe`: other users could listen in our place
 * - `bad-request`: not a request, or wrong parameters
 * - `unknown-method`: the server does not know it (another version?)
 * - `closed`: the server went away before it answered
 * - `internal`: the server failed; its log says more
 */
export type ControlErrorCode =
  | 'not-running'
  | 'already-running'
  | 'timeout'
  | 'denied'
  | 'unsafe'
  | 'bad-request'
  | 'unknown-method'
  | 'closed'
  | 'internal';

/** A failure of the control socket itself; the message is one line for people. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A handler refused the request; `code` is one of its own, such as "account-exists". */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
