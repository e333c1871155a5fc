import { type Element, type JID, StreamError } from '@tutti/xmpp';
import { type Random, randomId } from '../environment.ts';
import { readHeader, type StreamHeader } from './header.ts';
import type { StreamHost } from './host.ts';
import type { Wire } from './wire.ts';

/** The language of our own texts: RFC 6120 §4.7.4. */
const LANG = 'en';

/** Length of a stream id: 132 random bits (RFC 6120 §4.7.3). */
const ID_LENGTH = 22;

/** The exchange of stream headers, again after each restart: RFC 6120 §4.7. */
export class Opening {
  readonly #wire: Wire;
  readonly #host: StreamHost;
  readonly #random: Random;
  readonly #framing: 'stream' | 'document';
  /** The peer's last header that was right. */
  header: StreamHeader | undefined;
  /** Who has logged in. */
  account: JID | undefined;
  #answered = false;

  constructor(wire: Wire, host: StreamHost, random: Random, framing: 'stream' | 'document') {
    this.#wire = wire;
    this.#host = host;
    this.#random = random;
    this.#framing = framing;
  }

  /** A new header is awaited. */
  restart(): void {
    this.#answered = false;
  }

  /** Takes the peer's header and answers it. Throws StreamError. */
  receive(open: Element, contentNs: string | undefined): void {
    const header = readHeader(open, contentNs, this.#framing, (name) => this.#host.servedDomain(name));
    // After a restart the header is for the same domain, and from the account that logged in (RFC 6120 §4.9.3.9)
    if (this.header !== undefined && this.header.domain !== header.domain) throw new StreamError('not-authorized');
    if (this.account !== undefined && header.from?.equals(this.account) === false)
      throw new StreamError('invalid-from');
    this.header = header;
    this.#answer();
  }

  /** RFC 6120 §4.9.1.2: also an error, or an end, needs an open stream to stand in. */
  ensureAnswered(): void {
    if (!this.#answered) this.#answer();
  }

  #answer(): void {
    this.#answered = true;
    const id = randomId(this.#random, ID_LENGTH);
    // RFC 6120 §4.9.1.2: from='' when it is not known which domain the stream is for
    const fields = { from: this.header?.domain ?? '', to: this.header?.from?.toString(), id, lang: LANG };
    this.#wire.sendText(this.#wire.framing.header(fields));
  }
}
