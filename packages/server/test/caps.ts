import { createHash } from 'node:crypto';
import { type Element, NS, resultReply, xml } from '@tutti/xmpp';
import { verificationString } from '../src/features/xep-0115-caps/verification.ts';
import type { Device } from './device.ts';
import type { World } from './world.ts';

/** The disco#info of a client with these features. */
export function clientInfo(features: readonly string[], node?: string): Element {
  const identity = xml('identity', { category: 'client', type: 'pc', name: 'test' });
  return xml(
    'query',
    { xmlns: NS.discoInfo, node },
    identity,
    ...features.map((name) => xml('feature', { var: name })),
  );
}

/** XEP-0115 §5.1. */
export function capsElement(features: readonly string[]): Element {
  const text = verificationString(clientInfo(features)) ?? '';
  const ver = createHash('sha1').update(text).digest('base64');
  return xml('c', { xmlns: NS.caps, node: 'https://client.example', hash: 'sha-1', ver });
}

/** A device becomes available, says what it can do, and answers when the server asks. What else it has received stays to be taken. */
export async function announceCaps(
  world: World,
  device: Device,
  features: readonly string[],
  ...more: Element[]
): Promise<void> {
  device.take();
  device.send(xml('presence', null, capsElement(features), ...more));
  await world.settle();
  answerDisco(device, features);
  await world.settle();
}

/** Answers what the server asks of a client. */
export function answerDisco(device: Device, features: readonly string[]): void {
  const { received } = device.connection;
  for (const iq of received.filter((one) => one.name === 'iq' && one.child('query', NS.discoInfo) !== undefined)) {
    received.splice(received.indexOf(iq), 1);
    device.send(resultReply(iq, clientInfo(features, iq.child('query', NS.discoInfo)?.attrs['node'])));
  }
}
