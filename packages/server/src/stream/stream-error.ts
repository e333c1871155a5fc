import { StreamError, XmlError } from '@tutti/xmpp';

/** The stream error by which a stream ends when this was thrown. */
export function toStreamError(error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  if (error instanceof XmlError) return new StreamError(error.condition);
  return new StreamError('internal-server-error');
}

/** Did the peer cause it, rather than a fault of ours? */
export function isPeersFault(error: unknown): boolean {
  return error instanceof StreamError || error instanceof XmlError;
}
