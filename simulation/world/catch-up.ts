import { type Element, NS, xml } from '@tutti/xmpp';
import type { Copy } from '../model/message.ts';

/**
 * K5, in the plainest way: what comes live waits until the archive has been read to its end, then the two are joined by stanza-id. The timeline is
 * what the user sees; it outlives sessions.
 */
export class CatchUp {
  readonly timeline: { readonly id: string; readonly xml: string }[] = [];
  /** True when nothing is missing, as far as the client can know. */
  complete = false;
  readonly #known = new Set<string>();
  readonly #pageSize: number;
  readonly #ask: (payload: Element, take: (answer: Element) => void) => boolean;
  #waiting: Copy[] | undefined;
  #query = 0;

  /** `ask` gives false where it can't. */
  constructor(pageSize: number, ask: (payload: Element, take: (answer: Element) => void) => boolean) {
    this.#pageSize = pageSize;
    this.#ask = ask;
  }

  /** Reads the archive behind the last that is known; `then` is called when that is done. */
  start(then: () => void = () => {}): void {
    if (this.#waiting !== undefined) return;
    this.#waiting = [];
    this.complete = false;
    this.#query += 1;
    this.#readPage(this.#query, then);
  }

  /** The session is over: what has not been joined is in the archive. */
  abandon(): void {
    this.#waiting = undefined;
    this.complete = false;
    this.#query += 1;
  }

  /** A message of the archive, in answer to this query. */
  result(copy: Copy, query: string | undefined): void {
    if (this.#waiting !== undefined && query === `q${this.#query}`) this.#show(copy);
  }

  live(copy: Copy): void {
    // What comes while nothing is read will be read.
    if (this.complete) this.#show(copy);
    else this.#waiting?.push(copy);
  }

  #show({ id, xml: text }: Copy): void {
    if (id === undefined || this.#known.has(id)) return;
    this.#known.add(id);
    this.timeline.push({ id, xml: text });
  }

  #readPage(query: number, then: () => void): void {
    const last = this.timeline.at(-1)?.id;
    const page = xml(
      'set',
      { xmlns: NS.rsm },
      xml('max', null, String(this.#pageSize)),
      last !== undefined && xml('after', null, last),
    );
    const isAsked = this.#ask(xml('query', { xmlns: NS.mam, queryid: `q${query}` }, page), (answer) => {
      if (query !== this.#query) return;
      const fin = answer.child('fin', NS.mam);
      if (fin === undefined) return this.abandon();
      if (fin.attrs['complete'] !== 'true') return this.#readPage(query, then);
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      this.complete = true;
      for (const copy of waiting) this.#show(copy);
      then();
    });
    if (!isAsked) this.abandon();
  }
}
