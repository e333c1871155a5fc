import { type Element, type JID, NS, readRsm, StanzaError, writeForm, writeRsm, xml } from '@tutti/xmpp';
import { refuseAccess } from './access.ts';
import { answer, type PubsubCore, readNode } from './core.ts';
import { unsupported } from './errors.ts';
import { itemElement } from './events.ts';
import type { PubsubHost } from './host.ts';
import type { NodeRecord } from './model.ts';
import { describedFields } from './node-config.ts';
import type { ServiceInfo } from '../service-desk.ts';

const NODES_PER_READ = 100;

/** XEP-0060 §5.2 to §5.5 and §6.5: what there is, and the items themselves. */
export class Reading {
  readonly #core: PubsubCore;
  readonly #expire: (host: PubsubHost, node: string) => Promise<void>;

  /** `expire`: removes what is too old for its node. */
  constructor(core: PubsubCore, expire: (host: PubsubHost, node: string) => Promise<void>) {
    this.#core = core;
    this.#expire = expire;
  }

  /** §6.5: all items, those named, or a page of them. */
  async items(host: PubsubHost, from: JID, request: Element): Promise<Element> {
    const [items] = request.childrenNamed('items');
    if (items === undefined) throw new StanzaError('bad-request');
    const node = await this.#core.node(host, readNode(items));
    await this.#checkAccess(host, node, from);
    if (!node.config.persistItems) throw unsupported('persistent-items');
    if (node.config.itemExpire !== 'max') await this.#expire(host, node.name);
    const named = items.childrenNamed('item').map((item) => item.attrs['id'] ?? '');
    const write = (children: Element[], ...more: Element[]): Element =>
      answer(NS.pubsub, xml('items', { node: node.name }, ...children), ...more);
    const { page } = host.limits;
    if (named.length > 0) {
      if (page.items > 0 && named.length > page.items) throw new StanzaError('policy-violation');
      const found = await this.#core.nodes.byId(node.id, named);
      return write(found.map((item) => itemElement(node.config, item)));
    }
    const rsm = readRsm(request);
    const found = await this.#core.nodes.page(node.id, rsm, readMost(items), page);
    const children = found.items.map((item) => itemElement(node.config, item));
    // §6.5.4: said wherever the list is not whole.
    const isWhole = found.items.length === found.count;
    return rsm === undefined && isWhole
      ? write(children)
      : write(
          children,
          writeRsm(found, ({ id }) => id),
        );
  }

  /** §5.2: the nodes that somebody may read, by name; with `<set/>` where the list is not whole. Forward only. */
  async nodes(host: PubsubHost, from: JID, request: Element): Promise<readonly Element[]> {
    const rsm = readRsm(request);
    if (rsm?.before !== undefined || rsm?.index !== undefined) throw new StanzaError('feature-not-implemented');
    const limit = host.limits.page.items;
    const most = Math.min(rsm?.max ?? Infinity, limit === 0 ? Infinity : limit);
    const found: NodeRecord[] = [];
    let isWhole = true;
    for await (const node of this.#readable(host, from, rsm?.after ?? '')) {
      isWhole = found.length < most;
      if (!isWhole) break;
      found.push(node);
    }
    const items = found.map(({ service, name, config }) =>
      xml('item', { jid: service, node: name, name: config.title === '' ? undefined : config.title }),
    );
    if (rsm === undefined && isWhole) return items;
    const first = found[0]?.name;
    const last = found.at(-1)?.name;
    const set = [first !== undefined && xml('first', null, first), last !== undefined && xml('last', null, last)];
    return [...items, xml('set', { xmlns: NS.rsm }, ...set)];
  }

