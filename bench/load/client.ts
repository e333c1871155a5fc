import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { PASSWORD } from '../servers/server.ts';
import { Scram } from './scram.ts';

const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";

/** Every connection reads into this one: what has come is looked at at once. */
const SHARED = Buffer.allocUnsafe(262_144);

/** A message of the generator carries its number behind this byte, which nothing else in a stream contains. */
const MARK = 0x7e;
/** Digits of a number. */
const DIGITS = 8;

/** Characters that are kept of a large answer: its last stanza is shorter. */
const TAIL = 600;

/** Is told the number of each message that arrives. */
export type Arrived = (number: number) => void;

interface Expectation {
  readonly isThere: (text: string) => boolean;
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

/** The least that a device can be: it logs in, writes what it is told, and looks for nothing but numbers in what comes. */
export class LoadClient {
  /** Called for each numbered message, in whatever it is wrapped. */
  arrived: Arrived = () => undefined;
  /** Bytes read so far. */
  bytes = 0;
  closed = false;
  #socket: Socket | undefined;
  #expect: Expectation | undefined;
  #text = '';
  /** Digits read of a number that the end of a chunk has cut; -1 for none. */
  #digits = -1;
  #number = 0;
  #asked = 0;
  #keepsTail = false;

  /** Connects; `tls`: direct TLS, whatever the certificate. */
  static connect(port: number, { tls = false }: { tls?: boolean } = {}): Promise<LoadClient> {
    const client = new LoadClient();
    return new Promise((resolve, reject) => {
      const ready = (): void => resolve(client);
      const onread = { buffer: SHARED, callback: (length: number, buffer: Uint8Array) => client.#take(buffer, length) };
      const socket = tls
        ? connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, servername: 'localhost' }, ready)
        : connect({ host: '127.0.0.1', port, noDelay: true, onread }, ready);
      if (tls) socket.on('data', (chunk: Buffer) => client.#take(chunk, chunk.length));
      client.#socket = socket;
      socket.once('error', reject);
      socket.on('error', (error) => client.#end(error));
      socket.on('close', () =>
        client.#end(new Error(`the server has closed the connection: ${client.#text.slice(-300)}`)),
      );
    });
  }

  /** A new stream, up to its features. */
  async openStream(): Promise<void> {
    await this.say(HEADER, '</stream:features>');
  }

  /** Logs in with SCRAM-SHA-1 and binds a resource. */
  async logIn(user: string, resource: string): Promise<void> {
    await this.openStream();
    const scram = new Scram(user, PASSWORD);
    const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    const challenge = await this.say(`<auth ${sasl} mechanism='SCRAM-SHA-1'>${scram.first()}</auth>`, '</challenge>');
    const last = scram.last(/>([^<>]+)<\/challenge>/.exec(challenge)?.[1] ?? '');
    await this.say(`<response ${sasl}>${last}</response>`, '</success>');
    await this.openStream();
    await this.ask('set', `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind>`);
  }

  /** Turns on what shows this device the whole conversation, and comes online; resolves when the server has taken it all. */
  async comeOnline(copies: 'im-ng' | 'carbons'): Promise<void> {
    const enable = copies === 'im-ng' ? "<enable xmlns='urn:xmpp:im-ng:0'/>" : "<enable xmlns='urn:xmpp:carbons:2'/>";
    this.write(`<iq type='set' id='enable'>${enable}</iq><presence/>`);
    await this.ping();
  }

  /** Resolves when the server has handled what was sent before. */
  async ping(): Promise<void> {
    await this.ask('get', "<ping xmlns='urn:xmpp:ping'/>", 'localhost');
  }

  /** Asks something; gives what has come with the answer in it, and everything before it since the last question. */
  ask(type: 'get' | 'set', payload: string, to?: string): Promise<string> {
    const id = `ask-${++this.#asked}-`;
    const address = to === undefined ? '' : ` to='${to}'`;
    const isThere = (text: string): boolean => {
      const at = text.indexOf(id);
      return at >= 0 && (text.includes('</iq>', at) || text.indexOf('/>', at) === text.indexOf('>', at) - 1);
    };
    return this.#await(`<iq type='${type}' id='${id}'${address}>${payload}</iq>`, isThere);
  }

  /** Asks for something large: gives only the end of what comes, in which the answer has to stand. */
  async askForMuch(payload: string): Promise<string> {
    this.#keepsTail = true;
    const answer = await this.ask('set', payload);
    this.#keepsTail = false;
    return answer;
  }

  /** Asks a server that knows nothing but one answer. */
  async askRaw(): Promise<void> {
    this.#keepsTail = true;
    await this.say('?', '</iq>');
  }

  /** Writes, and waits for a piece of text. */
  say(text: string, expected: string): Promise<string> {
    return this.#await(text, (answer) => answer.includes(expected));
  }

  write(text: string): void {
    this.#socket?.write(text, 'latin1');
  }

  /** What is written until `uncork` goes out at once. */
  cork(): void {
    this.#socket?.cork();
  }

  uncork(): void {
    this.#socket?.uncork();
  }

  close(): void {
    this.closed = true;
    this.#socket?.destroy();
  }

  #await(text: string, isThere: (text: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#text = '';
      this.#expect = { isThere, resolve, reject };
      this.write(text);
    });
  }

  #end(error: Error): void {
    const expect = this.#expect;
    this.#expect = undefined;
    if (!this.closed) expect?.reject(error);
    this.closed = true;
  }

  #take(buffer: Uint8Array, length: number): boolean {
    this.bytes += length;
    const chunk = buffer.subarray(0, length);
    this.#scan(chunk);
    if (this.#expect === undefined) return true;
    const skipped = this.#keepsTail ? Math.max(0, length - TAIL) : 0;
    if (this.#keepsTail) this.#text = this.#text.slice(-TAIL);
    this.#text += Buffer.from(chunk.buffer, chunk.byteOffset + skipped, length - skipped).toString('latin1');
    if (!this.#expect.isThere(this.#text)) return true;
    const { resolve } = this.#expect;
    this.#expect = undefined;
    resolve(this.#text);
    return true;
  }

  #scan(chunk: Uint8Array): void {
    let at = this.#digits < 0 ? chunk.indexOf(MARK) + 1 : 0;
    if (at === 0 && this.#digits < 0) return;
    for (;;) {
      if (this.#digits < 0) this.#digits = 0;
      while (this.#digits < DIGITS && at < chunk.length) {
        this.#number = this.#number * 10 + (chunk[at++] as number) - 48;
        this.#digits += 1;
      }
      if (this.#digits < DIGITS) return;
      const number = this.#number;
      this.#digits = -1;
      this.#number = 0;
      this.arrived(number);
      at = chunk.indexOf(MARK, at) + 1;
      if (at === 0) return;
    }
  }
}

const BODY = 'A sentence of the length that people write to each other, give or take a few words of it.';

/** A chat message with a number. */
export function numberedMessage(to: string, number: number): string {
  const digits = String(number).padStart(DIGITS, '0');
  return `<message to='${to}' type='chat' id='m${digits}'><body>~${digits} ${BODY}</body></message>`;
}
