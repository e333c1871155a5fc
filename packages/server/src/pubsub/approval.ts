import { type Element, JID, NS, readBoolean, readForm, readSingle, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { randomId } from '../environment.ts';
import type { PubsubCore } from './core.ts';
import { subscriptionEvent } from './events.ts';
import { lockOf, type PubsubHost } from './host.ts';
import type { NodeRecord, SubscriptionRecord } from './model.ts';

/** XEP-0060 §8.6: asks the owners of a node whether somebody may subscribe. */
export async function requestApproval(
  core: PubsubCore,
  host: PubsubHost,
  node: NodeRecord,
  subscriber: string,
): Promise<void> {
  for (const to of await ownersOf(core, host, node)) core.route(approvalMessage(core, host, node, subscriber, to));
}

/** §8.6: the question to an owner. */
export function approvalMessage(
  { random }: PubsubCore,
  host: PubsubHost,
  node: NodeRecord,
  subscriber: string,
  to: string,
): Element {
  const form = writeForm(
    'form',
    NS.pubsubSubscribeAuthorization,
    [
      { var: 'pubsub#node', type: 'text-single', label: 'The node', value: node.name },
      { var: 'pubsub#subscriber_jid', type: 'jid-single', label: 'Who asks', value: subscriber },
      { var: 'pubsub#allow', type: 'boolean', label: 'They may subscribe', value: false },
    ],
    { title: 'A request to subscribe' },
  );
  const body = xml('body', null, `${subscriber} asks to subscribe to ${node.name}.`);
  return xml('message', { from: host.jid.toString(), to, id: randomId(random, 12) }, body, form);
}

/** §8.6: the form by which an owner answers; undefined for any other message. */
export function readApproval(message: Element): Element | undefined {
  return message
    .childrenNamed('x', NS.dataForms)
    .find((form) => form.attrs['type'] === 'submit' && formTypeOf(form) === NS.pubsubSubscribeAuthorization);
}

/** An owner has answered. Throws StanzaError where they are none, or nobody waits. */
export async function decide(core: PubsubCore, host: PubsubHost, from: JID, submitted: Element): Promise<void> {
  const form = readForm(submitted);
  const name = readSingle(form, 'pubsub#node') ?? '';
  const subscriber = JID.tryParse(readSingle(form, 'pubsub#subscriber_jid') ?? '');
  const isAllowed = readBoolean(form, 'pubsub#allow');
  if (subscriber === undefined || isAllowed === undefined) throw new StanzaError('bad-request');
  await core.locks.run(lockOf(host, name), async () => {
    const node = await core.owned(host, name, from);
    const found = await core.members.subscriptions(node.id, subscriber.bare.toString());
    const pending = found.find(({ jid, state }) => jid === subscriber.toString() && state === 'pending');
    if (pending === undefined) throw new StanzaError('item-not-found');
    await settle(core, host, node, pending, isAllowed ? 'subscribed' : 'none');
  });
}

/** Changes a subscription on behalf of an owner, and tells the subscriber (§8.8.4). */
export async function settle(
  core: PubsubCore,
  host: PubsubHost,
  node: NodeRecord,
  subscription: SubscriptionRecord,
  state: 'none' | 'pending' | 'subscribed',
): Promise<void> {
  const { members, notifier } = core;
  const address = JID.parse(subscription.jid);
  if (state === 'none') await members.unsubscribe(members.db, node.id, subscription.jid);
  else await members.subscribe(members.db, node.id, address.bare.toString(), { ...subscription, state });
  notifier.tellOne(host, node, address, subscriptionEvent(node, subscription.jid, state));
  if (state === 'subscribed') await notifier.tellLast(host, node, address);
}

async function ownersOf(core: PubsubCore, host: PubsubHost, node: NodeRecord): Promise<readonly string[]> {
  if (host.account !== undefined) return [host.account];
  const affiliations = await core.members.affiliations(node.id);
  return [...affiliations].filter(([, affiliation]) => affiliation === 'owner').map(([jid]) => jid);
}

function formTypeOf(form: Element): string | undefined {
  return form
    .childrenNamed('field')
    .find((field) => field.attrs['var'] === 'FORM_TYPE')
    ?.child('value')
    ?.text();
}
