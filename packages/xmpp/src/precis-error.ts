/** Which rule of RFC 8264 a string broke. */
export type PrecisRule = 'empty' | 'disallowed' | 'unassigned' | 'context' | 'bidi' | 'unstable';

/** A string that a PRECIS profile refuses (RFC 8264). The message names the code point, never the whole string. */
export class PrecisError extends Error {
  override readonly name = 'PrecisError';
  readonly rule: PrecisRule;

  constructor(rule: PrecisRule, message: string) {
    super(message);
    this.rule = rule;
  }
}

/** Names a code point as the standards do: U+00DF. */
export function nameCodePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
