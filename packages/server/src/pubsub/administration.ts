import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { settle } from './approval.ts';
import { answer, pageOf, type PubsubCore, readNode } from './core.ts';
import { unsupported } from './errors.ts';
import { lockOf, type PubsubHost } from './host.ts';
import type { Affiliation, NodeRecord, SubscriptionRecord } from './model.ts';

const AFFILIATIONS: readonly string[] = ['member', 'none', 'outcast', 'owner', 'publish-only', 'publisher'];
const STATES: readonly string[] = ['none', 'pending', 'subscribed'];

/** XEP-0060 §8.8, §8.9: who an owner has at a node. A request changes all that it names or, where something can't be, nothing. */
export class Administration {
  readonly #core: PubsubCore;

  constructor(core: PubsubCore) {
    this.#core = core;
  }

  /** §8.8.1; those who wait are listed with their state, as there is no other list of them. */
  async subscriptions(host: PubsubHost, from: JID, element: Element, payload: Element): Promise<Element> {
    const node = await this.#core.owned(host, readNode(element), from);
    const found: SubscriptionRecord[] = [];
    for await (const subscription of this.#core.members.subscribers(node.id)) found.push(subscription);
    const { items, set } = pageOf(host, payload, found, ({ jid }) => jid);
    const list = items.map(({ jid, state }) => xml('subscription', { jid, subscription: state }));
    return answer(NS.pubsubOwner, xml('subscriptions', { node: node.name }, ...list), ...set);
  }

  /** §8.8.2, §8.8.3. */
  async setSubscriptions(host: PubsubHost, from: JID, element: Element): Promise<undefined> {
    const name = readNode(element);
    const wanted = element.childrenNamed('subscription').map((one) => ({
      jid: readJid(one),
      state: readWord(one, 'subscription', STATES) as 'none' | 'pending' | 'subscribed' | undefined,
    }));
    await this.#core.locks.run(lockOf(host, name), async () => {
      const node = await this.#core.owned(host, name, from);
      const changes: { known: SubscriptionRecord; state: 'none' | 'pending' | 'subscribed' }[] = [];
      const added: string[] = [];
      for (const { jid, state } of wanted) {
        if (state === undefined) continue;
        const found = await this.#core.members.subscriptions(node.id, jid.bare.toString());
        const known = found.find((one) => one.jid === jid.toString());
        if (known === undefined && state !== 'none') added.push(jid.bare.toString());
        // Whom an owner subscribes is told, and can leave.
        changes.push({ known: known ?? { jid: jid.toString(), state: 'pending', deliver: true }, state });
      }
      await this.#checkRoom(host, node, added);
      for (const { known, state } of changes) {
        if (known.state !== state) await settle(this.#core, host, node, known, state);
      }
    });
    return undefined;
  }

