/** The catalogue of typed errors, and the replies that carry them. */
export { errorReply, mayBeAnswered, resultReply } from './replies.ts';
export { SASL_CONDITIONS, SaslError, type SaslCondition } from './sasl-error.ts';
export {
  isStanzaCondition,
  STANZA_CONDITIONS,
  type StanzaCondition,
  StanzaError,
  type StanzaErrorOptions,
  type StanzaErrorType,
} from './stanza-error.ts';
export { isStreamCondition, STREAM_CONDITIONS, type StreamCondition, StreamError } from './stream-error.ts';
