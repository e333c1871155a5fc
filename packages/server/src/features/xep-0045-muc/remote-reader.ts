import { type Element, type JID, NS, type StanzaError, xml } from '@tutti/xmpp';
import type { FeatureApi, Recipient } from '../../feature.ts';

/**
 * Somebody of another server, or a component, who reads a room's archive. One piece is on its way at a time (I8); when a result does not arrive, the query
 * fails, so that no page seems complete which is not.
 */
export class RemoteReader implements Recipient {
  readonly clock: Recipient['clock'];
  readonly #api: FeatureApi;
  readonly #from: JID;
  readonly #to: JID;
  #underWay = 0;
  #failure: StanzaError | undefined;
  #waiting: (() => void)[] = [];

  constructor(api: FeatureApi, from: JID, to: JID) {
    this.clock = api.clock;
    this.#api = api;
    this.#from = from;
    this.#to = to;
  }

  readonly hasRoom = (): boolean => this.#underWay === 0 && this.#failure === undefined;

  /** Resolves when all that was sent has arrived; rejects with StanzaError when it has not. */
  readonly whenRoom = async (): Promise<true> => {
    while (this.#underWay > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure !== undefined) throw this.#failure;
    return true;
  };

  /** With the marker for one session (C3): no server is to take it for a message. */
  send(result: Element): void {
    this.#underWay += 1;
    const marked = result.append(xml('im-ng', { xmlns: NS.imNg }));
    this.#api.hand(marked, this.#from, this.#to).then(
      () => this.#settle(),
      (error: StanzaError) => this.#settle(error),
    );
  }

  #settle(failure?: StanzaError): void {
    this.#underWay -= 1;
    this.#failure ??= failure;
    if (this.#underWay > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
