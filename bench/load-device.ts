import { connect, type Socket } from 'node:net';

const MESSAGE = Buffer.from('<message ');
const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
const BODY = 'A sentence of the length that people write to each other, give or take a few words of it.';

/** A device of the load generator: it does as little as possible with what it gets, so that the server is what is measured. */
export class LoadDevice {
  /** Messages that arrived, reflections among them. */
  received = 0;
  /** Own messages that came back archived. */
  reflected = 0;
  readonly #port: number;
  readonly #user: string;
  readonly #resource: string;
  readonly #peer: string;
  #socket: Socket | undefined;
  #expect: { text: string; resolve: () => void } | undefined;
  #text = '';
  #own = Buffer.alloc(0);
  #sent = 0;
  #running = false;

  constructor(port: number, user: string, resource: string, peer: string) {
    this.#port = port;
    this.#user = user;
    this.#resource = resource;
    this.#peer = peer;
  }

  async logIn(): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    this.#socket = socket;
    this.#own = Buffer.from(`from='${this.#user}@localhost/${this.#resource}'`);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => undefined);
    await this.#say(HEADER, '</stream:features>');
    const plain = Buffer.from(`\0${this.#user}\0secret`).toString('base64');
    await this.#say(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, '<success');
    await this.#say(HEADER, '</stream:features>');
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${this.#resource}</resource></bind>`;
    await this.#say(`<iq type='set' id='bind'>${bind}</iq>`, '</iq>');
    await this.#say("<iq type='set' id='ng'><enable xmlns='urn:xmpp:im-ng:0'/></iq>", "id='ng'");
  }

  /** Sends `window` messages, and one more for each that comes back. */
  start(window: number): void {
    this.#running = true;
    for (let n = 0; n < window; n += 1) this.#sendOne();
  }

  stop(): void {
    this.#running = false;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #sendOne(): void {
    this.#sent += 1;
    this.#socket?.write(
      `<message to='${this.#peer}' type='chat' id='${this.#resource}-${this.#sent}'><body>${BODY}</body></message>`,
    );
  }

  #say(text: string, expected: string): Promise<void> {
    return new Promise((resolve) => {
      this.#text = '';
      this.#expect = { text: expected, resolve };
      this.#socket?.write(text);
    });
  }

  #take(chunk: Buffer): void {
    if (this.#expect !== undefined) {
      this.#text += chunk.toString('latin1');
      if (!this.#text.includes(this.#expect.text)) return;
      const { resolve } = this.#expect;
      this.#expect = undefined;
      resolve();
      return;
    }
    this.received += count(chunk, MESSAGE);
    const own = count(chunk, this.#own);
    this.reflected += own;
    if (this.#running) for (let n = 0; n < own; n += 1) this.#sendOne();
  }
}

function count(chunk: Buffer, needle: Buffer): number {
  let found = 0;
  for (let at = chunk.indexOf(needle); at >= 0; at = chunk.indexOf(needle, at + needle.length)) found += 1;
  return found;
}
