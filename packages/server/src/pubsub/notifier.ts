import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { type Random, randomId } from '../environment.ts';
import { refuseAccess } from './access.ts';
import { publishedEvent } from './events.ts';
import type { PubsubHost } from './host.ts';
import type { MemberStore } from './member-store.ts';
import type { NodeConfig, NodeRecord } from './model.ts';
import type { NodeStore } from './node-store.ts';

/** Tells subscribers what has happened, after it has been committed. */
export class Notifier {
  readonly #members: MemberStore;
  readonly #nodes: NodeStore;
  readonly #random: Random;
  readonly #route: (stanza: Element) => void;
  readonly #expiredUntil: (config: NodeConfig) => string | undefined;

  constructor(
    nodes: NodeStore,
    members: MemberStore,
    random: Random,
    route: (stanza: Element) => void,
    expiredUntil: (config: NodeConfig) => string | undefined,
  ) {
    this.#nodes = nodes;
    this.#expiredUntil = expiredUntil;
    this.#members = members;
    this.#random = random;
    this.#route = route;
  }

  /** XEP-0060 §12.1: tells everybody who is subscribed, one way or the other, and may be (still). `by`: who has done it, with the resource. */
  async tell(host: PubsubHost, node: NodeRecord, event: Element, by?: JID): Promise<void> {
    const { config } = node;
    if (!config.deliverNotifications) return;
    const affiliations = await this.#members.affiliations(node.id);
    const roleOf = (jid: JID, subscribed: boolean) => ({
      affiliation: host.isOwner(jid) ? ('owner' as const) : affiliations.get(jid.bare.toString()),
      subscribed,
    });
    const mayReceive = (jid: JID): boolean => refuseAccess(host, config, jid, roleOf(jid, false)) === undefined;
    const told = host.tellWatchers(node, event, mayReceive, by);
    const lost: string[] = [];
    for await (const { jid, state, deliver } of this.#members.subscribers(node.id)) {
      if (state !== 'subscribed') continue;
      const address = JID.parse(jid);
      // XEP-0163 §9.1: who has lost access has lost the subscription.
      if (refuseAccess(host, config, address, roleOf(address, true)) !== undefined) lost.push(jid);
      else if (deliver && !told.has(jid)) this.#route(this.message(host, node, address, event));
    }
    for (const jid of lost) await this.#members.unsubscribe(this.#members.db, node.id, jid);
  }

  /** §8.4.2: reads who is to be told of a node's end, those who wait for approval too; the result tells them. */
  async beforeEnd(host: PubsubHost, node: NodeRecord): Promise<(event: Element) => void> {
    const affiliations = await this.#members.affiliations(node.id);
    const subscribers: JID[] = [];
    for await (const { jid } of this.#members.subscribers(node.id)) subscribers.push(JID.parse(jid));
    const mayReceive = (jid: JID): boolean => {
      const affiliation = host.isOwner(jid) ? 'owner' : affiliations.get(jid.bare.toString());
      return refuseAccess(host, node.config, jid, { affiliation, subscribed: false }) === undefined;
    };
    return (event) => {
      const told = host.tellWatchers(node, event, mayReceive, undefined);
      for (const jid of subscribers) if (!told.has(jid.toString())) this.#route(this.message(host, node, jid, event));
    };
  }

  /** §6.1.7: a new subscriber gets the last item. */
  async tellLast(host: PubsubHost, node: NodeRecord, to: JID): Promise<void> {
    const { sendLast, persistItems, deliverNotifications } = node.config;
    if (sendLast === 'never' || !persistItems || !deliverNotifications) return;
    const message = await this.lastMessage(host, node, to);
    if (message !== undefined) this.#route(message);
  }

  /** The last item, marked as not new; undefined where there is none. */
  async lastMessage(host: PubsubHost, node: NodeRecord, to: JID): Promise<Element | undefined> {
    const item = await this.#nodes.last(node.id);
    const until = this.#expiredUntil(node.config);
    if (item === undefined || (until !== undefined && item.at <= until)) return undefined;
    const delay = xml('delay', { xmlns: NS.delay, stamp: item.at });
    return this.message(host, node, to, publishedEvent(node, [item])).append(delay);
  }

  /** Tells somebody something of a node, whatever the node's configuration. */
  tellOne(host: PubsubHost, node: NodeRecord, to: JID, event: Element): void {
    this.#route(this.message(host, node, to, event));
  }

  message(host: PubsubHost, { config }: NodeRecord, to: JID, event: Element): Element {
    const type = config.notificationType;
    const id = randomId(this.#random, 12);
    return xml('message', { from: host.jid.toString(), to: to.toString(), type, id }, event);
  }
}
