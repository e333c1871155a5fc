import { type Element, JID, NS, StanzaError } from '@tutti/xmpp';
import type { FeatureApi } from '../feature.ts';
import type { ServiceInfo } from '../service-desk.ts';
import { refuseAccess } from './access.ts';
import { Administration } from './administration.ts';
import { decide, readApproval } from './approval.ts';
import { PubsubCore, type PubsubEnvironment } from './core.ts';
import type { PubsubHost } from './host.ts';
import type { NodeRecord, PepChange, PepItem } from './model.ts';
import { Nodes } from './nodes.ts';
import { Pending } from './pending.ts';
import { PortableNodes } from './portable.ts';
import { Publishing } from './publishing.ts';
import { Reading } from './reading.ts';
import { Removal } from './removal.ts';
import type { PubsubTables } from './schema.ts';
import { Subscribing } from './subscribing.ts';

/** A request of XEP-0060: its payload is a `<pubsub/>` of either namespace. */
export interface PubsubRequest {
  readonly type: 'get' | 'set';
  readonly from: JID;
  readonly payload: Element;
}

/** An engine on the database of the server. */
export function createPubsub(api: FeatureApi, defaults: PubsubEnvironment['defaults']): PubsubEngine {
  const { clock, random } = api;
  return new PubsubEngine({
    db: api.store<PubsubTables>(),
    clock,
    random,
    route: (stanza) => api.route(stanza),
    defaults,
  });
}

type Action = (host: PubsubHost, from: JID, payload: Element) => Promise<Element | undefined> | Element;

/**
 * XEP-0060 for whoever is a service: the accounts (XEP-0163) and a domain. It knows nodes, items, who may do what and who is told; what makes an account
 * different from a domain is in the `PubsubHost`. Collections (XEP-0248) and several subscriptions of one address are left out.
 */
export class PubsubEngine {
  readonly #core: PubsubCore;
  readonly #nodes: Nodes;
  readonly #publishing: Publishing;
  readonly #reading: Reading;
  /** XEP-0227. */
  readonly portable: PortableNodes;
  readonly #removal: Removal;
  readonly #pending: Pending;
  readonly #actions: ReadonlyMap<string, Action>;

