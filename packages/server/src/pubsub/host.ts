import type { Element, JID } from '@tutti/xmpp';
import type { NodeConfig, NodeRecord, PepChange } from './model.ts';
import type { NodeRules } from './node-config.ts';
import type { PageLimits } from './node-store.ts';

/** Bounds of a service; 0: none. */
export interface PubsubLimits {
  /** Nodes that one account may have made. */
  readonly nodes: number;
  readonly nodeNameBytes: number;
  /** Bytes of one payload. */
  readonly itemBytes: number;
  /** Bytes of all payloads in the nodes that one account has made. */
  readonly bytes: number;
  /** Subscriptions and affiliations that one node may have, each. */
  readonly members: number;
  /** Subscriptions that one account may have at the service. */
  readonly subscriptions: number;
  readonly page: PageLimits;
}

/** Whether somebody is to be told of a node. */
export type MayReceive = (jid: JID) => boolean;

/** One service: an account (XEP-0163) or a domain (XEP-0060). What the two do differently. */
export interface PubsubHost {
  /** Where notifications come from. */
  readonly jid: JID;
  /** The account that is the service, by its bare JID; undefined for a domain. */
  readonly account: string | undefined;
  readonly rules: NodeRules;
  readonly limits: PubsubLimits;
  /** How a node of this name is made where nothing else is said. */
  defaultsOf(node: string): NodeConfig;
  /** Owner of every node there. */
  isOwner(jid: JID): boolean;
  mayCreate(jid: JID): boolean;
  /** XEP-0060 §4.5: gets the presence of the owner. */
  sharesPresence(jid: JID): boolean;
  /** The groups of the owner's roster that somebody is in. */
  groupsOf(jid: JID): readonly string[];
  /** Who is refused everything (XEP-0191). */
  isBlocked(jid: JID): boolean;
  /** XEP-0060 §9.1: tells those who are subscribed without having asked. Gives the addresses told, bare and full. */
  tellWatchers(node: NodeRecord, event: Element, mayReceive: MayReceive, by: JID | undefined): ReadonlySet<string>;
  /** What else changes. */
  convert(change: PepChange): Promise<readonly PepChange[]>;
  /** Told after the commit. */
  changed(changes: readonly PepChange[]): void;
}

/** What runs one after the other: everything at an account, as its nodes may depend on each other; what is at one node of a domain. */
export function lockOf(host: PubsubHost, node: string): string {
  return host.account ?? `${host.jid.toString()} ${node}`;
}
