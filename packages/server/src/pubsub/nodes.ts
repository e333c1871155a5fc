import { type Element, type JID, NS, readForm, StanzaError, xml } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import { randomId } from '../environment.ts';
import { answer, type PubsubCore, readNode } from './core.ts';
import { pubsubError } from './errors.ts';
import { configuredEvent, deletedEvent } from './events.ts';
import { lockOf, type PubsubHost } from './host.ts';
import type { NodeConfig, NodeRecord } from './model.ts';
import { configForm, readConfig } from './node-config.ts';
import { byteLength } from './node-store.ts';
import type { PubsubTables } from './schema.ts';

/** XEP-0060 §8.1 to §8.4: nodes come, change and go. */
export class Nodes {
  readonly #core: PubsubCore;

  constructor(core: PubsubCore) {
    this.#core = core;
  }

  /** §8.1: with a name that the service makes where none is given. */
  async create(host: PubsubHost, from: JID, request: Element): Promise<Element> {
    const { attrs } = request.child('create') ?? xml('create');
    const type = attrs['type'];
    if (type !== undefined && type !== 'leaf') throw new StanzaError('feature-not-implemented');
    const given = attrs['node'];
    const name = given === undefined || given === '' ? randomId(this.#core.random) : given;
    const form = request.child('configure')?.child('x', NS.dataForms);
    const wanted = form === undefined ? {} : readConfig(readForm(form), host.rules);
    if (!host.mayCreate(from)) throw new StanzaError('forbidden');
    await this.#core.locks.run(lockOf(host, name), async () => {
      const { nodes } = this.#core;
      await nodes.db.transaction().execute(async (trx) => {
        if ((await nodes.find(host.jid.toString(), name, trx)) !== undefined) throw new StanzaError('conflict');
        await this.make(trx, host, name, from, wanted);
      });
    });
    return answer(NS.pubsub, xml('create', { node: name }));
  }

  /** Makes a node in a transaction. Throws StanzaError where there are too many. */
  async make(
    trx: Kysely<PubsubTables>,
    host: PubsubHost,
    name: string,
    by: JID,
    config: Partial<NodeConfig>,
  ): Promise<NodeRecord> {
    const { nodes, members, random } = this.#core;
    const service = host.jid.toString();
    const creator = host.account ?? by.bare.toString();
    const { limits } = host;
    if (limits.nodeNameBytes > 0 && byteLength(name) > limits.nodeNameBytes)
      throw new StanzaError('not-acceptable', { text: 'The name of the node is too long.' });
    const made = await nodes.totals(service, creator, trx);
    if (limits.nodes > 0 && made.nodes >= limits.nodes)
      throw pubsubError('resource-constraint', 'max-nodes-exceeded', 'There are too many nodes.');
    const node = {
      id: randomId(random),
      service,
      name,
      creator,
      createdAt: this.#core.now(),
      config: { ...host.defaultsOf(name), ...config },
    };
    await nodes.insert(trx, node, host.account ?? null);
    if (host.account === undefined) await members.affiliate(trx, node.id, creator, 'owner');
    return { ...node, bytes: 0 };
  }

  /** §8.2.1. */
  async form(host: PubsubHost, from: JID, configure: Element): Promise<Element> {
    const { config, name } = await this.#core.owned(host, readNode(configure), from);
    return answer(NS.pubsubOwner, xml('configure', { node: name }, configForm(config, host.rules)));
  }

  /** §8.2.4. */
  async configure(host: PubsubHost, from: JID, configure: Element): Promise<undefined> {
    const name = readNode(configure);
    const submitted = configure.child('x', NS.dataForms);
    if (submitted === undefined) throw new StanzaError('bad-request');
    const form = readForm(submitted);
    await this.#core.locks.run(lockOf(host, name), async () => {
      const node = await this.#core.owned(host, name, from);
      if (form.type === 'cancel') return;
      const { nodes, notifier } = this.#core;
      const config = { ...node.config, ...readConfig(form, host.rules) };
      const most = config.maxItems === 'max' ? host.rules.maxItems : config.maxItems;
      await nodes.db.transaction().execute(async (trx) => {
        await nodes.configure(trx, node.id, config);
        if (!config.persistItems) await nodes.retract(trx, node.id, 'all');
        else if (most > 0) await nodes.trim(trx, node.id, most);
      });
      const changed = { ...node, config };
      if (!config.notifyConfig) return;
      await notifier.tell(host, changed, configuredEvent(changed, configForm(config, host.rules, 'result')), from);
    });
    return undefined;
  }

  /** §8.3. */
  defaults(host: PubsubHost): Element {
    return answer(NS.pubsubOwner, xml('default', null, configForm(host.rules.defaults, host.rules)));
  }

  /** §8.4. `follow`: what has to happen first. */
  async remove(
    host: PubsubHost,
    from: JID,
    request: Element,
    follow: (node: string) => Promise<void>,
  ): Promise<undefined> {
    const name = readNode(request);
    await this.#core.locks.run(lockOf(host, name), async () => {
      const node = await this.#core.owned(host, name, from);
      await follow(name);
      await this.end(host, node);
    });
    return undefined;
  }

  /** Removes a node with all that belongs to it, and tells subscribers. */
  async end(host: PubsubHost, node: NodeRecord): Promise<void> {
    const { nodes, notifier } = this.#core;
    const tell = await notifier.beforeEnd(host, node);
    await nodes.remove(nodes.db, node.id);
    if (node.config.notifyDelete) tell(deletedEvent(node));
    host.changed([{ node: node.name, retract: 'all' }]);
  }
}
