import { JID } from '@tutti/xmpp';
import type { Config, FeatureApi, NodeConfig, NodeRules, PepChange, PubsubHost, PubsubLimits } from '../../feature.ts';

/** What a node is where nobody has said anything else. */
export const SERVICE_DEFAULTS: NodeConfig = {
  title: '',
  description: '',
  language: '',
  payloadType: '',
  accessModel: 'open',
  rosterGroups: [],
  publishModel: 'publishers',
  maxItems: 'max',
  itemExpire: 'max',
  maxPayload: 0,
  persistItems: true,
  sendLast: 'never',
  deliverNotifications: true,
  deliverPayloads: true,
  notifyConfig: false,
  notifyDelete: true,
  notifyRetract: true,
  notificationType: 'headline',
  itemReply: 'publisher',
};

const NOBODY: ReadonlySet<string> = new Set();

/** A domain as a pubsub service: its nodes belong to those who have made them. Nobody's presence is known there. */
export class DomainHost implements PubsubHost {
  readonly jid: JID;
  readonly account = undefined;
  /** The domain of the accounts that it is for. */
  readonly #domain: string;
  readonly #api: FeatureApi;

  constructor(api: FeatureApi, domain: string, accounts: string) {
    this.#api = api;
    this.jid = JID.of('', domain);
    this.#domain = accounts;
  }

  get rules(): NodeRules {
    return serviceRules(this.#api.config);
  }

  get limits(): PubsubLimits {
    const { pubsub } = this.#api.config;
    return { ...pubsub, page: { items: pubsub.pageItems, bytes: pubsub.pageBytes } };
  }

  defaultsOf(): NodeConfig {
    return SERVICE_DEFAULTS;
  }

  isOwner(): boolean {
    return false;
  }

  /** XEP-0060 §8.1.1. */
  mayCreate(jid: JID): boolean {
    const { admins, pubsub } = this.#api.config;
    if (admins.includes(jid.bare.toString())) return true;
    if (pubsub.create === 'admins') return false;
    return pubsub.create === 'anybody' || (jid.domain === this.#domain && jid.local !== '');
  }

  sharesPresence(): boolean {
    return false;
  }

  groupsOf(): readonly string[] {
    return [];
  }

  isBlocked(): boolean {
    return false;
  }

  tellWatchers(): ReadonlySet<string> {
    return NOBODY;
  }

  convert(): Promise<readonly PepChange[]> {
    return Promise.resolve([]);
  }

  changed(): void {}
}

function serviceRules({ pubsub }: Config): NodeRules {
  return {
    defaults: SERVICE_DEFAULTS,
    accessModels: ['authorize', 'open', 'whitelist'],
    sendLast: ['never', 'on_sub'], // nobody's presence is known
    itemBytes: pubsub.itemBytes,
    maxItems: pubsub.items,
    configBytes: pubsub.configBytes,
  };
}
