import { type Element, type JID, NS } from '@tutti/xmpp';
import type { AccountView, FeatureApi, SessionView } from '../../feature.ts';

const SUFFIX = '+notify';

/** The nodes that a client wants to hear of (XEP-0060 §9.2). */
export type Interests = ReadonlySet<string>;

/** Finds out what clients want to hear of. Each presence is asked about once. */
export class InterestFinder {
  readonly #api: FeatureApi;
  readonly #found = new WeakMap<Element, Promise<Interests>>();

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  /** As far as it is known at once; undefined: ask. */
  known(presence: Element | undefined): Interests | undefined {
    if (presence === undefined) return new Set();
    const features = this.#api.caps()?.known(presence);
    return features && interestsIn(features);
  }

  ofSession(session: SessionView): Promise<Interests> {
    const { presence } = session;
    if (presence === undefined) return Promise.resolve(new Set());
    return this.#find(presence, (query) => this.#api.ask(session, 'get', query));
  }

  /** Of somebody who has sent an account presence. */
  ofPeer(account: AccountView, presence: Element, from: JID): Promise<Interests> {
    return this.#find(presence, (query) => this.#api.askAs(account.jid, from, 'get', query));
  }

  #find(presence: Element, ask: (query: Element) => Promise<Element>): Promise<Interests> {
    const under = this.#found.get(presence);
    if (under !== undefined) return under;
    const features = this.#api.caps()?.learn(presence, ask) ?? Promise.resolve(new Set<string>());
    const found = features.then(interestsIn);
    this.#found.set(presence, found);
    return found;
  }
}

function interestsIn(features: ReadonlySet<string>): Interests {
  return new Set([...features].filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length)));
}

/** Whether two presences say the same of what their sender can do (XEP-0115). */
export function sameCaps(presence: Element, other: Element | undefined): boolean {
  return other !== undefined && capsOf(presence) === capsOf(other);
}

function capsOf(presence: Element): string {
  const { ver = '', hash = '', node = '' } = presence.child('c', NS.caps)?.attrs ?? {};
  return [hash, ver, node].join('\n');
}
