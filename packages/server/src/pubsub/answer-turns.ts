import { type Element, StanzaError } from '@tutti/xmpp';
import type { FeatureApi, SessionView } from '../feature.ts';

/** Bytes of requests that may wait for one session: thousands of those that clients send. */
const WAITING_BYTES = 1_048_576;

interface Turns {
  /** When the last request is answered. */
  last: Promise<unknown>;
  /** Bytes of requests that wait. */
  bytes: number;
}

/**
 * I8: large answers for one client, such as the avatars of all its contacts, which it may ask for all at once: one after the other, each made when
 * there is room for it. So a slow client costs the memory of one, and of requests within a bound.
 */
export class AnswerTurns {
  readonly #api: Pick<FeatureApi, 'whenRoom'>;
  readonly #turns = new WeakMap<SessionView, Turns>();

  constructor(api: Pick<FeatureApi, 'whenRoom'>) {
    this.#api = api;
  }

  /** `session`: undefined for somebody on another server, who is answered at once. Rejects with StanzaError where too much waits. */
  async run<T>(session: SessionView | undefined, payload: Element, make: () => Promise<T>): Promise<T> {
    if (session === undefined) return make();
    const turns = this.#turns.get(session) ?? { last: Promise.resolve(), bytes: 0 };
    this.#turns.set(session, turns);
    const bytes = payload.toBytes().length;
    if (turns.bytes + bytes > WAITING_BYTES)
      throw new StanzaError('resource-constraint', { type: 'wait', text: 'Too many requests wait for you to read.' });
    turns.bytes += bytes;
    const turn = async (): Promise<T> => {
      await this.#api.whenRoom(session);
      turns.bytes -= bytes;
      return make();
    };
    const running = turns.last.then(turn, turn);
    turns.last = running;
    return running;
  }
}
