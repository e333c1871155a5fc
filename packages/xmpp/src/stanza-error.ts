import { type Element, xml } from './element.ts';
import { NS } from './ns.ts';

/** What the sender may do about an error: RFC 6120 §8.3.2. */
export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';

/**
 * Every defined condition with the error type that RFC 6120 §8.3.3 associates with it. Where the RFC leaves a choice
 * this is the type that does not invite a retry of the same stanza: `feature-not-implemented` is `cancel` (or modify),
 * `policy-violation` and `unexpected-request` are `modify` (or wait), `undefined-condition` is `cancel` (it may be
 * any).
 */
export const STANZA_CONDITIONS = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'modify',
} as const satisfies Record<string, StanzaErrorType>;

/** A defined condition of a stanza error: RFC 6120 §8.3.3. */
export type StanzaCondition = keyof typeof STANZA_CONDITIONS;

/** What may be said about a stanza error beside its condition. */
export interface StanzaErrorOptions {
  /** Default: the type that RFC 6120 §8.3.3 associates with the condition. */
  readonly type?: StanzaErrorType | undefined;
  /** For people, not for programs. */
  readonly text?: string | undefined;
  /** The language of `text`, default `en` (RFC 6120 §8.3.2: a text should say its language). */
  readonly lang?: string | undefined;
  /** The application-specific condition: RFC 6120 §8.3.4. */
  readonly extra?: Element | undefined;
  /** The address of the entity that found the error: RFC 6120 §8.3.1. */
  readonly by?: string | undefined;
  /** The new address, with `gone` and `redirect` only: RFC 6120 §8.3.3.5 and §8.3.3.14. */
  readonly uri?: string | undefined;
}

const ERROR_TYPES: ReadonlySet<string> = new Set(['auth', 'cancel', 'continue', 'modify', 'wait']);

/** A stanza error as a value that can be thrown, and that the core turns into a reply: RFC 6120 §8.3. */
export class StanzaError extends Error {
  override readonly name = 'StanzaError';
  readonly condition: StanzaCondition;
  readonly type: StanzaErrorType;
  readonly text: string | undefined;
  readonly lang: string;
  readonly extra: Element | undefined;
  readonly by: string | undefined;
  readonly uri: string | undefined;

  constructor(condition: StanzaCondition, options: StanzaErrorOptions = {}) {
    super(options.text === undefined ? condition : `${condition}: ${options.text}`);
    this.condition = condition;
    this.type = options.type ?? STANZA_CONDITIONS[condition];
    this.text = options.text;
    this.lang = options.lang ?? 'en';
    this.extra = options.extra;
    this.by = options.by;
    this.uri = condition === 'gone' || condition === 'redirect' ? options.uri : undefined;
  }

  /** The `<error/>` child of a stanza; `ns` is the namespace of that stanza, `jabber:client` unless told. */
  toElement(ns: string = NS.client): Element {
    return xml(
      'error',
      { xmlns: ns, type: this.type, by: this.by },
      xml(this.condition, { xmlns: NS.stanzas }, this.uri),
      this.text !== undefined && xml('text', { xmlns: NS.stanzas, 'xml:lang': this.lang }, this.text),
      this.extra,
    );
  }

  /**
   * Reads an `<error/>` element. It takes what other entities send: without a defined condition it is
   * `undefined-condition`, without a defined type the condition's own type.
   */
  static fromElement(error: Element): StanzaError {
    const defined = error.elements.find((child) => child.ns === NS.stanzas && isStanzaCondition(child.name));
    const text = error.child('text', NS.stanzas);
    const type = error.attrs['type'];
    return new StanzaError(defined && isStanzaCondition(defined.name) ? defined.name : 'undefined-condition', {
      type: isErrorType(type) ? type : undefined,
      text: text?.text(),
      lang: text?.attrs['xml:lang'],
      extra: error.elements.find((child) => child.ns !== NS.stanzas),
      by: error.attrs['by'],
      uri: defined?.text() || undefined,
    });
  }
}

/** Says whether a name is a defined condition of RFC 6120 §8.3.3. */
export function isStanzaCondition(name: string): name is StanzaCondition {
  return Object.hasOwn(STANZA_CONDITIONS, name);
}

function isErrorType(type: string | undefined): type is StanzaErrorType {
  return type !== undefined && ERROR_TYPES.has(type);
}
