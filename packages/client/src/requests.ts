import { type Element, StanzaError } from '@tutti/xmpp';
import { bareOf, domainOf } from './address.ts';
import type { Clock } from './environment.ts';
import { TuttiError } from './errors.ts';

interface Waiting {
  readonly to: string | undefined;
  resolve(answer: Element): void;
  reject(reason: Error): void;
}

/** Requests under way, and the answers that belong to them: RFC 6120 §8.2.3. */
export class Requests {
  readonly #waiting = new Map<string, Waiting>();
  readonly #own: string;
  readonly #send: (stanza: Element) => Promise<void>;
  readonly #clock: Clock;
  readonly #answerMs: number;

  constructor(own: string, send: (stanza: Element) => Promise<void>, clock: Clock, answerMs: number) {
    this.#own = own;
    this.#send = send;
    this.#clock = clock;
    this.#answerMs = answerMs;
  }

  /**
   * Sends an iq of type get or set, gives the result. Rejects with the StanzaError of the answer, or with a TuttiError:
   * no-answer, connection-lost, stopped. An interruption that stream management bridges does not end it.
   */
  request(iq: Element): Promise<Element> {
    const id = crypto.randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<Element>();
    this.#waiting.set(id, { to: iq.attrs['to'], resolve, reject });
    const late = (): void => reject(new TuttiError('no-answer', `after ${this.#answerMs} ms`));
    const cancel = this.#answerMs > 0 ? this.#clock.after(this.#answerMs, late) : undefined;
    this.#send(iq.with({ id })).catch((error: unknown) =>
      reject(new TuttiError('connection-lost', 'the request could not be sent', { cause: error })),
    );
    return promise.finally(() => {
      cancel?.();
      this.#waiting.delete(id);
    });
  }

  /** Takes an answer; false when nobody waits for it, or when it comes from somebody else than was asked. */
  take(stanza: Element): boolean {
    const { id = '', type, from } = stanza.attrs;
    if (stanza.name !== 'iq' || (type !== 'result' && type !== 'error')) return false;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || !this.#mayAnswer(from, waiting.to)) return false;
    if (type === 'result') waiting.resolve(stanza);
    else waiting.reject(readError(stanza));
    return true;
  }

  /** Nothing that was asked until now will be answered. */
  abandon(reason: TuttiError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(reason);
  }

  /** RFC 6120 §8.1.2.1: the own account's answer may come without a name, or with that of the account or server. */
  #mayAnswer(from: string | undefined, to: string | undefined): boolean {
    if (from === undefined) return true;
    if (to !== undefined && to !== this.#own) return from === to || (bareOf(from) === from && from === bareOf(to));
    return bareOf(from) === this.#own || from === domainOf(this.#own);
  }
}

/** The error in a stanza of type error. */
export function readError(stanza: Element): StanzaError {
  const error = stanza.child('error');
  return error === undefined ? new StanzaError('undefined-condition') : StanzaError.fromElement(error);
}
