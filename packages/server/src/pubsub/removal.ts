import type { PubsubCore } from './core.ts';
import { retractedEvent } from './events.ts';
import { lockOf, type PubsubHost } from './host.ts';
import type { NodeRecord } from './model.ts';
import type { Nodes } from './nodes.ts';

/** What goes from a service with an account. */
export class Removal {
  readonly #core: PubsubCore;
  readonly #nodes: Nodes;

  constructor(core: PubsubCore, nodes: Nodes) {
    this.#core = core;
    this.#nodes = nodes;
  }

  async forget(host: PubsubHost, bare: string): Promise<void> {
    const { nodes, members } = this.#core;
    const service = host.jid.toString();
    const [made, affiliations, subscriptions, published] = await Promise.all([
      nodes.madeBy(service, bare),
      members.affiliationsOf(service, bare),
      members.subscriptionsOf(service, bare),
      nodes.publishedBy(service, bare),
    ]);
    const concerned = new Set([...made, ...affiliations, ...subscriptions, ...published].map(({ node }) => node));
    for (const name of concerned) {
      await this.#core.locks.run(lockOf(host, name), async () => {
        const node = await nodes.find(service, name);
        if (node !== undefined) await this.#forgetAt(host, node, bare);
      });
    }
  }

  async #forgetAt(host: PubsubHost, node: NodeRecord, bare: string): Promise<void> {
    const { nodes, members, notifier } = this.#core;
    for (const { jid } of await members.subscriptions(node.id, bare))
      await members.unsubscribe(members.db, node.id, jid);
    const affiliations = await members.affiliations(node.id);
    const owners = [...affiliations].filter(([, affiliation]) => affiliation === 'owner').map(([jid]) => jid);
    const [heir] = owners.filter((jid) => jid !== bare);
    if (owners.includes(bare) && heir === undefined) return this.#nodes.end(host, node);
    if (node.creator === bare && heir !== undefined) await nodes.entrust(nodes.db, node.id, heir);
    await members.affiliate(members.db, node.id, bare, undefined);
    const items = await nodes.idsBy(node.id, bare);
    if (items.length === 0) return;
    await nodes.retract(nodes.db, node.id, items);
    await notifier.tell(host, node, retractedEvent(node, items));
  }
}
