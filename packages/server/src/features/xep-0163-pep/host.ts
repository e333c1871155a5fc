import { type Element, type JID, NS } from '@tutti/xmpp';
import type {
  AccountView,
  Config,
  FeatureApi,
  MayReceive,
  NodeConfig,
  NodeRecord,
  NodeRules,
  PepChange,
  PubsubHost,
  PubsubLimits,
} from '../../feature.ts';
import type { Watchers } from './watchers.ts';

/** XEP-0163 §5, and persistent: what a node is where nobody has said anything else. */
export const PEP_DEFAULTS: NodeConfig = {
  title: '',
  description: '',
  language: '',
  payloadType: '',
  accessModel: 'presence',
  rosterGroups: [],
  publishModel: 'publishers',
  maxItems: 1,
  itemExpire: 'max',
  maxPayload: 0,
  persistItems: true,
  sendLast: 'on_sub_and_presence',
  deliverNotifications: true,
  deliverPayloads: true,
  notifyConfig: false,
  notifyDelete: true,
  notifyRetract: true,
  notificationType: 'headline',
  itemReply: 'owner',
};

/** XEP-0402 §6.1, XEP-0490 §4.1: these are private (XEP-0223), also where a client does not say so. */
const PRIVATE_NODES: ReadonlySet<string> = new Set([NS.bookmarks, NS.bookmarksStorage, NS.displayedSync]);
const PRIVATE: Partial<NodeConfig> = { accessModel: 'whitelist', sendLast: 'never' };

/** XEP-0163 §3.1: an account as a pubsub service. */
export class PepHost implements PubsubHost {
  readonly jid: JID;
  readonly account: string;
  readonly #api: FeatureApi;
  readonly #view: AccountView;
  readonly #watchers: Watchers;

  constructor(api: FeatureApi, view: AccountView, watchers: Watchers) {
    this.jid = view.jid;
    this.account = view.jid.toString();
    this.#api = api;
    this.#view = view;
    this.#watchers = watchers;
  }

  get rules(): NodeRules {
    return pepRules(this.#api.config);
  }

  get limits(): PubsubLimits {
    const { pep } = this.#api.config;
    return { ...pep, page: { items: pep.pageItems, bytes: pep.pageBytes } };
  }

  defaultsOf(node: string): NodeConfig {
    if (!PRIVATE_NODES.has(node)) return PEP_DEFAULTS;
    return { ...PEP_DEFAULTS, ...PRIVATE, maxItems: node === NS.bookmarksStorage ? 1 : 'max' };
  }

  isOwner(jid: JID): boolean {
    return jid.bare.equals(this.jid);
  }

  /** §3.2: one publisher. */
  mayCreate(jid: JID): boolean {
    return this.isOwner(jid);
  }

  sharesPresence(jid: JID): boolean {
    return this.#api.maySeePresence(this.#view, jid);
  }

  groupsOf(jid: JID): readonly string[] {
    return this.#api.contact(this.#view, jid)?.groups ?? [];
  }

  isBlocked(jid: JID): boolean {
    return this.#api.isBlocked(this.#view, jid);
  }

  tellWatchers(node: NodeRecord, event: Element, mayReceive: MayReceive, by: JID | undefined): ReadonlySet<string> {
    return this.#watchers.tell(this.#view, node, event, mayReceive, by);
  }

  convert(change: PepChange): Promise<readonly PepChange[]> {
    return this.#api.convertEvents(this.#view, change);
  }

  changed(changes: readonly PepChange[]): void {
    this.#api.eventsChanged(this.#view, changes);
  }
}

function pepRules({ pep }: Config): NodeRules {
  return {
    defaults: PEP_DEFAULTS,
    accessModels: ['authorize', 'open', 'presence', 'roster', 'whitelist'],
    sendLast: ['never', 'on_sub', 'on_sub_and_presence'],
    itemBytes: pep.itemBytes,
    maxItems: pep.items,
    configBytes: pep.configBytes,
  };
}
