import { NS, xml } from '@tutti/xmpp';
import type { Clock, Timer } from '../../environment.ts';
import type { TlsState, Transport, TransportHandler } from '../../stream/transport.ts';
import { type BoshBody, type BoshCondition, BoshError, writeBody, writeTerminate } from './body.ts';
import { type BoshRequest, Requests } from './requests.ts';

/** What a session is made with, once it is agreed on. Times in milliseconds. */
export interface BoshTerms {
  readonly sid: string;
  readonly wait: number;
  readonly hold: number;
  readonly requests: number;
  readonly inactivity: number;
  /** 0: the client may not pause. */
  readonly maxPause: number;
  /** 0: as often as it likes. */
  readonly polling: number;
  /** XEP-0124 §9.1: the client acknowledges, and is acknowledged to. */
  readonly acks: boolean;
  /** The version of the protocol. */
  readonly version: string;
}

export interface BoshPeer {
  readonly address: string;
  readonly loopback: boolean;
  readonly tls: TlsState | undefined;
}

const SILENT: TransportHandler = { data: () => undefined, drained: () => undefined, closed: () => undefined };
const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();
const OPEN = `<open xmlns='${NS.framing}'`;
const CLOSE = `<close xmlns='${NS.framing}'`;
/** Milliseconds that the end of a session waits for a request to be told in. */
const LINGER_MS = 5000;

/** The stream errors that have a condition of their own in BOSH. */
const CONDITIONS: readonly BoshCondition[] = ['host-gone', 'host-unknown', 'improper-addressing', 'system-shutdown'];

/**
 * A session of BOSH as a transport of a stream (XEP-0124, XEP-0206). Inside it is the framing of RFC 7395: what opens and closes the stream is made of
 * the attributes of `<body/>`, and becomes such attributes again.
 */
export class BoshSession implements Transport {
  readonly framing = 'document';
  readonly canStartTls = false;
  readonly address: string;
  readonly loopback: boolean;
  readonly tls: TlsState | undefined;
  handler: TransportHandler = SILENT;
  readonly #terms: BoshTerms;
  readonly #clock: Clock;
  readonly #ended: () => void;
  readonly #requests: Requests;
  readonly #creation: BoshBody;
  readonly #waits = new Map<BoshRequest, Timer>();
  #out: string[] = [];
  #outBytes = 0;
  /** Bytes of answers that are on their way. */
  #sending = 0;
  #isCreated = false;
  #authid: string | undefined;
  #from: string | undefined;
  #settling = false;
  #paused = false;
  #ending: { readonly condition: BoshCondition | undefined } | undefined;
  #isOver = false;
  #inactivity: Timer | undefined;
  #pause = 0;
  /** When the last new request came, whether it was empty, and so was the answer to the one before. */
  #lastAt = -Infinity;
  #highest = 0;
  #lastEmpty = false;

  /** @param ended the session is over: nobody asks for it any more */
  constructor(creation: BoshBody, terms: BoshTerms, peer: BoshPeer, clock: Clock, ended: () => void) {
    this.#creation = creation;
    this.#terms = terms;
    this.#clock = clock;
    this.#ended = ended;
    this.#requests = new Requests(creation.rid, terms.requests);
    this.address = peer.address;
    this.loopback = peer.loopback;
    this.tls = peer.tls;
  }

  get buffered(): number {
    return this.#outBytes + this.#sending;
  }

  // What HTTP does

