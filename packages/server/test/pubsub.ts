import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './device.ts';

export function pubsub(...children: (Element | undefined)[]): Element {
  return xml('pubsub', { xmlns: NS.pubsub }, ...children);
}

export function pubsubOwner(...children: (Element | undefined)[]): Element {
  return xml('pubsub', { xmlns: NS.pubsubOwner }, ...children);
}

/** XEP-0060 §7.1. */
export function publish(
  node: string,
  payload: Element,
  { id, options }: { readonly id?: string; readonly options?: Element } = {},
): Element {
  const item = xml('item', { id }, payload);
  return pubsub(xml('publish', { node }, item), options && xml('publish-options', null, options));
}

/** XEP-0060 §7.2. */
export function retract(node: string, id: string): Element {
  return pubsub(xml('retract', { node, notify: 'true' }, xml('item', { id })));
}

/** The ids of the items that a device is shown, in order; or the condition of the error. */
export async function itemsOf(device: Device, node: string, to?: string): Promise<string[] | string> {
  const answer = await device.ask('get', pubsub(xml('items', { node })), to);
  const items = answer.child('pubsub', NS.pubsub)?.child('items');
  return items === undefined ? conditionOf(answer) : items.childrenNamed('item').map(({ attrs }) => attrs['id'] ?? '');
}

/** The condition of an error and XEP-0060's own beside it; '' for a result. */
export function conditionOf(stanza: Element): string {
  const conditions = stanza.child('error')?.elements.filter(({ name }) => name !== 'text') ?? [];
  return conditions.map(({ name }) => name).join(' ');
}

/** The events among stanzas: `node id`, `node -id` for a retraction, `node purge`, `node delete` … */
export function eventsIn(stanzas: readonly Element[]): string[] {
  return stanzas.flatMap((stanza) => {
    const [content] = stanza.child('event', NS.pubsubEvent)?.elements ?? [];
    if (content === undefined) return [];
    const node = content.attrs['node'] ?? '';
    if (content.name === 'subscription') return [`${node} ${content.attrs['jid']} ${content.attrs['subscription']}`];
    if (content.name !== 'items') return [`${node} ${content.name}`];
    if (content.elements.length === 0) return [`${node} event`];
    return content.elements.map(({ name, attrs }) => `${node} ${name === 'retract' ? '-' : ''}${attrs['id'] ?? ''}`);
  });
}
