import { type Element, type JID, NS, xml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, NodeConfig, PepChange, SessionView, StateKey } from '../../feature.ts';
import { dataElement, infoOf, metadataElement, type Picture, readPicture } from './picture.ts';

/** XEP-0398 §7: what comes from a vCard, which anybody can read, is open to anybody. */
const CONFIG: Partial<NodeConfig> = { accessModel: 'open', maxItems: 1, persistItems: true };

/** The avatars of accounts: kept in their nodes (XEP-0084) and nowhere else, shown in vCards and presence too. */
export class Avatars {
  readonly #api: FeatureApi;
  /** The hash of each account's avatar; '' for none. */
  readonly #state: StateKey<{ hash: string }>;
  /** Presence that has the hash from here, so that it is not taken for the client's own wish. */
  readonly #made = new WeakSet<Element>();

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#state = api.accountState(async (account) => ({ hash: infoOf(await this.#metadata(account))?.id ?? '' }));
  }

  hash(account: AccountView): string {
    return account.state(this.#state).hash;
  }

  /** The avatar, where the peer may read both of its nodes (XEP-0398 §7). */
  async find(account: AccountView, peer: JID): Promise<Picture | undefined> {
    const events = this.#api.personalEvents();
    const nodes = [NS.avatarMetadata, NS.avatarData];
    const may = await Promise.all(nodes.map((node) => events.mayRead(account, node, peer)));
    if (may.includes(false)) return undefined;
    const info = infoOf(await this.#metadata(account.jid));
    if (info === undefined) return undefined;
    const [data] = await events.items(account.jid, NS.avatarData, [info.id]);
    const picture = data && readPicture(this.#api, data.payload.text(), info.type);
    // §3.1: a picture that is not what it is called is none.
    return picture?.hash === info.id.toLowerCase() ? { ...picture, type: info.type ?? picture.type } : undefined;
  }

  /** XEP-0398 §3.2: publishes a picture, or that there is none. */
  async publish(account: AccountView, picture: Picture | undefined): Promise<void> {
    if ((picture?.hash ?? '') === this.hash(account)) return;
    const changes: PepChange[] = [];
    if (picture !== undefined)
      changes.push({
        node: NS.avatarData,
        publish: [{ id: picture.hash, payload: dataElement(picture) }],
        config: CONFIG,
      });
    const payload = metadataElement(picture);
    changes.push({ node: NS.avatarMetadata, publish: [{ id: picture?.hash ?? 'current', payload }], config: CONFIG });
    await this.#api.personalEvents().apply(account, changes);
  }

  /** Something has changed at the account's nodes: whoever has its presence is told of another avatar. */
  changed(account: AccountView, changes: readonly PepChange[]): void {
    const state = account.state(this.#state);
    const before = state.hash;
    for (const { node, publish, retract } of changes) {
      if (node !== NS.avatarMetadata) continue;
      if (retract === 'all' || retract?.includes(state.hash) === true) state.hash = '';
      const last = publish?.at(-1);
      if (last !== undefined) state.hash = infoOf(last.payload)?.id ?? '';
    }
    if (state.hash === before) return;
    for (const session of account.sessions) {
      this.#api.announce(session).catch((error: unknown) => {
        this.#api.logger.error(
          { session: session.jid.toString(), error: String(error) },
          'presence was not sent again',
        );
      });
    }
  }

  /** XEP-0398 §4: adds the hash to available presence, unless the client says that it shows no avatar. */
  enrich({ account }: SessionView, presence: Element): Element {
    const hash = this.hash(account);
    const isMade = this.#made.has(presence);
    const photo = presence.child('x', NS.vcardUpdate)?.child('photo');
    if (!isMade && (hash === '' || photo?.text() === '')) return presence;
    const update = xml('x', { xmlns: NS.vcardUpdate }, xml('photo', null, hash === '' ? undefined : hash));
    const made = presence.without((child) => child.is('x', NS.vcardUpdate)).append(update);
    this.#made.add(made);
    return made;
  }

  async #metadata(account: JID): Promise<Element | undefined> {
    return (await this.#api.personalEvents().items(account, NS.avatarMetadata)).at(-1)?.payload;
  }
}
