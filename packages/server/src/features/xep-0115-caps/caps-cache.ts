import { type Element, NS, xml } from '@tutti/xmpp';
import type { EntityCaps, FeatureApi } from '../../feature.ts';
import { verificationString } from './verification.ts';

const NOTHING: ReadonlySet<string> = new Set();

/** What a presence says of what its sender can do. */
interface Announced {
  readonly node: string;
  readonly ver: string;
  readonly algorithm: 'sha-1' | 'sha-256';
}

/**
 * XEP-0115: the features behind the hashes that clients announce. What is kept has been proved by its hash, so that nobody can speak for another
 * client (§8.1); it is bounded, and what has not been asked for longest goes first.
 */
export class CapsCache implements EntityCaps {
  readonly #api: FeatureApi;
  readonly #features = new Map<string, ReadonlySet<string>>();

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  known(presence: Element): ReadonlySet<string> | undefined {
    const announced = readCaps(presence);
    return announced === undefined ? NOTHING : this.#find(keyOf(announced));
  }

  /** Each client is asked for itself: one that does not answer keeps no other of its kind from being known. */
  async learn(presence: Element, ask: (query: Element) => Promise<Element>): Promise<ReadonlySet<string>> {
    const announced = readCaps(presence);
    if (announced === undefined) return NOTHING;
    return this.#find(keyOf(announced)) ?? this.#ask(announced, ask);
  }

  /** §6.2: asks the one whose presence it is; nothing where there is no answer, or one that does not fit the hash. */
  async #ask(announced: Announced, ask: (query: Element) => Promise<Element>): Promise<ReadonlySet<string>> {
    const { node, ver, algorithm } = announced;
    let info: Element | undefined;
    try {
      info = (await ask(xml('query', { xmlns: NS.discoInfo, node: `${node}#${ver}` }))).child('query', NS.discoInfo);
    } catch (error) {
      this.#api.logger.debug({ node, error: String(error) }, 'a client does not say what it can do');
      return NOTHING;
    }
    const { capsBytes } = this.#api.config.pep;
    if (info === undefined || (capsBytes > 0 && info.toBytes().length > capsBytes)) return NOTHING;
    const text = verificationString(info);
    if (text === undefined || this.#hash(algorithm, text) !== ver) return NOTHING;
    const features = new Set(info.childrenNamed('feature').map(({ attrs }) => attrs['var'] ?? ''));
    this.#keep(keyOf(announced), features);
    return features;
  }

  #hash(algorithm: Announced['algorithm'], text: string): string {
    return btoa(String.fromCharCode(...this.#api.digest(algorithm, new TextEncoder().encode(text))));
  }

  #find(key: string): ReadonlySet<string> | undefined {
    const found = this.#features.get(key);
    if (found !== undefined) {
      this.#features.delete(key);
      this.#features.set(key, found);
    }
    return found;
  }

  #keep(key: string, features: ReadonlySet<string>): void {
    const { caps } = this.#api.config.pep;
    this.#features.set(key, features);
    const [oldest] = this.#features.keys();
    if (caps > 0 && this.#features.size > caps && oldest !== undefined) this.#features.delete(oldest);
  }
}

/** §4: of the hashes that the server can compute; older forms without a hash prove nothing and are not asked about. */
function readCaps(presence: Element): Announced | undefined {
  const { node, ver, hash } = presence.child('c', NS.caps)?.attrs ?? {};
  if (node === undefined || ver === undefined) return undefined;
  return hash === 'sha-1' || hash === 'sha-256' ? { node, ver, algorithm: hash } : undefined;
}

/** The hash says it all: the same answer from whatever client. */
function keyOf({ ver, algorithm }: Announced): string {
  return `${algorithm} ${ver}`;
}
