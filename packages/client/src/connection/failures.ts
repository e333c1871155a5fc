import { TuttiError } from '../errors.ts';

/** Ends of a stream after which another attempt would end the same way: RFC 6120 §4.9.3. */
const FINAL_STREAM_ERRORS: ReadonlySet<string> = new Set(['conflict', 'host-gone', 'host-unknown', 'not-authorized']);

/** An error with a condition, as @xmpp/client makes it of `<stream:error/>` and `<failure/>`. */
interface XmppError extends Error {
  readonly condition?: string;
}

/** Whether there is no use in connecting again. */
export function isFinal(error: XmppError): boolean {
  if (error instanceof TuttiError) return error.condition === 'refused';
  // RFC 6120 §6.5: only this one says "later".
  if (error.name === 'SASLError') return error.condition !== 'temporary-auth-failure';
  return error.name === 'StreamError' && FINAL_STREAM_ERRORS.has(error.condition ?? '');
}

/** Whether an error is that of the stream or of the socket: the end of the connection follows it. */
export function isOfConnection(error: XmppError): boolean {
  return error.name === 'StreamError' || 'code' in error;
}