  /** §8.9.1. */
  async affiliations(host: PubsubHost, from: JID, element: Element, payload: Element): Promise<Element> {
    const node = await this.#core.owned(host, readNode(element), from);
    const { items, set } = pageOf(host, payload, [...(await this.#affiliations(host, node))], ([jid]) => jid);
    const list = items.map(([jid, affiliation]) => xml('affiliation', { jid, affiliation }));
    return answer(NS.pubsubOwner, xml('affiliations', { node: node.name }, ...list), ...set);
  }

  /** §8.9.2, §8.9.3. */
  async setAffiliations(host: PubsubHost, from: JID, element: Element): Promise<undefined> {
    const name = readNode(element);
    const wanted = element.childrenNamed('affiliation').map((one) => ({
      jid: readJid(one).bare.toString(),
      affiliation: readWord(one, 'affiliation', AFFILIATIONS) as Affiliation | 'none' | undefined,
    }));
    if (new Set(wanted.map(({ jid }) => jid)).size < wanted.length) throw new StanzaError('bad-request'); // §8.9.2.4
    await this.#core.locks.run(lockOf(host, name), async () => {
      const node = await this.#core.owned(host, name, from);
      const before = await this.#affiliations(host, node);
      const after = new Map(before);
      for (const { jid, affiliation } of wanted) {
        if (affiliation === 'none') after.delete(jid);
        else if (affiliation !== undefined) after.set(jid, affiliation);
      }
      const isOwned =
        host.account === undefined ? [...after.values()].includes('owner') : isOwnOnly(after, host.account);
      const { members } = host.limits;
      const isFull = members > 0 && after.size > members && after.size > before.size;
      if (!isOwned || isFull) throw new StanzaError('not-acceptable', { extra: refused(node, wanted, before) });
      await this.#core.members.db.transaction().execute(async (trx) => {
        for (const { jid } of wanted) {
          if (jid !== host.account) await this.#core.members.affiliate(trx, node.id, jid, after.get(jid));
        }
      });
      for (const { jid } of wanted) await this.#review(host, node, jid, after.get(jid));
    });
    return undefined;
  }

  /** §8.7.4: a new affiliation answers a request that waits, and ends a subscription. */
  async #review(host: PubsubHost, node: NodeRecord, jid: string, affiliation: Affiliation | undefined): Promise<void> {
    for (const subscription of await this.#core.members.subscriptions(node.id, jid)) {
      if (affiliation === 'outcast') await settle(this.#core, host, node, subscription, 'none');
      else if (
        subscription.state === 'pending' &&
        (affiliation === 'owner' || affiliation === 'publisher' || affiliation === 'member')
      )
        await settle(this.#core, host, node, subscription, 'subscribed');
    }
  }

  async #affiliations(host: PubsubHost, node: NodeRecord): Promise<ReadonlyMap<string, Affiliation>> {
    const found = await this.#core.members.affiliations(node.id);
    return host.account === undefined ? found : new Map([[host.account, 'owner' as const], ...found]);
  }

  /** `added`: whose subscriptions these are, for each one. */
  async #checkRoom(host: PubsubHost, node: NodeRecord, added: readonly string[]): Promise<void> {
    const { members, subscriptions } = host.limits;
    for (const bare of new Set(added)) {
      const count = await this.#core.members.countSubscriptions(node.id, node.service, bare);
      const own = added.filter((one) => one === bare).length;
      const isFull = members > 0 && count.node + added.length > members;
      // §6.1: as many as somebody may make, also where somebody else makes them.
      const hasTooMany = subscriptions > 0 && count.own + own > subscriptions;
      if (isFull || hasTooMany) throw new StanzaError('not-acceptable', { text: 'There is no room for more.' });
    }
  }
}

/** §8.9.2.4: what was asked for and is not done, as it is. */
function refused(
  node: NodeRecord,
  wanted: readonly { readonly jid: string }[],
  before: ReadonlyMap<string, Affiliation>,
): Element {
  const list = wanted.map(({ jid }) => xml('affiliation', { jid, affiliation: before.get(jid) ?? 'none' }));
  return answer(NS.pubsubOwner, xml('affiliations', { node: node.name }, ...list));
}

/** XEP-0163 §3.2: an account's nodes have one owner. */
function isOwnOnly(affiliations: ReadonlyMap<string, Affiliation>, account: string): boolean {
  return [...affiliations].every(([jid, affiliation]) => (affiliation === 'owner') === (jid === account));
}

function readJid(element: Element): JID {
  const jid = JID.tryParse(element.attrs['jid'] ?? '');
  if (jid === undefined) throw new StanzaError('bad-request', { text: 'Each entry has a jid.' });
  return jid;
}

/** §8.8.2.1, §8.9.2.1: what is not said is not changed. */
function readWord(element: Element, name: string, words: readonly string[]): string | undefined {
  const word = element.attrs[name];
  if (word === undefined) return undefined;
  if (!words.includes(word))
    throw name === 'affiliation' ? unsupported(`${word}-affiliation`) : new StanzaError('not-acceptable');
  return word;
}