  /** The nodes that somebody may read, behind a name; a few in memory at a time. */
  async *#readable(host: PubsubHost, from: JID, behind: string): AsyncGenerator<NodeRecord> {
    const service = host.jid.toString();
    const bare = from.bare.toString();
    const [affiliations, subscriptions] = await Promise.all([
      this.#core.members.affiliationsOf(service, bare),
      this.#core.members.subscriptionsOf(service, bare),
    ]);
    const affiliationAt = new Map(affiliations.map(({ node, affiliation }) => [node, affiliation]));
    const subscribedAt = new Set(subscriptions.filter(({ state }) => state === 'subscribed').map(({ node }) => node));
    for (let after = behind; ; ) {
      const nodes = await this.#core.nodes.list(service, NODES_PER_READ, after);
      for (const node of nodes) {
        const affiliation = host.isOwner(from) ? 'owner' : affiliationAt.get(node.name);
        const role = { affiliation, subscribed: subscribedAt.has(node.name) };
        if (refuseAccess(host, node.config, from, role) === undefined) yield node;
      }
      if (nodes.length < NODES_PER_READ) return;
      after = nodes.at(-1)?.name ?? after;
    }
  }

  /** §5.3, §5.4: what a node says of itself; undefined where there is none that somebody may read. */
  async describe(host: PubsubHost, from: JID, name: string): Promise<ServiceInfo | undefined> {
    const node = await this.#core.nodes.find(host.jid.toString(), name);
    if (node === undefined || !(await this.#mayRead(host, node, from))) return undefined;
    const { members } = this.#core;
    const affiliations = await members.affiliations(node.id);
    const named = (affiliation: string): string[] =>
      [...affiliations].filter(([, one]) => one === affiliation).map(([jid]) => jid);
    const owners = host.account === undefined ? named('owner') : [host.account];
    const { node: subscribers } = await members.countSubscriptions(node.id, node.service, '');
    const form = writeForm('result', NS.pubsubMetaData, [
      ...describedFields(node.config),
      { var: 'pubsub#creation_date', type: 'text-single', label: 'Made at', value: node.createdAt },
      { var: 'pubsub#creator', type: 'jid-single', label: 'Made by', value: node.creator },
      { var: 'pubsub#owner', type: 'jid-multi', label: 'Owners', value: owners },
      { var: 'pubsub#publisher', type: 'jid-multi', label: 'Publishers', value: named('publisher') },
      { var: 'pubsub#num_subscribers', type: 'text-single', label: 'Subscribers', value: subscribers },
    ]);
    return { identities: [{ category: 'pubsub', type: 'leaf' }], features: [NS.pubsub], forms: [form] };
  }

  /** §5.5: the items of a node by their ids; undefined where there is none that somebody may read. */
  async itemsOf(host: PubsubHost, from: JID, name: string, request: Element): Promise<readonly Element[] | undefined> {
    const node = await this.#core.nodes.find(host.jid.toString(), name);
    if (node === undefined || !(await this.#mayRead(host, node, from))) return undefined;
    if (node.config.itemExpire !== 'max') await this.#expire(host, node.name);
    const rsm = readRsm(request);
    const page = await this.#core.nodes.page(node.id, rsm, undefined, host.limits.page);
    const items = page.items.map(({ id }) => xml('item', { jid: node.service, name: id }));
    const isWhole = page.items.length === page.count;
    return rsm === undefined && isWhole ? items : [...items, writeRsm(page, ({ id }) => id)];
  }

  async #mayRead(host: PubsubHost, node: NodeRecord, from: JID): Promise<boolean> {
    return refuseAccess(host, node.config, from, await this.#core.role(host, node, from)) === undefined;
  }

  async #checkAccess(host: PubsubHost, node: NodeRecord, from: JID): Promise<void> {
    const refused = refuseAccess(host, node.config, from, await this.#core.role(host, node, from));
    if (refused !== undefined) throw refused;
  }
}

/** §6.5.7. */
function readMost(items: Element): number | undefined {
  const text = items.attrs['max_items'];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new StanzaError('bad-request', { text: 'max_items is a number.' });
  return Number(text);
}
