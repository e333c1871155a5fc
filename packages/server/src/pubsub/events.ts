import { type Element, NS, xml } from '@tutti/xmpp';
import type { ItemRecord, NodeConfig, NodeRecord } from './model.ts';

/** XEP-0060 §7.1.2: items that have been published, with their payloads where the node says so. */
export function publishedEvent(node: NodeRecord, items: readonly Omit<ItemRecord, 'at' | 'seq'>[]): Element {
  const written = items.map((item) => itemElement(node.config, item, node.config.deliverPayloads));
  return event(xml('items', { node: node.name }, ...written));
}

/** An event without items: of a node that keeps and delivers none. */
export function bareEvent(node: NodeRecord): Element {
  return event(xml('items', { node: node.name }));
}

/** §7.2.2.1. */
export function retractedEvent(node: NodeRecord, ids: readonly string[]): Element {
  return event(xml('items', { node: node.name }, ...ids.map((id) => xml('retract', { id }))));
}

/** §8.5.2. */
export function purgedEvent(node: NodeRecord): Element {
  return event(xml('purge', { node: node.name }));
}

/** §8.4.2. */
export function deletedEvent(node: NodeRecord): Element {
  return event(xml('delete', { node: node.name }));
}

/** §8.2.5.3: with the new configuration where payloads are delivered. */
export function configuredEvent(node: NodeRecord, form: Element): Element {
  return event(xml('configuration', { node: node.name }, node.config.deliverPayloads && form));
}

/** §12.5 (notification of subscription state changes). */
export function subscriptionEvent(node: NodeRecord, jid: string, subscription: string): Element {
  return event(xml('subscription', { node: node.name, jid, subscription }));
}

/** An item as it is shown, in an event or in an answer. */
export function itemElement(
  config: NodeConfig,
  { id, publisher, payload }: Pick<ItemRecord, 'id' | 'payload' | 'publisher'>,
  withPayload = true,
): Element {
  return xml(
    'item',
    { id, publisher: config.itemReply === 'publisher' ? publisher : undefined },
    withPayload && payload,
  );
}

function event(content: Element): Element {
  return xml('event', { xmlns: NS.pubsubEvent }, content);
}
