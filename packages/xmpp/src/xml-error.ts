/** The stream error conditions of RFC 6120 §4.9.3 that malformed or unwanted XML can cause. */
export type XmlCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'invalid-namespace'
  | 'invalid-xml'
  | 'not-well-formed'
  | 'policy-violation'
  | 'restricted-xml'
  | 'unsupported-encoding';

/** XML that cannot be accepted. `condition` names the stream error to answer with (RFC 6120 §4.9.3). */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly condition: XmlCondition;

  constructor(condition: XmlCondition, message: string) {
    super(message);
    this.condition = condition;
  }
}
