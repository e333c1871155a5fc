import type { Element, JID } from '@tutti/xmpp';

/**
 * The seam between `stream/` (everything before there is a session) and the core.
 * A stream authenticates a peer, then asks its host for a session; from then on it hands over whole elements.
 */

/** What a session sees of the stream that carries it. */
export interface Connection {
  /** Unique per connection; stands in logs. */
  readonly id: string;
  /** `stream`: elements are written with `jabber:client` as the default namespace in force; `document`: each stands alone. */
  readonly framing: 'stream' | 'document';
  readonly address: string;
  readonly secure: boolean;
  /** Bytes not yet taken by the operating system. */
  readonly buffered: number;
  /** Writes bytes that are already serialized for `framing`. */
  write(bytes: Uint8Array): void;
  /** Stops and restarts taking elements from the peer. */
  pause(): void;
  resume(): void;
  /** Sends a stream error (if any) and the closing tag, then closes the transport. */
  close(error?: { toElement(): Element }): void;
}

/** What a stream needs of a session. */
export interface StreamSession {
  readonly jid: JID;
  /** One element from the peer, in order: a stanza, or a top-level element such as `<r xmlns='urn:xmpp:sm:3'/>`. */
  receive(element: Element): void;
  /** The connection's buffer has drained. */
  drained(): void;
  /**
   * Nothing came from the peer for the advertised idle-seconds (XEP-0478): ask it for a sign of life (`<r/>`, XEP-0199 ping).
   * If nothing comes then either, the connection counts as cut. Absent: silence is never the end.
   */
  idle?(): void;
  /** The connection is gone. `clean`: the peer closed its stream (no resumption); otherwise it was cut. */
  disconnected(connection: Connection, clean: boolean): void;
}

/** A verified identity, before a resource is bound. */
export interface Identity {
  /** Bare JID. */
  readonly account: JID;
  /** Which account of that name was meant when its credentials were read: a removed one and a later one differ. */
  readonly incarnation?: number;
  /** SASL mechanism that proved it, for logs. */
  readonly mechanism: string;
  /** SASL2 user agent (XEP-0388 §2.3), if given. `id` is stable per installation. */
  readonly agent?: { readonly id?: string; readonly software?: string; readonly device?: string };
}

export interface BindRequest {
  /** RFC 6120 §7.7: the resource that the client asks for; absent = the server makes one. */
  readonly resource?: string;
  /** XEP-0386 tag: the start of the resource that the server makes. */
  readonly tag?: string;
  /** XEP-0386: the `<bind/>` element with its inline requests. Absent for RFC 6120 bind. */
  readonly inline?: Element;
}

export interface BoundSession {
  readonly session: StreamSession;
  /** Children for `<bound/>` (XEP-0386 §4), in order; empty for RFC 6120 bind. */
  readonly inline: readonly Element[];
}

export interface StreamHost {
  /** The served domain that `to` of a stream header names, in normal form; undefined => host-unknown. */
  servedDomain(name: string): string | undefined;
  /** Extra stream features after login, such as caps (XEP-0115 §6.3), roster versioning, pre-approval, SM; without what `session` has already negotiated inline. */
  sessionFeatures(domain: string, session?: StreamSession): readonly Element[];
  /** Extra stream features before login, such as registration (XEP-0077 §3.1). */
  loginFeatures?(domain: string): readonly Element[];
  /**
   * An IQ request to the server before login (XEP-0077 §3.1). Gives the answer, result or error; undefined when there is
   * none to expect: the stream then ends with not-authorized.
   */
  receiveBeforeLogin?(domain: string, iq: Element, connection: Connection): Promise<Element | undefined>;
  /** What may stand inline in Bind 2 (XEP-0386 §3): namespaces, in addition to what the stream itself offers. */
  bind2Features(domain: string): readonly string[];
  /** Opens a session. Throws StanzaError (conflict, resource-constraint, bad-request …). */
  bind(identity: Identity, request: BindRequest, connection: Connection): Promise<BoundSession>;
  /**
   * Resumes a session (XEP-0198 §5): `resume` is the client's `<resume/>`. Gives the session and the `<resumed/>` element,
   * or the `<failed/>` element. After `<resumed/>` has been written the stream must call `start()` exactly once: the session then sends what was not acknowledged.
   */
  resume(
    identity: Identity,
    resume: Element,
    connection: Connection,
  ): Promise<{ session: StreamSession; answer: Element; start: () => void } | { session?: undefined; answer: Element }>;
}
