import { type BoshBody, BoshError } from './body.ts';

/** One HTTP request of a session, until it is answered. */
export interface BoshRequest {
  readonly body: BoshBody;
  /** Answers it; `sent` is called when the answer has gone to the network, or can't. */
  readonly reply: (text: string, sent: () => void) => void;
  /** The client has closed the connection. */
  isGone: boolean;
}

/**
 * XEP-0124 §14: the requests of a session by their numbers. They are handed out in order, whatever the order they come in; one whose answer was lost
 * gets the same answer again.
 */
export class Requests {
  /** How many may be ahead of the last one that was handed out. */
  readonly #window: number;
  #last: number;
  readonly #early = new Map<number, BoshRequest>();
  readonly #held: BoshRequest[] = [];
  readonly #answers = new Map<number, string>();

  /** @param first the number of the request that has made the session */
  constructor(first: number, window: number) {
    this.#last = first - 1;
    this.#window = window;
  }

  /** The last request that was handed out. */
  get last(): number {
    return this.#last;
  }

  /** Those that wait for an answer, the oldest first. */
  get held(): readonly BoshRequest[] {
    return this.#held;
  }

  /** Requests that are open. */
  get open(): number {
    return this.#held.length + this.#early.size;
  }

  /** A client is there, as far as one can see. */
  get isAlive(): boolean {
    return [...this.#held, ...this.#early.values()].some(({ isGone }) => !isGone);
  }

  /** Takes a request; true: it is a new one. Throws BoshError where its number is not one that can be (§14.2). */
  take(request: BoshRequest): boolean {
    const { rid, attrs } = request.body;
    if (rid <= this.#last) {
      this.#repeat(request);
      return false;
    }
    // §11: one more to say that one goes.
    const isLeaving = attrs['type'] === 'terminate' || attrs['pause'] !== undefined;
    if (rid > this.#last + this.#window + (isLeaving ? 1 : 0))
      throw new BoshError('item-not-found', 'The rid is not in the window.');
    const before = this.#early.get(rid);
    this.#early.set(rid, request);
    before?.reply('', () => undefined);
    return before === undefined;
  }

  /** Hands out the next one in order; it is held from then on. */
  next(): BoshRequest | undefined {
    const request = this.#early.get(this.#last + 1);
    if (request === undefined) return undefined;
    this.#last += 1;
    this.#early.delete(this.#last);
    this.#held.push(request);
    return request;
  }

  /** Answers one that is held, and remembers the answer as long as the client may ask for it again. */
  answer(request: BoshRequest, text: string, sent: () => void): void {
    this.#held.splice(this.#held.indexOf(request), 1);
    this.#answers.set(request.body.rid, text);
    for (const rid of this.#answers.keys()) if (this.#answers.size > this.#window) this.#answers.delete(rid);
    request.reply(text, sent);
  }

  /** XEP-0124 §9.2: the client has the answers up to this one. */
  acknowledge(rid: number): void {
    for (const one of this.#answers.keys()) if (one <= rid) this.#answers.delete(one);
  }

  /** The session is over: everything that is open, to be answered. */
  takeAll(): readonly BoshRequest[] {
    const all = [...this.#held.splice(0), ...this.#early.values()];
    this.#early.clear();
    return all;
  }

  #repeat(request: BoshRequest): void {
    const { rid } = request.body;
    const index = this.#held.findIndex(({ body }) => body.rid === rid);
    const before = this.#held[index];
    if (before !== undefined) {
      this.#held[index] = request;
      before.reply('', () => undefined);
      return;
    }
    const answer = this.#answers.get(rid);
    if (answer === undefined) throw new BoshError('item-not-found', 'The answer to that rid is not kept any more.');
    request.reply(answer, () => undefined);
  }
}
