import { type Element, StreamError } from '@tutti/xmpp';
import type { FederationEnvironment } from './environment.ts';
import { LinkFailure } from './failure.ts';
import { PeerStream, type PeerStreamHandler } from './peer-stream.ts';
import type { Transport } from '../stream/transport.ts';

/** More than this at once is no negotiation. */
const MAX_WAITING = 16;

/** A stream while it is negotiated by asking and waiting: what comes is taken one by one, in time or not at all. */
export class Dialogue implements PeerStreamHandler {
  readonly stream: PeerStream;
  readonly #env: FederationEnvironment;
  readonly #waiting: Element[] = [];
  #take: { readonly resolve: (element: Element) => void; readonly reject: (failure: LinkFailure) => void } | undefined;
  /** Lets the stream read on; what has been taken is dealt with. */
  #release: (() => void) | undefined;
  #failure: LinkFailure | undefined;

  constructor(transport: Transport, env: FederationEnvironment) {
    this.#env = env;
    this.stream = new PeerStream(transport, env, this);
  }

  /** The next element, or stream header. Rejects with LinkFailure when the stream ends, or nothing comes in time. */
  next(awaited: string): Promise<Element> {
    this.#readOn();
    const element = this.#waiting.shift();
    if (element !== undefined) return Promise.resolve(element);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const seconds = this.#env.config().s2s.connectTimeout;
    return new Promise((resolve, reject) => {
      const timer = this.#env.clock.after(seconds * 1000, () => {
        this.stream.destroy(new LinkFailure('timeout', `no ${awaited} within ${seconds} seconds`));
      });
      this.#take = {
        resolve(element) {
          timer.cancel();
          resolve(element);
        },
        reject(failure) {
          timer.cancel();
          reject(failure);
        },
      };
    });
  }

  /** Encrypts. Rejects with LinkFailure. */
  async encrypt(): Promise<void> {
    if (this.#waiting.length > 0 || !this.stream.isDrained)
      throw new LinkFailure('tls', 'something came between <proceed/> and TLS');
    this.#readOn();
    await this.stream.encrypt();
  }

  /** Nothing more is to be said. */
  close(): void {
    this.stream.close();
    this.#readOn();
  }

  /** Somebody else goes on; the stream belongs to them. */
  handOver(handler: PeerStreamHandler): void {
    this.stream.handler = handler;
    if (this.#failure !== undefined) return handler.closed(this.#failure);
    this.#readOn();
  }

  opened(header: Element): void {
    this.#give(header);
  }

  received(element: Element): Promise<void> | undefined {
    if (!this.stream.isOpen) return undefined;
    this.#give(element);
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  drained(): void {
    // Nothing that is sent here has to be settled.
  }

  closed(failure: LinkFailure): void {
    this.#failure = failure;
    this.#readOn();
    this.#take?.reject(failure);
    this.#take = undefined;
  }

  #give(element: Element): void {
    const take = this.#take;
    this.#take = undefined;
    if (take !== undefined) return take.resolve(element);
    if (this.#waiting.length >= MAX_WAITING) throw new StreamError('policy-violation', 'Too much at once');
    this.#waiting.push(element);
  }

  #readOn(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }
}
