import type { Element } from '@tutti/xmpp';

/** XEP-0060 §4.5: who may subscribe and read. */
export type AccessModel = 'authorize' | 'open' | 'presence' | 'roster' | 'whitelist';
/** XEP-0060 §4.1, without `none`. */
export type Affiliation = 'member' | 'outcast' | 'owner' | 'publish-only' | 'publisher';

/** XEP-0060 §16.4.4: how a node is configured, as far as it can be. */
export interface NodeConfig {
  readonly title: string;
  readonly description: string;
  readonly language: string;
  /** The namespace of payloads; '' for any. */
  readonly payloadType: string;
  readonly accessModel: AccessModel;
  /** With the access model `roster`: the groups of the owner's roster that have access. */
  readonly rosterGroups: readonly string[];
  readonly publishModel: 'open' | 'publishers' | 'subscribers';
  readonly maxItems: number | 'max';
  /** Seconds after which an item goes. */
  readonly itemExpire: number | 'max';
  /** Bytes of one payload; 0: as many as the service takes. */
  readonly maxPayload: number;
  readonly persistItems: boolean;
  readonly sendLast: 'never' | 'on_sub' | 'on_sub_and_presence';
  readonly deliverNotifications: boolean;
  readonly deliverPayloads: boolean;
  readonly notifyConfig: boolean;
  readonly notifyDelete: boolean;
  readonly notifyRetract: boolean;
  readonly notificationType: 'headline' | 'normal';
  /** Whom `publisher` of an item names: nobody, or who published it. */
  readonly itemReply: 'owner' | 'publisher';
}

export interface NodeRecord {
  readonly id: string;
  /** Address of the service: a bare JID, or a domain. */
  readonly service: string;
  readonly name: string;
  /** Bare JID of who made it. */
  readonly creator: string;
  /** XEP-0082, UTC. */
  readonly createdAt: string;
  readonly config: NodeConfig;
  /** Of all payloads together. */
  readonly bytes: number;
}

export interface ItemRecord {
  readonly id: string;
  /** Items of a node are in the order of these numbers. */
  readonly seq: number;
  /** Bare JID. */
  readonly publisher: string;
  /** XEP-0082, UTC. */
  readonly at: string;
  readonly payload: Element;
}

export interface SubscriptionRecord {
  /** As it was subscribed: a bare or a full JID. */
  readonly jid: string;
  readonly state: 'pending' | 'subscribed';
  /** XEP-0060 §16.4.3 `pubsub#deliver`. */
  readonly deliver: boolean;
}

/** An item as the server's features see it. */
export interface PepItem {
  readonly id: string;
  readonly payload: Element;
}

/** What happens at one node of an account. */
export interface PepChange {
  readonly node: string;
  readonly publish?: readonly PepItem[];
  /** Ids, or all of them. Those that are not there don't matter. */
  readonly retract?: readonly string[] | 'all';
  /** How the node is made if it is not there; otherwise it stays as it is. */
  readonly config?: Partial<NodeConfig>;
}
