import { type Element, type JID, NS, readForm, StanzaError, xml } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import { randomId } from '../environment.ts';
import { mayPublish } from './access.ts';
import { answer, type PubsubCore, readNode } from './core.ts';
import { pubsubError, unsupported } from './errors.ts';
import { bareEvent, publishedEvent, purgedEvent, retractedEvent } from './events.ts';
import { lockOf, type PubsubHost } from './host.ts';
import type { NodeConfig, NodeRecord, PepChange } from './model.ts';
import type { Nodes } from './nodes.ts';
import { checkPreconditions, readPublishOptions } from './node-config.ts';
import { byteLength, payloadBytes } from './node-store.ts';
import type { PubsubTables } from './schema.ts';

/** Who makes a change, and who is told of it. */
interface Author {
  /** Bare or full. */
  readonly jid: JID;
  /** XEP-0060 §7.2.2.1: subscribers are told of what is retracted, whatever the node's configuration. */
  readonly notify: boolean;
}

/** XEP-0060 §7: items come and go. */
export class Publishing {
  readonly #core: PubsubCore;
  readonly #nodes: Nodes;

  constructor(core: PubsubCore, nodes: Nodes) {
    this.#core = core;
    this.#nodes = nodes;
  }

  /** §7.1. */
  async publish(host: PubsubHost, from: JID, request: Element): Promise<Element> {
    const [publish] = request.childrenNamed('publish');
    if (publish === undefined) throw new StanzaError('bad-request');
    const name = readNode(publish);
    const [item, ...others] = publish.childrenNamed('item');
    if (others.length > 0) throw new StanzaError('bad-request', { text: 'Publish one item at a time.' });
    const options = request.child('publish-options')?.child('x', NS.dataForms);
    const wanted = options === undefined ? {} : readPublishOptions(readForm(options), host.rules);
    const id = await this.#inTurn(host, name, async () => {
      const node = await this.#core.nodes.find(host.jid.toString(), name);
      if (node === undefined) {
        if (!host.mayCreate(from)) throw new StanzaError('forbidden');
      } else {
        if (!mayPublish(node.config, await this.#core.role(host, node, from))) throw new StanzaError('forbidden');
        checkPreconditions(wanted, node.config);
      }
      const config = node?.config ?? { ...host.defaultsOf(name), ...wanted };
      const payload = readPayload(item, config, host);
      if (payload === undefined) {
        if (node === undefined) throw pubsubError('bad-request', 'item-required');
        await this.#core.notifier.tell(host, node, bareEvent(node), from);
        return undefined;
      }
      const given = item?.attrs['id'];
      const itemId = given === undefined || given === '' ? randomId(this.#core.random) : given;
      await this.#make(
        host,
        { node: name, publish: [{ id: itemId, payload }], config: wanted },
        { jid: from, notify: false },
      );
      return itemId;
    });
    return answer(NS.pubsub, xml('publish', { node: name }, id !== undefined && xml('item', { id })));
  }

