import { type Element, xml } from './element.ts';
import { NS } from './ns.ts';

/** The defined conditions of a stream error: RFC 6120 §4.9.3. */
export const STREAM_CONDITIONS = [
  'bad-format',
  'bad-namespace-prefix',
  'conflict',
  'connection-timeout',
  'host-gone',
  'host-unknown',
  'improper-addressing',
  'internal-server-error',
  'invalid-from',
  'invalid-namespace',
  'invalid-xml',
  'not-authorized',
  'not-well-formed',
  'policy-violation',
  'remote-connection-failed',
  'reset',
  'resource-constraint',
  'restricted-xml',
  'see-other-host',
  'system-shutdown',
  'undefined-condition',
  'unsupported-encoding',
  'unsupported-feature',
  'unsupported-stanza-type',
  'unsupported-version',
] as const;

/** A defined condition of a stream error: RFC 6120 §4.9.3. */
export type StreamCondition = (typeof STREAM_CONDITIONS)[number];

const CONDITIONS: ReadonlySet<string> = new Set(STREAM_CONDITIONS);

/** A stream error: sent once, then the stream is closed (RFC 6120 §4.9.1.1). */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly condition: StreamCondition;
  readonly text: string | undefined;
  /** The application-specific condition: RFC 6120 §4.9.4. */
  readonly extra: Element | undefined;
  /** Where to connect instead, with `see-other-host` only: RFC 6120 §4.9.3.19. */
  readonly host: string | undefined;

  constructor(condition: StreamCondition, text?: string, extra?: Element, host?: string) {
    super(text === undefined ? condition : `${condition}: ${text}`);
    this.condition = condition;
    this.text = text;
    this.extra = extra;
    this.host = condition === 'see-other-host' ? host : undefined;
  }

  /** The `<error/>` element in the streams' namespace, to be written with the prefix `stream`. */
  toElement(): Element {
    return xml(
      'error',
      { xmlns: NS.stream },
      xml(this.condition, { xmlns: NS.streams }, this.host),
      this.text !== undefined && xml('text', { xmlns: NS.streams, 'xml:lang': 'en' }, this.text),
      this.extra,
    );
  }

  /** Reads the `<error/>` of a peer; without a defined condition it is `undefined-condition`. */
  static fromElement(error: Element): StreamError {
    const defined = error.elements.find((child) => child.ns === NS.streams && CONDITIONS.has(child.name));
    return new StreamError(
      defined && isStreamCondition(defined.name) ? defined.name : 'undefined-condition',
      error.child('text', NS.streams)?.text(),
      error.elements.find((child) => child.ns !== NS.streams),
      defined?.text() || undefined,
    );
  }
}

/** Says whether a name is a defined condition of RFC 6120 §4.9.3. */
export function isStreamCondition(name: string): name is StreamCondition {
  return CONDITIONS.has(name);
}
