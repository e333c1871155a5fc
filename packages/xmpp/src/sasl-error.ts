import { type Element, xml } from './element.ts';
import { NS } from './ns.ts';

/** The defined conditions of a SASL failure: RFC 6120 §6.5. XEP-0388 §2.6.2 uses the same. */
export const SASL_CONDITIONS = [
  'aborted',
  'account-disabled',
  'credentials-expired',
  'encryption-required',
  'incorrect-encoding',
  'invalid-authzid',
  'invalid-mechanism',
  'malformed-request',
  'mechanism-too-weak',
  'not-authorized',
  'temporary-auth-failure',
] as const;

/** A defined condition of a SASL failure: RFC 6120 §6.5. */
export type SaslCondition = (typeof SASL_CONDITIONS)[number];

/** An authentication that failed, with the answer that the peer gets. */
export class SaslError extends Error {
  override readonly name = 'SaslError';
  readonly condition: SaslCondition;
  readonly text: string | undefined;

  constructor(condition: SaslCondition, text?: string) {
    super(text === undefined ? condition : `${condition}: ${text}`);
    this.condition = condition;
    this.text = text;
  }

  /**
   * The `<failure/>` element; `ns` is `NS.sasl` (RFC 6120 §6.4.5) or `NS.sasl2` (XEP-0388). The condition stays in
   * `NS.sasl`.
   */
  toElement(ns: typeof NS.sasl | typeof NS.sasl2 = NS.sasl): Element {
    return xml(
      'failure',
      { xmlns: ns },
      xml(this.condition, { xmlns: NS.sasl }),
      this.text !== undefined && xml('text', { 'xml:lang': 'en' }, this.text),
    );
  }
}
