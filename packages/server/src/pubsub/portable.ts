import { type Element, JID, NS, readForm, StanzaError, xml } from '@tutti/xmpp';
import { answer, type PubsubCore } from './core.ts';
import { itemElement } from './events.ts';
import { lockOf, type PubsubHost } from './host.ts';
import type { Affiliation, NodeConfig } from './model.ts';
import { configForm, readConfig } from './node-config.ts';
import type { Nodes } from './nodes.ts';
import type { Publishing } from './publishing.ts';

const AFFILIATIONS: readonly string[] = ['member', 'outcast', 'publish-only', 'publisher'];

/** A node of which only the items are known yet. */
const UNKNOWN: Partial<NodeConfig> = { accessModel: 'whitelist', maxItems: 'max' };

/** XEP-0227 §4.9: the nodes of an account as other servers know them, too. */
export class PortableNodes {
  readonly #core: PubsubCore;
  readonly #nodes: Nodes;
  readonly #publishing: Publishing;

  constructor(core: PubsubCore, nodes: Nodes, publishing: Publishing) {
    this.#core = core;
    this.#nodes = nodes;
    this.#publishing = publishing;
  }

  /** How the nodes are, and then what is in them. */
  async *write(host: PubsubHost): AsyncGenerator<Element> {
    const nodes = await this.#core.nodes.list(host.jid.toString(), 0);
    if (nodes.length === 0) return;
    const about: Element[] = [];
    const contents: Element[] = [];
    for (const { id, name, config } of nodes) {
      about.push(xml('configure', { node: name }, configForm(config, host.rules)));
      const affiliations = [...(await this.#core.members.affiliations(id))];
      if (affiliations.length > 0)
        about.push(
          xml(
            'affiliations',
            { node: name },
            ...affiliations.map(([jid, affiliation]) => xml('affiliation', { jid, affiliation })),
          ),
        );
      const subscriptions: Element[] = [];
      for await (const { jid, state } of this.#core.members.subscribers(id))
        subscriptions.push(xml('subscription', { jid, subscription: state }));
      if (subscriptions.length > 0) about.push(xml('subscriptions', { node: name }, ...subscriptions));
      const items = await this.#core.nodes.all(id);
      contents.push(xml('items', { node: name }, ...items.map((item) => itemElement(config, item))));
    }
    yield answer(NS.pubsubOwner, ...about);
    yield answer(NS.pubsub, ...contents);
  }

  /** Takes what `write` gives, in either order. False: it is something else. Rejects with StanzaError where limits are exceeded. */
  async read(host: PubsubHost, element: Element): Promise<boolean> {
    if (element.name !== 'pubsub' || (element.ns !== NS.pubsubOwner && element.ns !== NS.pubsub)) return false;
    for (const child of element.elements) {
      const { node } = child.attrs;
      if (node === undefined) continue;
      if (child.is('items', NS.pubsub)) await this.#readItems(host, node, child);
      else if (child.is('configure', NS.pubsubOwner)) await this.#readConfig(host, node, child);
      else if (child.is('affiliations', NS.pubsubOwner)) await this.#readAffiliations(host, node, child);
      else if (child.is('subscriptions', NS.pubsubOwner)) await this.#readSubscriptions(host, node, child);
    }
    return true;
  }

  async #readConfig(host: PubsubHost, name: string, configure: Element): Promise<void> {
    const form = configure.child('x', NS.dataForms);
    const config = form === undefined ? {} : readSafely(form, host);
    await this.#core.locks.run(lockOf(host, name), async () => {
      const { nodes } = this.#core;
      await nodes.db.transaction().execute(async (trx) => {
        const node = await nodes.find(host.jid.toString(), name, trx);
        if (node === undefined) await this.#nodes.make(trx, host, name, host.jid, config);
        else await nodes.configure(trx, node.id, { ...node.config, ...config });
      });
    });
  }

  async #readItems(host: PubsubHost, node: string, items: Element): Promise<void> {
    const publish = items.childrenNamed('item').flatMap((item) => {
      const [payload] = item.elements;
      const { id } = item.attrs;
      return payload === undefined || id === undefined ? [] : [{ id, payload }];
    });
    if (publish.length > 0) await this.#publishing.apply(host, host.jid, [{ node, publish, config: UNKNOWN }]);
  }

  async #readAffiliations(host: PubsubHost, name: string, list: Element): Promise<void> {
    const node = await this.#core.nodes.find(host.jid.toString(), name);
    for (const { attrs } of list.childrenNamed('affiliation')) {
      const jid = JID.tryParse(attrs['jid'] ?? '');
      const affiliation = attrs['affiliation'] ?? '';
      if (node === undefined || jid === undefined || !AFFILIATIONS.includes(affiliation)) continue;
      const { members } = this.#core;
      await members.affiliate(members.db, node.id, jid.bare.toString(), affiliation as Affiliation);
    }
  }

  async #readSubscriptions(host: PubsubHost, name: string, list: Element): Promise<void> {
    const node = await this.#core.nodes.find(host.jid.toString(), name);
    for (const { attrs } of list.childrenNamed('subscription')) {
      const jid = JID.tryParse(attrs['jid'] ?? '');
      const state = attrs['subscription'];
      if (node === undefined || jid === undefined || (state !== 'subscribed' && state !== 'pending')) continue;
      const { members } = this.#core;
      const subscription = { jid: jid.toString(), state, deliver: true } as const;
      await members.subscribe(members.db, node.id, jid.bare.toString(), subscription);
    }
  }
}

/** What another server calls an access model and nobody knows here is for the owner alone. */
function readSafely(form: Element, host: PubsubHost): Partial<NodeConfig> {
  try {
    return readConfig(readForm(form), host.rules);
  } catch (error) {
    if (error instanceof StanzaError) return { accessModel: 'whitelist' };
    throw error;
  }
}
