import { StreamError } from '@tutti/xmpp';
import type { StreamOptions } from './options.ts';
import { Stream } from './stream.ts';
import type { Transport } from './transport.ts';

/** The open streams of a server, from all its listeners. */
export class Streams {
  #options: StreamOptions;
  /** What the streams of each listener are made with. */
  #changed = new Map<Partial<StreamOptions>, StreamOptions>();
  readonly #open = new Set<Stream>();
  #whenEmpty: (() => void) | undefined;
  #stopping = false;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  /** What streams are made with from now on, such as other limits; the open ones keep what they have. */
  configure(options: StreamOptions): void {
    this.#options = options;
    this.#changed = new Map();
  }

  /**
   * Runs a stream over a new connection.
   * @param change what differs for the listener that it came from: one object for all its streams
   */
  accept(transport: Transport, change?: Partial<StreamOptions>): Stream {
    const stream = new Stream(transport, change === undefined ? this.#options : this.#merge(change), this.#remove);
    this.#open.add(stream);
    if (this.#stopping) stream.close(new StreamError('system-shutdown'));
    return stream;
  }

  /** RFC 6120 §4.9.3.22: closes all streams, and those that still come; resolves when they are gone. */
  shutdown(): Promise<void> {
    this.#stopping = true;
    for (const stream of this.#open) stream.close(new StreamError('system-shutdown'));
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  #merge(change: Partial<StreamOptions>): StreamOptions {
    const known = this.#changed.get(change);
    if (known !== undefined) return known;
    const merged = { ...this.#options, ...change };
    this.#changed.set(change, merged);
    return merged;
  }

  readonly #remove = (stream: Stream): void => {
    this.#open.delete(stream);
    if (this.#open.size === 0) this.#whenEmpty?.();
  };
}
