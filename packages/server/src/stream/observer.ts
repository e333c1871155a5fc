import type { SaslError } from '@tutti/xmpp';

/** Is told what happens on a stream, for metrics. */
export interface StreamObserver {
  /** A connection has been let in. */
  opened(): void;
  /** One that was let in is gone. */
  closed(): void;
  /** It has not logged in in time. */
  timedOut(): void;
  loggedIn(mechanism: string): void;
  loginFailed(error: SaslError): void;
  /** Bytes, as they are before encryption. */
  received(bytes: number): void;
  sent(bytes: number): void;
  /** It sends faster than it may and is read slower from now on. */
  slowed(): void;
  /** We have ended the stream with this condition (RFC 6120 §4.9.3). */
  failed(condition: string): void;
}

/** Where nobody wants to know. */
export const NO_OBSERVER: StreamObserver = {
  opened() {},
  closed() {},
  timedOut() {},
  loggedIn() {},
  loginFailed() {},
  received() {},
  sent() {},
  slowed() {},
  failed() {},
};