  /** §7.2. */
  async retract(host: PubsubHost, from: JID, request: Element): Promise<undefined> {
    const [retract] = request.childrenNamed('retract');
    if (retract === undefined) throw new StanzaError('bad-request');
    const name = readNode(retract);
    const ids = retract.childrenNamed('item').map((item) => item.attrs['id'] ?? '');
    if (ids.length === 0 || ids.includes('')) throw pubsubError('bad-request', 'item-required');
    const { notify } = retract.attrs;
    await this.#inTurn(host, name, async () => {
      const node = await this.#core.node(host, name);
      const role = await this.#core.role(host, node, from);
      const items = await this.#core.nodes.byId(node.id, ids);
      const isOwn = items.every(({ publisher }) => publisher === from.bare.toString());
      // §7.2.3.1: publishers retract what they have published, owners anything.
      if (role.affiliation !== 'owner' && !(isOwn && mayPublish(node.config, role))) throw new StanzaError('forbidden');
      if (!node.config.persistItems) throw unsupported('persistent-items');
      if (items.length < new Set(ids).size) throw new StanzaError('item-not-found');
      const author = { jid: from, notify: notify === 'true' || notify === '1' };
      await this.#make(host, { node: name, retract: ids }, author);
    });
    return undefined;
  }

  /** §8.5. */
  async purge(host: PubsubHost, from: JID, request: Element): Promise<undefined> {
    const [purge] = request.childrenNamed('purge');
    if (purge === undefined) throw new StanzaError('bad-request');
    const name = readNode(purge);
    await this.#inTurn(host, name, async () => {
      const node = await this.#core.owned(host, name, from);
      if (!node.config.persistItems) throw unsupported('persistent-items');
      await this.#make(host, { node: name, retract: 'all' }, { jid: from, notify: true });
    });
    return undefined;
  }

  /** §16.4.4, item_expire: what is too old goes; subscribers are told where the node tells of what is retracted. */
  async expire(host: PubsubHost, name: string): Promise<void> {
    await this.#inTurn(host, name, async () => {
      const node = await this.#core.nodes.find(host.jid.toString(), name);
      const until = node && this.#core.expiredUntil(node.config);
      if (node === undefined || until === undefined) return;
      const ids = await this.#core.nodes.idsUntil(node.id, until);
      if (ids.length > 0) await this.#makeAll(host, [{ node: name, retract: ids }], { jid: host.jid, notify: false });
    });
  }

  /** The server itself makes changes, all or none; subscribers are told of what is retracted. */
  async apply(host: PubsubHost, by: JID, changes: readonly PepChange[]): Promise<void> {
    const [first] = changes;
    if (first === undefined) return;
    await this.#inTurn(host, first.node, () => this.#makeAll(host, changes, { jid: by, notify: true }));
  }

  /** What is deleted with a node: told to those who convert it, before the node goes. */
  async retractAll(host: PubsubHost, by: JID, node: string): Promise<void> {
    const follows = await host.convert({ node, retract: 'all' });
    if (follows.length > 0) await this.#makeAll(host, follows, { jid: by, notify: true }, true);
  }

  #inTurn<T>(host: PubsubHost, node: string, task: () => Promise<T>): Promise<T> {
    return this.#core.locks.run(lockOf(host, node), task);
  }

  /** Writes a change and what follows from it in one transaction, then tells of both. */
  async #make(host: PubsubHost, change: PepChange, author: Author): Promise<void> {
    await this.#makeAll(host, [change], author);
  }

  async #makeAll(host: PubsubHost, given: readonly PepChange[], author: Author, converted = false): Promise<void> {
    const follows = converted ? [] : (await Promise.all(given.map((change) => host.convert(change)))).flat();
    const changes = [...given, ...follows];
    const nodes = await this.#core.nodes.db.transaction().execute(async (trx) => {
      const written: (NodeRecord | undefined)[] = [];
      for (const change of changes) written.push(await this.#write(trx, host, change, author.jid));
      return written;
    });
    // Durable: now it may be told.
    for (const [index, change] of changes.entries()) {
      const node = nodes[index];
      // What follows is told: nobody has asked for it.
      if (node !== undefined)
        await this.#tell(host, node, change, { ...author, notify: author.notify || index >= given.length });
    }
    host.changed(changes);
  }

  /** Gives the node; undefined where nothing is to be done. */
  async #write(
    trx: Kysely<PubsubTables>,
    host: PubsubHost,
    change: PepChange,
    by: JID,
  ): Promise<NodeRecord | undefined> {
    const { nodes } = this.#core;
    const { publish = [], retract = [], config } = change;
    let node = await nodes.find(host.jid.toString(), change.node, trx);
    if (node === undefined) {
      if (publish.length === 0) return undefined;
      node = await this.#nodes.make(trx, host, change.node, by, config ?? {});
    }
    if (retract === 'all' || retract.length > 0) await nodes.retract(trx, node.id, retract);
    if (!node.config.persistItems) return node;
    const most = node.config.maxItems === 'max' ? host.rules.maxItems : node.config.maxItems;
    for (const { id, payload } of publish) {
      const item = { id, payload, publisher: by.bare.toString(), at: this.#core.now() };
      await nodes.put(trx, node.id, item, most);
    }
    const { bytes } = publish.length === 0 ? { bytes: 0 } : await nodes.totals(node.service, node.creator, trx);
    if (host.limits.bytes > 0 && bytes > host.limits.bytes) {
      throw new StanzaError('resource-constraint', { type: 'cancel', text: 'There is no room for more.' });
    }
    return node;
  }

  async #tell(host: PubsubHost, node: NodeRecord, change: PepChange, { jid, notify }: Author): Promise<void> {
    const { notifier } = this.#core;
    const { publish = [], retract = [] } = change;
    const isTold = notify || node.config.notifyRetract;
    if (retract === 'all') await notifier.tell(host, node, purgedEvent(node), jid);
    else if (retract.length > 0 && isTold) await notifier.tell(host, node, retractedEvent(node, retract), jid);
    const publisher = jid.bare.toString();
    for (const item of publish) await notifier.tell(host, node, publishedEvent(node, [{ ...item, publisher }]), jid);
  }
}

/** §7.1.3: the payload of an item; undefined for an event that has none. Throws StanzaError where the item does not fit the node. */
function readPayload(item: Element | undefined, config: NodeConfig, host: PubsubHost): Element | undefined {
  const { persistItems, deliverPayloads, payloadType } = config;
  if (!persistItems && !deliverPayloads) {
    if (item !== undefined) throw pubsubError('bad-request', 'item-forbidden');
    return undefined;
  }
  if (item === undefined) throw pubsubError('bad-request', 'item-required');
  const [payload, ...others] = item.elements;
  if (payload === undefined) throw pubsubError('bad-request', 'payload-required');
  const isOther = payloadType !== '' && payload.ns !== payloadType;
  if (others.length > 0 || isOther) throw pubsubError('bad-request', 'invalid-payload');
  const { itemBytes, nodeNameBytes } = host.limits;
  for (const limit of [itemBytes, config.maxPayload])
    if (limit > 0 && payloadBytes(payload) > limit) throw pubsubError('not-acceptable', 'payload-too-big');
  if (nodeNameBytes > 0 && byteLength(item.attrs['id'] ?? '') > nodeNameBytes)
    throw new StanzaError('not-acceptable', { text: 'The id of the item is too long.' });
  return payload;
}