  /** Takes a request of this session; what is wrong with it ends the session. */
  receive(request: BoshRequest): void {
    if (this.#isOver) return request.reply(writeTerminate('item-not-found'), () => undefined);
    try {
      if (this.#requests.take(request)) this.#checkPace(request.body);
    } catch (error) {
      const condition = error instanceof BoshError ? error.condition : 'internal-server-error';
      request.reply(writeTerminate(condition), () => undefined);
      return this.#breakOff(condition);
    }
    this.#inactivity?.cancel();
    this.#pause = 0;
    this.#waits.set(
      request,
      this.#clock.after(this.#terms.wait, () => this.#answerLate(request)),
    );
    this.#goOn();
  }

  /** The connection of a request is closed. */
  lost(request: BoshRequest): void {
    request.isGone = true;
    this.#watchInactivity();
  }

  // What the stream does

  write(bytes: Uint8Array): void {
    if (this.#isOver || this.#ending !== undefined) return;
    const text = DECODER.decode(bytes);
    if (text.startsWith(OPEN)) return this.#rememberHeader(text);
    if (text.startsWith(CLOSE)) {
      this.#ending = { condition: this.#readCondition() };
    } else {
      this.#out.push(text);
      this.#outBytes += bytes.length;
    }
    this.#settleSoon();
  }

  startTls(): Promise<void> {
    return Promise.reject(new Error('BOSH is encrypted from the first byte or not at all'));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#goOn();
  }

  end(): void {
    this.#ending ??= { condition: undefined };
    this.#settleSoon();
  }

  destroy(): void {
    if (this.#isOver) return;
    for (const request of this.#requests.takeAll()) request.reply(writeTerminate('item-not-found'), () => undefined);
    this.#finish();
  }

  // Inside

  /** Hands on what has come, in order, as long as the stream takes it. */
  #goOn(): void {
    while (!this.#paused && !this.#isOver) {
      const request = this.#requests.next();
      if (request === undefined) break;
      this.#handle(request.body);
    }
    this.#settleSoon();
  }

  #handle(body: BoshBody): void {
    const { attrs, xmpp, elements } = body;
    const ack = Number(attrs['ack'] ?? 0);
    if (this.#terms.acks && Number.isSafeInteger(ack)) this.#requests.acknowledge(ack);
    // XEP-0206 §4, §6
    if (body === this.#creation || xmpp['restart'] === 'true') this.#feed(this.#writeOpen(body));
    for (const element of elements) this.#feed(element.toBytes());
    if (attrs['type'] === 'terminate') return this.#feed(ENCODER.encode(`${CLOSE}/>`));
    const pause = Number(attrs['pause'] ?? 0) * 1000;
    if (pause > 0 && pause <= this.#terms.maxPause) this.#takePause(pause);
  }

  #feed(bytes: Uint8Array): void {
    if (!this.#isOver) this.handler.data(bytes);
  }

  #writeOpen({ attrs }: BoshBody): Uint8Array {
    const { to, from, 'xml:lang': lang } = { ...this.#creation.attrs, ...attrs };
    return xml('open', { xmlns: NS.framing, to, from, version: '1.0', 'xml:lang': lang }).toBytes();
  }

  /** XEP-0124 §10: the client goes for a while; whatever it waits for it is told at once. */
  #takePause(ms: number): void {
    this.#pause = ms;
    this.#settle();
    const { held } = this.#requests;
    for (let [next] = held; next !== undefined; [next] = held) this.#answer(next, []);
  }

  #rememberHeader(text: string): void {
    this.#authid = / id='([^']*)'/.exec(text)?.[1];
    this.#from = / from='([^']*)'/.exec(text)?.[1];
  }

  #readCondition(): BoshCondition | undefined {
    const error = this.#out.at(-1) ?? '';
    if (!error.startsWith('<stream:error')) return undefined;
    return CONDITIONS.find((condition) => error.includes(`<${condition} `)) ?? 'remote-stream-error';
  }

  /** What is written in one go is told in one answer. */
  #settleSoon(): void {
    if (this.#settling || this.#isOver) return;
    this.#settling = true;
    setImmediate(() => {
      this.#settling = false;
      if (!this.#isOver) this.#settle();
    });
  }

  /** XEP-0124 §8: answers what there is something to tell in, and the oldest of those that are too many. */
  #settle(): void {
    if (this.#ending !== undefined) return this.#tellEnd(this.#ending);
    const { held } = this.#requests;
    if (this.#out.length > 0) {
      const request = held.find(({ isGone }) => !isGone);
      if (request !== undefined) this.#answer(request, this.#takeOut());
    }
    while (held.length > this.#terms.hold) this.#answer(held[0] as BoshRequest, []);
    this.#watchInactivity();
  }

  #answerLate(request: BoshRequest): void {
    this.#waits.delete(request);
    if (this.#requests.held.includes(request)) this.#answer(request, this.#takeOut());
    this.#watchInactivity();
  }

  #takeOut(): readonly string[] {
    const out = this.#out;
    this.#sending += this.#outBytes;
    this.#out = [];
    this.#outBytes = 0;
    return out;
  }

  #answer(request: BoshRequest, contents: readonly string[]): void {
    this.#forgetWait(request);
    const bytes = contents.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const text = writeBody({ ...this.#describeSession(), ...this.#acknowledge(request) }, contents);
    this.#lastEmpty = contents.length === 0 && request.body.elements.length === 0;
    this.#requests.answer(request, text, () => {
      this.#sending = Math.max(0, this.#sending - bytes);
      if (bytes > 0 && this.buffered === 0 && !this.#isOver) this.handler.drained();
    });
  }

  /** XEP-0124 §7.2, XEP-0206 §4: what stands in the first answer only. */
  #describeSession(): Record<string, string | number | undefined> {
    if (this.#isCreated) return {};
    this.#isCreated = true;
    const { sid, wait, hold, requests, inactivity, maxPause, polling, acks, version } = this.#terms;
    return {
      sid,
      wait: wait / 1000,
      requests,
      inactivity: inactivity / 1000,
      maxpause: maxPause === 0 ? undefined : maxPause / 1000,
      polling: polling === 0 ? undefined : polling / 1000,
      hold,
      ver: version,
      from: this.#from === '' ? undefined : this.#from,
      authid: this.#authid,
      secure: this.tls === undefined ? undefined : 'true',
      ack: acks ? this.#creation.rid : undefined,
      'xmlns:xmpp': NS.xbosh,
      'xmpp:version': '1.0',
      'xmpp:restartlogic': 'true',
    };
  }

  /** XEP-0124 §9.1: unless it is this very request. */
  #acknowledge({ body }: BoshRequest): { ack?: number } {
    const { last } = this.#requests;
    return this.#terms.acks && last !== body.rid ? { ack: last } : {};
  }

  /** The end is told in every request that is open, or in the next one that comes. */
  #tellEnd({ condition }: { readonly condition: BoshCondition | undefined }): void {
    const requests = this.#requests.takeAll();
    if (requests.length === 0) {
      this.#inactivity?.cancel();
      this.#inactivity = this.#clock.after(LINGER_MS, () => this.#finish());
      return;
    }
    const contents = this.#takeOut();
    const first = requests.find(({ isGone }) => !isGone) ?? requests[0];
    for (const request of requests) {
      this.#forgetWait(request);
      const told = request === first ? contents : [];
      const attrs = { ...(request === first ? this.#describeSession() : {}), type: 'terminate', condition };
      request.reply(writeBody(attrs, told), () => undefined);
    }
    this.#finish();
  }

  /** XEP-0124 §11, §12: who asks more often than agreed. */
  #checkPace({ attrs, elements, rid }: BoshBody): void {
    const { hold, wait, requests, polling } = this.#terms;
    const isLeaving = attrs['type'] === 'terminate' || attrs['pause'] !== undefined;
    const open = this.#requests.open;
    if (open > requests + (isLeaving ? 1 : 0)) throw new BoshError('policy-violation', 'Too many requests at a time.');
    const isEmpty =
      elements.length === 0 && !isLeaving && attrs['xmpp:restart'] === undefined && rid !== this.#creation.rid;
    const now = this.#clock.now();
    const isSoon = now - this.#lastAt < polling;
    this.#lastAt = now;
    // One that was overtaken by the next was sent when there was nothing to say.
    const isLast = rid > this.#highest;
    this.#highest = Math.max(rid, this.#highest);
    if (!isEmpty || !isSoon || !isLast) return;
    const isPolling = hold === 0 || wait === 0;
    if (isPolling ? this.#lastEmpty : open >= requests)
      throw new BoshError('policy-violation', 'Too many empty requests.');
  }

  #watchInactivity(): void {
    this.#inactivity?.cancel();
    this.#inactivity = undefined;
    if (this.#isOver || this.#requests.isAlive) return;
    const ms = this.#pause === 0 ? this.#terms.inactivity : this.#pause;
    this.#inactivity = this.#clock.after(ms, () => this.destroy());
  }

  #forgetWait(request: BoshRequest): void {
    this.#waits.get(request)?.cancel();
    this.#waits.delete(request);
  }

  #breakOff(condition: BoshCondition): void {
    for (const request of this.#requests.takeAll()) request.reply(writeTerminate(condition), () => undefined);
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#inactivity?.cancel();
    for (const timer of this.#waits.values()) timer.cancel();
    this.#waits.clear();
    this.#ended();
    this.handler.closed();
  }
}
