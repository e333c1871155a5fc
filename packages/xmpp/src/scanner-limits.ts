import { XmlError } from './xml-error.ts';

/** Bounds of what a peer may send; 0 = no limit. What exceeds one is a 'policy-violation' (RFC 6120 §4.9.3.14). */
export interface ParserLimits {
  /** Bytes of one stanza from its first '<' to its last '>', also while it is incomplete; likewise the stream's open tag. */
  stanzaBytes: number;
  /** Levels of elements in one stanza, the stanza's own included. */
  depth: number;
  /** Attributes and namespace declarations of one element. */
  attributes: number;
  /** Bytes of one element's or attribute's name, its prefix included. */
  nameBytes: number;
}

/** For input that is our own, or that was limited before. */
export const NO_LIMITS: Readonly<ParserLimits> = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };

/** Throws 'policy-violation' when a limit is set and passed. */
export function checkLimit(limit: number, value: number, what: string): void {
  if (limit !== 0 && value > limit) throw new XmlError('policy-violation', `more than ${limit} ${what}`);
}
