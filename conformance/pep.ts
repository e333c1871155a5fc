import { type Element, type Field, NS, writeForm, xml } from '@tutti/xmpp';
import { capsHash } from './client/caps.ts';
import type { Device } from './client/device.ts';

let kinds = 0;

/** Available presence of a client that wants to hear of these nodes (XEP-0060 §9.2); the server asks, and is told. */
export async function wantEvents(device: Device, ...nodes: string[]): Promise<void> {
  kinds += 1;
  // A kind of client that no server has seen before.
  const features = [NS.discoInfo, `urn:test:${Date.now()}:${kinds}`, ...nodes.map((node) => `${node}+notify`)];
  const info = (about?: string): Element =>
    xml(
      'query',
      { xmlns: NS.discoInfo, node: about },
      xml('identity', { category: 'client', type: 'pc', name: 'test' }),
      ...features.map((name) => xml('feature', { var: name })),
    );
  const ver = capsHash(info());
  const node = `https://client.invalid#${ver}`;
  const isAsked = (stanza: Element): boolean =>
    stanza.name === 'iq' &&
    stanza.attrs['type'] === 'get' &&
    stanza.child('query', NS.discoInfo)?.attrs['node'] === node;
  const answerNext = async (): Promise<void> => {
    const { attrs } = await device.expect(isAsked);
    const answer = info(node);
    device.send(xml('iq', { type: 'result', id: attrs['id'], to: attrs['from'] }, answer));
    // The contacts' servers ask, too.
    answerNext().catch(() => undefined);
  };
  const answered = answerNext();
  device.presence({}, xml('c', { xmlns: NS.caps, node: 'https://client.invalid', hash: 'sha-1', ver }));
  await answered;
  await device.fence();
}

export function pubsub(...children: (Element | undefined)[]): Element {
  return xml('pubsub', { xmlns: NS.pubsub }, ...children);
}

export function pubsubOwner(...children: Element[]): Element {
  return xml('pubsub', { xmlns: NS.pubsubOwner }, ...children);
}

/** XEP-0060 §7.1, with publish-options where fields are given (`access_model: 'open'`). */
export function publish(
  node: string,
  id: string | undefined,
  payload: Element,
  options?: Readonly<Record<string, string>>,
): Element {
  const form = options && xml('publish-options', null, submit(NS.pubsubPublishOptions, options));
  return pubsub(xml('publish', { node }, xml('item', { id }, payload)), form);
}

/** XEP-0060 §8.1.3. */
export function create(node: string, fields: Readonly<Record<string, string>> = {}): Element {
  return pubsub(xml('create', { node }), xml('configure', null, submit(NS.pubsubNodeConfig, fields)));
}

/** XEP-0060 §7.2.2.1. */
export function retract(node: string, id: string): Element {
  return pubsub(xml('retract', { node, notify: '1' }, xml('item', { id })));
}

/** A submitted form; names without `pubsub#`. */
export function submit(formType: string, values: Readonly<Record<string, string>>): Element {
  const fields = Object.entries(values).map(([name, value]): Field => ({ var: `pubsub#${name}`, value }));
  return writeForm('submit', formType, fields);
}

/** The items of a node, by their ids, in the order in which they are shown. */
export async function itemsOf(device: Device, node: string, to?: string): Promise<string[]> {
  const answer = await device.ask('get', pubsub(xml('items', { node })), to);
  return (
    answer
      .child('pubsub', NS.pubsub)
      ?.child('items')
      ?.childrenNamed('item')
      .map(({ attrs }) => attrs['id'] ?? '') ?? []
  );
}

/** The condition of XEP-0060's own in an error. */
export function specificCondition(iq: Element): string | undefined {
  return iq.child('error')?.elements.find(({ ns }) => ns === NS.pubsubErrors)?.name;
}

/** What an event says: `node id`, `node -id` for a retraction, `node purge` …; undefined for any other stanza. */
function eventOf(stanza: Element): string | undefined {
  const content = stanza.name === 'message' ? stanza.child('event', NS.pubsubEvent)?.elements[0] : undefined;
  if (content === undefined) return undefined;
  const { node, jid, subscription } = content.attrs;
  if (content.name === 'subscription') return `${node} ${jid} ${subscription}`;
  if (content.name !== 'items') return `${node} ${content.name}`;
  const items = content.elements.map(({ name, attrs }) => `${name === 'retract' ? '-' : ''}${attrs['id'] ?? ''}`);
  return `${node} ${items.join(' ')}`;
}

/** Waits for an event; gives the message. */
export function receiveEvent(device: Device, event: string): Promise<Element> {
  return device.receive((stanza) => eventOf(stanza) === event);
}

/** The events among stanzas. */
export function eventsIn(stanzas: readonly Element[] = []): string[] {
  return stanzas.flatMap((stanza) => eventOf(stanza) ?? []);
}