  constructor(environment: PubsubEnvironment) {
    this.#core = new PubsubCore(environment);
    this.#nodes = new Nodes(this.#core);
    this.#publishing = new Publishing(this.#core, this.#nodes);
    this.#reading = new Reading(this.#core, (host, node) => this.#publishing.expire(host, node));
    this.#removal = new Removal(this.#core, this.#nodes);
    this.#pending = new Pending(this.#core);
    this.portable = new PortableNodes(this.#core, this.#nodes, this.#publishing);
    this.#actions = this.#listActions();
  }

  /** Answers a request. Throws StanzaError. */
  async handle(host: PubsubHost, { type, from, payload }: PubsubRequest): Promise<Element | undefined> {
    const [first] = payload.elements;
    if (first === undefined) throw new StanzaError('bad-request');
    const scope = payload.ns === NS.pubsubOwner ? 'owner' : 'user';
    const action = this.#actions.get(`${scope} ${type} ${first.name}`);
    if (action === undefined) throw new StanzaError('feature-not-implemented');
    return action(host, from, payload);
  }

  /** §8.6: takes the answer of an owner to a request for approval. False: the message is none. Throws StanzaError. */
  async receive(host: PubsubHost, from: JID, message: Element): Promise<boolean> {
    const form = readApproval(message);
    if (form === undefined) return false;
    await decide(this.#core, host, from, form);
    return true;
  }

  /** §8.7: the ad-hoc command of a service. Throws StanzaError. */
  command(host: PubsubHost, from: JID, command: Element): Promise<Element> {
    return this.#pending.handle(host, from, command);
  }

  /** The server itself makes changes, all or none. Throws StanzaError. */
  apply(host: PubsubHost, by: JID, changes: readonly PepChange[]): Promise<void> {
    return this.#publishing.apply(host, by, changes);
  }

  /** Removes what is too old (§16.4.4, item_expire). `hostOf`: the services that are in this engine's care, by address. */
  async expire(ofAccounts: boolean, hostOf: (service: JID) => Promise<PubsubHost | undefined>): Promise<void> {
    for (const { service, name } of await this.#core.nodes.expiring(ofAccounts)) {
      const host = await hostOf(JID.parse(service));
      if (host !== undefined) await this.#publishing.expire(host, name);
    }
  }

  /** An account is gone: so are its subscriptions and affiliations, what it has published and the nodes that nobody else owns. */
  async forget(host: PubsubHost, jid: JID): Promise<void> {
    await this.#removal.forget(host, jid.bare.toString());
  }

  /** Services where an account has left something. */
  async servicesWith(jid: JID): Promise<readonly JID[]> {
    const services = await this.#core.members.servicesWith(jid.bare.toString());
    return services.map((service) => JID.parse(service));
  }

  /** A node by name. */
  find(service: JID, name: string): Promise<NodeRecord | undefined> {
    return this.#core.nodes.find(service.toString(), name);
  }

  async names(service: JID): Promise<readonly string[]> {
    return (await this.#core.nodes.list(service.toString(), 0)).map(({ name }) => name);
  }

  /** Items of a node: all, or those named. */
  async items(service: JID, name: string, ids?: readonly string[]): Promise<readonly PepItem[]> {
    const node = await this.find(service, name);
    if (node === undefined || ids?.length === 0) return [];
    const found = await (ids === undefined ? this.#core.nodes.all(node.id) : this.#core.nodes.byId(node.id, ids));
    const until = this.#core.expiredUntil(node.config);
    return until === undefined ? found : found.filter(({ at }) => at > until);
  }

  async mayRead(host: PubsubHost, name: string, peer: JID): Promise<boolean> {
    const node = await this.find(host.jid, name);
    if (node === undefined) return false;
    return refuseAccess(host, node.config, peer, await this.#core.role(host, node, peer)) === undefined;
  }

  /** XEP-0163 §4.3.4: nodes of these services and names whose last item is sent to whoever comes. */
  async announcing(services: readonly string[], names: readonly string[]): Promise<readonly NodeRecord[]> {
    const nodes = await this.#core.nodes.among(services, names);
    return nodes.filter(
      ({ config }) => config.sendLast === 'on_sub_and_presence' && config.persistItems && config.deliverNotifications,
    );
  }

  /** The message with a node's last item; undefined where there is none, or the peer may not have it. */
  async lastItem(host: PubsubHost, node: NodeRecord, peer: JID): Promise<Element | undefined> {
    const role = await this.#core.role(host, node, peer);
    if (refuseAccess(host, node.config, peer, role) !== undefined) return undefined;
    return this.#core.notifier.lastMessage(host, node, peer);
  }

  /** §5.2. */
  listNodes(host: PubsubHost, from: JID, request: Element): Promise<readonly Element[]> {
    return this.#reading.nodes(host, from, request);
  }

  /** §5.3, §5.4. */
  describe(host: PubsubHost, from: JID, node: string): Promise<ServiceInfo | undefined> {
    return this.#reading.describe(host, from, node);
  }

  /** §5.5. */
  listItems(host: PubsubHost, from: JID, node: string, request: Element): Promise<readonly Element[] | undefined> {
    return this.#reading.itemsOf(host, from, node, request);
  }

  #listActions(): ReadonlyMap<string, Action> {
    const nodes = this.#nodes;
    const publishing = this.#publishing;
    const subscribing = new Subscribing(this.#core);
    const administration = new Administration(this.#core);
    const first =
      (
        action: (host: PubsubHost, from: JID, element: Element, payload: Element) => Promise<Element | undefined>,
      ): Action =>
      (host, from, payload) =>
        action(host, from, payload.elements[0] as Element, payload);
    return new Map<string, Action>([
      ['user set create', (host, from, payload) => nodes.create(host, from, payload)],
      ['user set publish', (host, from, payload) => publishing.publish(host, from, payload)],
      ['user set retract', (host, from, payload) => publishing.retract(host, from, payload)],
      ['user set subscribe', (host, from, payload) => subscribing.subscribe(host, from, payload)],
      ['user set unsubscribe', (host, from, payload) => subscribing.unsubscribe(host, from, payload)],
      ['user set options', first((host, from, element) => subscribing.setOptions(host, from, element))],
      ['user get options', first((host, from, element) => subscribing.options(host, from, element))],
      ['user get default', first((host, _from, element) => subscribing.defaultOptions(host, element))],
      [
        'user get subscriptions',
        first((host, from, element, payload) => subscribing.subscriptions(host, from, element, payload)),
      ],
      [
        'user get affiliations',
        first((host, from, element, payload) => subscribing.affiliations(host, from, element, payload)),
      ],
      ['user get items', (host, from, payload) => this.#reading.items(host, from, payload)],
      ['owner get configure', first((host, from, element) => nodes.form(host, from, element))],
      ['owner set configure', first((host, from, element) => nodes.configure(host, from, element))],
      ['owner get default', (host) => nodes.defaults(host)],
      [
        'owner set delete',
        first((host, from, element) =>
          nodes.remove(host, from, element, (node) => publishing.retractAll(host, from, node)),
        ),
      ],
      ['owner set purge', (host, from, payload) => publishing.purge(host, from, payload)],
      [
        'owner get subscriptions',
        first((host, from, element, payload) => administration.subscriptions(host, from, element, payload)),
      ],
      ['owner set subscriptions', first((host, from, element) => administration.setSubscriptions(host, from, element))],
      [
        'owner get affiliations',
        first((host, from, element, payload) => administration.affiliations(host, from, element, payload)),
      ],
      ['owner set affiliations', first((host, from, element) => administration.setAffiliations(host, from, element))],
    ]);
  }
}
