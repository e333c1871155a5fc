import { type Element, type JID, NS, parseXml, xml } from '@tutti/xmpp';
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

const interests = new WeakMap<ReadonlySet<string>, Interests>();

/** Made once for all clients of a kind. */
function interestsIn(features: ReadonlySet<string>): Interests {
  const made =
    interests.get(features) ??
    new Set([...features].filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length)));
  interests.set(features, made);
  return made;
}

/** Longer ones are no caps: `ver` is a hash (XEP-0115 §5.1), `node` the address of a web page. */
const VER_LENGTH = 100;
const NODE_LENGTH = 1000;

/**
 * What is kept of somebody's presence: the caps, in memory of their own, whatever else it says, as thousands of them are kept. Undefined: it has none,
 * and nobody can know what its sender wants to hear of.
 */
export function readCaps(presence: Element): Element | undefined {
  const { ver = '', hash, node = '' } = presence.child('c', NS.caps)?.attrs ?? {};
  if (ver === '' || ver.length > VER_LENGTH || node === '' || node.length > NODE_LENGTH) return undefined;
  if (hash !== 'sha-1' && hash !== 'sha-256') return undefined;
  return parseXml(xml('presence', null, xml('c', { xmlns: NS.caps, ver, hash, node })).toBytes());
}

/** Whether two presences say the same of what their sender can do (XEP-0115). */
export function sameCaps(presence: Element, other: Element | undefined): boolean {
  return other !== undefined && capsOf(presence) === capsOf(other);
}

function capsOf(presence: Element): string {
  const { ver = '', hash = '', node = '' } = presence.child('c', NS.caps)?.attrs ?? {};
  return [hash, ver, node].join('\n');
}
