import type { FeatureApi, SessionView } from '../feature.ts';

/**
 * I8: large answers for one client, such as the avatars of all its contacts, which it may ask for all at once: one after the other, each made when
 * there is room for it. So a slow client costs the memory of one.
 */
export class AnswerTurns {
  readonly #api: Pick<FeatureApi, 'whenRoom'>;
  readonly #last = new WeakMap<SessionView, Promise<unknown>>();

  constructor(api: Pick<FeatureApi, 'whenRoom'>) {
    this.#api = api;
  }

  /** `session`: undefined for somebody on another server, who is answered at once. */
  run<T>(session: SessionView | undefined, make: () => Promise<T>): Promise<T> {
    if (session === undefined) return make();
    const turn = async (): Promise<T> => {
      await this.#api.whenRoom(session);
      return make();
    };
    const running = (this.#last.get(session) ?? Promise.resolve()).then(turn, turn);
    this.#last.set(session, running);
    return running;
  }
}
