import { type Element, NS, parseXml } from '@tutti/xmpp';
import type { Address, Receiver, Transport } from './transport.ts';

/** Requests open at a time. */
const WINDOW = 2;
const FIRST = 4_000_000;
const ENCODER = new TextEncoder();

/** Where its BOSH is. */
export function boshUrl({ url, host, port }: Address): string {
  return url ?? `http://${host}:${port}/http-bind`;
}

/** XEP-0124, XEP-0206 with the framing of RFC 7395 above: what opens and closes the stream is made of bodies, and becomes bodies. */
export async function openBosh(address: Address, receiver: Receiver): Promise<Transport> {
  return new BoshLink(address, receiver);
}

class BoshLink implements Transport {
  readonly framing = 'document';
  receiver: Receiver;
  readonly #url: string;
  readonly #domain: string;
  readonly #aborting = new AbortController();
  readonly #answers = new Map<number, Element>();
  #queue: string[] = [];
  #sid: string | undefined;
  #rid = FIRST;
  /** The next answer to be read. */
  #next = FIRST;
  #open = 0;
  #restarting = false;
  #isPaused = false;
  #isOver = false;

  constructor(address: Address, receiver: Receiver) {
    this.#url = boshUrl(address);
    this.#domain = address.domain;
    this.receiver = receiver;
  }

  send(text: string | Uint8Array): void {
    this.#queue.push(typeof text === 'string' ? text : new TextDecoder().decode(text));
    this.#go();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#go();
  }

  secure(): Promise<void> {
    return Promise.reject(new Error('BOSH has its TLS from the start'));
  }

  end(): void {
    this.#finish();
  }

  cut(): void {
    this.#aborting.abort();
    this.#finish();
  }

  #go(): void {
    while (!this.#isOver && this.#open < WINDOW) {
      if (this.#sid === undefined && this.#open > 0) return; // nothing before the answer to the first
      if (this.#queue.length > 0) this.#say();
      else if (this.#open === 0 && this.#sid !== undefined && !this.#isPaused) this.#post('', '');
      else return;
    }
  }

  /** One request for all that waits, up to what needs a request of its own. */
  #say(): void {
    const [first = ''] = this.#queue;
    const isFrame = (text: string): boolean => text.includes(NS.framing);
    if (isFrame(first)) {
      this.#queue.shift();
      if (first.startsWith('<close')) return this.#post("type='terminate'", '');
      const to = `to='${this.#domain}' xml:lang='en'`;
      if (this.#sid === undefined) return this.#post(`${to} hold='1' wait='30' ver='1.11' xmpp:version='1.0'`, '');
      this.#restarting = true;
      return this.#post(`${to} xmpp:restart='true'`, '');
    }
    const end = this.#queue.findIndex(isFrame);
    this.#post('', this.#queue.splice(0, end < 0 ? this.#queue.length : end).join(''));
  }

  #post(attributes: string, content: string): void {
    const rid = this.#rid++;
    const sid = this.#sid === undefined ? '' : ` sid='${this.#sid}'`;
    const body = `<body xmlns='${NS.httpBind}' xmlns:xmpp='${NS.xbosh}' rid='${rid}'${sid} ${attributes}>${content}</body>`;
    this.#open += 1;
    fetch(this.#url, { method: 'POST', body, signal: this.#aborting.signal })
      .then(async (response) => {
        this.#open -= 1;
        this.#answers.set(rid, parseXml(await response.text()));
        this.#readInOrder();
        this.#go();
      })
      .catch((error: Error) => this.#finish(error));
  }

  #readInOrder(): void {
    for (let answer = this.#answers.get(this.#next); answer !== undefined; answer = this.#answers.get(this.#next)) {
      this.#answers.delete(this.#next);
      this.#next += 1;
      if (!this.#isOver) this.#read(answer);
    }
  }

  #read(body: Element): void {
    const { sid, authid = '', from = this.#domain, type, condition } = body.attrs;
    const isFirst = sid !== undefined && this.#sid === undefined;
    if (isFirst) this.#sid = sid;
    const isRestarted = this.#restarting && body.child('features', NS.stream) !== undefined;
    if (isRestarted) this.#restarting = false;
    if (isFirst || isRestarted) this.#hear(`<open xmlns='${NS.framing}' from='${from}' id='${authid}' version='1.0'/>`);
    for (const element of body.elements) this.#hear(element.toString());
    if (type !== 'terminate') return;
    if (condition === undefined || body.elements.length > 0) this.#hear(`<close xmlns='${NS.framing}'/>`);
    this.#finish(condition === undefined ? undefined : new Error(`BOSH: ${condition}`));
  }

  #hear(text: string): void {
    this.receiver.data(ENCODER.encode(text));
  }

  #finish(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    queueMicrotask(() => this.receiver.gone(error));
  }
}
