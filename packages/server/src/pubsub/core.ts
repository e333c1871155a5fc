import { type Element, type JID, type NS, paginate, readRsm, StanzaError, writeRsm, xml } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import type { Clock, Random } from '../environment.ts';
import { findRole, type Role } from './access.ts';
import { pubsubError } from './errors.ts';
import type { PubsubHost } from './host.ts';
import { Locks } from '../locks.ts';
import { MemberStore } from './member-store.ts';
import type { NodeConfig, NodeRecord } from './model.ts';
import { NodeStore } from './node-store.ts';
import { Notifier } from './notifier.ts';
import type { PubsubTables } from './schema.ts';

export interface PubsubEnvironment {
  readonly db: Kysely<PubsubTables>;
  readonly clock: Clock;
  readonly random: Random;
  readonly route: (stanza: Element) => void;
  /** What nodes of a service, by its address, are configured like where nothing else was said. */
  readonly defaults: (service: string) => NodeConfig;
}

/** What the parts of the engine share. */
export class PubsubCore {
  readonly nodes: NodeStore;
  readonly members: MemberStore;
  readonly notifier: Notifier;
  readonly locks = new Locks();
  readonly random: Random;
  readonly route: (stanza: Element) => void;
  readonly #clock: Clock;

  constructor({ db, clock, random, route, defaults }: PubsubEnvironment) {
    this.nodes = new NodeStore(db, defaults);
    this.members = new MemberStore(db);
    this.notifier = new Notifier(this.nodes, this.members, random, route, (config) => this.expiredUntil(config));
    this.random = random;
    this.route = route;
    this.#clock = clock;
  }

  /** XEP-0082, UTC. */
  now(): string {
    return new Date(this.#clock.now()).toISOString();
  }

  /** The newest time (XEP-0082) of items that are too old for a node; undefined: none is. */
  expiredUntil({ itemExpire }: NodeConfig): string | undefined {
    return itemExpire === 'max'
      ? undefined
      : new Date(Math.max(0, this.#clock.now() - itemExpire * 1000)).toISOString();
  }

  /** A node by name. Throws StanzaError item-not-found. */
  async node(host: PubsubHost, name: string): Promise<NodeRecord> {
    const node = await this.nodes.find(host.jid.toString(), name);
    if (node === undefined) throw new StanzaError('item-not-found', { text: 'There is no such node.' });
    return node;
  }

  role(host: PubsubHost, node: NodeRecord, jid: JID): Promise<Role> {
    return findRole(host, this.members, node, jid);
  }

  /** A node that somebody owns. Throws StanzaError item-not-found or forbidden. */
  async owned(host: PubsubHost, name: string, jid: JID): Promise<NodeRecord> {
    const node = await this.node(host, name);
    const { affiliation } = await this.role(host, node, jid);
    if (affiliation !== 'owner') throw new StanzaError('forbidden');
    return node;
  }
}

/** The name of the node in a request. Throws StanzaError bad-request where there is none. */
export function readNode(element: Element): string {
  const { node } = element.attrs;
  if (node === undefined || node === '') throw pubsubError('bad-request', 'nodeid-required');
  return node;
}

/** XEP-0060 §16: the payload of an answer. */
export function answer(ns: typeof NS.pubsub | typeof NS.pubsubOwner, ...children: Element[]): Element {
  return xml('pubsub', { xmlns: ns }, ...children);
}

/** XEP-0059 over a list of a service; `set` where it is not the whole list, or was asked for. `idOf`: unique in the list. */
export function pageOf<T>(
  host: PubsubHost,
  payload: Element,
  list: readonly T[],
  idOf: (item: T) => string,
): { readonly items: readonly T[]; readonly set: readonly Element[] } {
  const rsm = readRsm(payload);
  const page = paginate(list, idOf, rsm, host.limits.page.items);
  const isWhole = rsm === undefined && page.items.length === list.length;
  return { items: page.items, set: isWhole ? [] : [writeRsm(page, idOf)] };
}
