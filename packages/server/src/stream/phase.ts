import type { Element, JID } from '@tutti/xmpp';
import type { Connection, Identity, StreamSession } from './host.ts';
import type { StreamOptions } from './options.ts';
import type { Transport } from './transport.ts';

/** What a stream does between two of its headers and before it has a session. */
export interface Phase {
  /** The features that follow the stream header. */
  features(): Element;
  /** One element from the peer. Throws StreamError to end the stream; while a promise is pending nothing more is read. */
  handle(element: Element): Promise<void> | void;
  /** The stream is over. */
  abandon(): void;
}

/** What a phase may do with its stream. */
export interface StreamCore {
  readonly options: StreamOptions;
  readonly transport: Transport;
  readonly connection: Connection;
  /** The served domain of the stream. */
  readonly domain: string;
  /** Whom the peer said it is in its header: a bare JID. */
  readonly from: JID | undefined;
  /** The channel is good enough to log in: it is encrypted, or it need not be. */
  readonly mayLogIn: boolean;
  /** Writes a first-level element. */
  send(element: Element): void;
  /** Writes `<features/>` or another element of the stream's namespace. */
  sendStreamElement(element: Element): void;
  /** Closes the stream and the connection without waiting for the peer. */
  terminate(): void;
  /** Keeps back what a session writes until `release`: an answer must be written first. */
  hold(): void;
  release(): void;
  /** Nothing has come behind the element that is being handled. */
  readonly nothingFollows: boolean;
  /** Encrypts, then awaits a new header. */
  encrypt(): Promise<void>;
  /** The peer has logged in. `phase` goes on, after a new header if `restart`. */
  authenticated(identity: Identity, phase: Phase, restart: boolean): void;
  /** From now on elements go to the session. `expectsRequest`: RFC 3921's request for a session may come first. */
  attach(session: StreamSession, expectsRequest?: boolean): void;
}
