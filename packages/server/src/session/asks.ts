import { type Element, StanzaError, xml } from '@tutti/xmpp';
import type { Clock, Timer } from '../environment.ts';

/** Requests that may wait for their answers; when there are more, the oldest is given up. A client that answers nothing costs no more. */
const MOST_PENDING = 256;

interface Pending {
  readonly resolve: (answer: Element) => void;
  readonly reject: (error: StanzaError) => void;
  readonly timer: Timer | undefined;
}

export interface AsksCore {
  readonly clock: Clock;
  /** `iqTimeout` in seconds; 0 = wait for ever. */
  readonly limits: { readonly iqTimeout: number };
}

/** IQ requests of the server to one client, and their answers. */
export class Asks {
  /** Made for the first of them. */
  #waiting: Map<string, Pending> | undefined;
  readonly #core: AsksCore;
  #next = 1;

  constructor(core: AsksCore) {
    this.#core = core;
  }

  /** Sends a request; the promise is settled by `answer`, the time-out or `end`. */
  ask(type: 'get' | 'set', from: string, to: string, payload: Element, send: (iq: Element) => void): Promise<Element> {
    const id = `tutti-${this.#next++}`;
    return new Promise((resolve, reject) => {
      const { clock, limits } = this.#core;
      const timer = limits.iqTimeout === 0 ? undefined : clock.after(limits.iqTimeout * 1000, () => this.#giveUp(id));
      const pending = (this.#waiting ??= new Map());
      pending.set(id, { resolve, reject, timer });
      const [oldest] = pending.keys();
      if (pending.size > MOST_PENDING && oldest !== undefined) this.#giveUp(oldest);
      send(xml('iq', { type, id, from, to }, payload));
    });
  }

  /** Takes a result or error from the client. False: nothing of ours. */
  answer(iq: Element): boolean {
    const id = iq.attrs['id'] ?? '';
    const pending = this.#waiting?.get(id);
    if (pending === undefined) return false;
    this.#waiting?.delete(id);
    pending.timer?.cancel();
    const error = iq.attrs['type'] === 'error' ? iq.child('error') : undefined;
    if (iq.attrs['type'] === 'result') pending.resolve(iq);
    else pending.reject(error === undefined ? new StanzaError('undefined-condition') : StanzaError.fromElement(error));
    return true;
  }

  #giveUp(id: string): void {
    const pending = this.#waiting?.get(id);
    this.#waiting?.delete(id);
    pending?.timer?.cancel();
    pending?.reject(new StanzaError('remote-server-timeout'));
  }

  /** The client is gone. */
  end(): void {
    for (const { timer, reject } of this.#waiting?.values() ?? []) {
      timer?.cancel();
      reject(new StanzaError('recipient-unavailable'));
    }
    this.#waiting?.clear();
  }
}
