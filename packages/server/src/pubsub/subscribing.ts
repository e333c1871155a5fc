import { type DataForm, type Element, JID, NS, readBoolean, readForm, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { refuseAccess } from './access.ts';
import { requestApproval } from './approval.ts';
import { answer, pageOf, type PubsubCore, readNode } from './core.ts';
import { pubsubError } from './errors.ts';
import { lockOf, type PubsubHost } from './host.ts';
import type { NodeRecord, SubscriptionRecord } from './model.ts';

const DEFAULT_OPTIONS = { deliver: true };

/** XEP-0060 §5.6, §5.7, §6.1 to §6.4: what subscribers do. */
export class Subscribing {
  readonly #core: PubsubCore;

  constructor(core: PubsubCore) {
    this.#core = core;
  }

  /** §6.1, with options where they come with it (§6.3.7). */
  async subscribe(host: PubsubHost, from: JID, request: Element): Promise<Element> {
    const subscribe = request.child('subscribe');
    if (subscribe === undefined) throw new StanzaError('bad-request');
    const name = readNode(subscribe);
    const address = readSubscriber(subscribe, from, () => pubsubError('bad-request', 'invalid-jid'));
    const form = request.child('options')?.child('x', NS.dataForms);
    const options = form === undefined ? DEFAULT_OPTIONS : readOptions(readForm(form), DEFAULT_OPTIONS);
    const { subscription, isNew, node } = await this.#core.locks.run(lockOf(host, name), async () => {
      const found = await this.#core.node(host, name);
      const made = await this.#subscribe(host, found, from, {
        jid: address.toString(),
        state: 'subscribed',
        ...options,
      });
      return { ...made, node: found };
    });
    if (isNew && subscription.state === 'subscribed') await this.#core.notifier.tellLast(host, node, address);
    const written = subscriptionElement(node.name, subscription);
    return answer(
      NS.pubsub,
      written,
      ...(form === undefined ? [] : [xml('options', null, optionsForm(subscription, 'result'))]),
    );
  }

  /** §6.2. */
  async unsubscribe(host: PubsubHost, from: JID, request: Element): Promise<Element> {
    const unsubscribe = request.child('unsubscribe');
    if (unsubscribe === undefined) throw new StanzaError('bad-request');
    const name = readNode(unsubscribe);
    const address = readSubscriber(unsubscribe, from, () => new StanzaError('forbidden'));
    await this.#core.locks.run(lockOf(host, name), async () => {
      const node = await this.#core.node(host, name);
      await this.#find(node, address);
      await this.#core.members.unsubscribe(this.#core.members.db, node.id, address.toString());
    });
    return answer(NS.pubsub, xml('subscription', { node: name, jid: address.toString(), subscription: 'none' }));
  }

  /** §6.3.2. */
  async options(host: PubsubHost, from: JID, options: Element): Promise<Element> {
    const name = readNode(options);
    const address = readSubscriber(options, from, () => new StanzaError('forbidden'));
    const subscription = await this.#find(await this.#core.node(host, name), address);
    return answer(
      NS.pubsub,
      xml('options', { node: name, jid: address.toString() }, optionsForm(subscription, 'form')),
    );
  }

  /** §6.3.5. */
  async setOptions(host: PubsubHost, from: JID, options: Element): Promise<undefined> {
    const name = readNode(options);
    const address = readSubscriber(options, from, () => new StanzaError('forbidden'));
    const form = options.child('x', NS.dataForms);
    if (form === undefined) throw new StanzaError('bad-request');
    await this.#core.locks.run(lockOf(host, name), async () => {
      const node = await this.#core.node(host, name);
      const subscription = await this.#find(node, address);
      const changed = { ...subscription, ...readOptions(readForm(form), subscription) };
      await this.#core.members.subscribe(this.#core.members.db, node.id, address.bare.toString(), changed);
    });
    return undefined;
  }

  /** §6.4. */
  async defaultOptions(host: PubsubHost, element: Element): Promise<Element> {
    const { node } = element.attrs;
    if (node !== undefined) await this.#core.node(host, node);
    return answer(NS.pubsub, xml('default', { node }, optionsForm(DEFAULT_OPTIONS, 'form')));
  }

  /** §5.6. */
  async subscriptions(host: PubsubHost, from: JID, element: Element, payload: Element): Promise<Element> {
    const { node } = element.attrs;
    const found = await this.#core.members.subscriptionsOf(host.jid.toString(), from.bare.toString(), node);
    const { items, set } = pageOf(host, payload, found, (one) => `${one.jid} ${one.node}`);
    const list = items.map((one) => subscriptionElement(one.node, one));
    return answer(NS.pubsub, xml('subscriptions', { node }, ...list), ...set);
  }

  /** §5.7. */
  async affiliations(host: PubsubHost, from: JID, element: Element, payload: Element): Promise<Element> {
    const { node } = element.attrs;
    const found = await this.#core.members.affiliationsOf(host.jid.toString(), from.bare.toString(), node);
    const { items, set } = pageOf(host, payload, found, (one) => one.node);
    const list = items.map((one) => xml('affiliation', { ...one }));
    return answer(NS.pubsub, xml('affiliations', { node }, ...list), ...set);
  }

  async #subscribe(
    host: PubsubHost,
    node: NodeRecord,
    from: JID,
    wanted: SubscriptionRecord,
  ): Promise<{ subscription: SubscriptionRecord; isNew: boolean }> {
    const { members } = this.#core;
    const bare = from.bare.toString();
    const known = (await members.subscriptions(node.id, bare)).find(({ jid }) => jid === wanted.jid);
    if (known?.state === 'pending') throw pubsubError('not-authorized', 'pending-subscription'); // §6.1.3.7
    const role = await this.#core.role(host, node, from);
    const refused = refuseAccess(host, node.config, from, role);
    const isApproval =
      refused !== undefined && node.config.accessModel === 'authorize' && role.affiliation === undefined;
    if (refused !== undefined && !(isApproval && !host.isBlocked(from))) throw refused;
    if (known !== undefined) return { subscription: known, isNew: false }; // §6.1.6
    const { limits } = host;
    const count = await members.countSubscriptions(node.id, node.service, bare);
    const isTooMany = (limit: number, of: number): boolean => limit > 0 && of >= limit;
    if (isTooMany(limits.members, count.node) || isTooMany(limits.subscriptions, count.own))
      throw pubsubError('policy-violation', 'too-many-subscriptions');
    const subscription: SubscriptionRecord = { ...wanted, state: isApproval ? 'pending' : 'subscribed' };
    await members.subscribe(members.db, node.id, bare, subscription);
    if (isApproval) await requestApproval(this.#core, host, node, subscription.jid); // §6.1.4
    return { subscription, isNew: true };
  }

  async #find(node: NodeRecord, address: JID): Promise<SubscriptionRecord> {
    const found = await this.#core.members.subscriptions(node.id, address.bare.toString());
    const subscription = found.find(({ jid }) => jid === address.toString());
    if (subscription === undefined) throw pubsubError('unexpected-request', 'not-subscribed');
    return subscription;
  }
}

/** Throws StanzaError where the address is none, or (as `other` says) somebody else's. */
function readSubscriber(element: Element, from: JID, other: () => StanzaError): JID {
  const { jid } = element.attrs;
  if (jid === undefined) throw pubsubError('bad-request', 'jid-required');
  const address = JID.tryParse(jid);
  if (address === undefined) throw pubsubError('bad-request', 'invalid-jid');
  if (!address.bare.equals(from.bare)) throw other();
  return address;
}

function readOptions(form: DataForm, current: { readonly deliver: boolean }): { deliver: boolean } {
  return { deliver: readBoolean(form, 'pubsub#deliver') ?? current.deliver };
}

function optionsForm({ deliver }: { readonly deliver: boolean }, type: 'form' | 'result'): Element {
  return writeForm(type, NS.pubsubSubscribeOptions, [
    { var: 'pubsub#deliver', type: 'boolean', label: 'Notify me', value: deliver },
  ]);
}

function subscriptionElement(node: string, { jid, state }: SubscriptionRecord): Element {
  return xml('subscription', { node, jid, subscription: state });
}
