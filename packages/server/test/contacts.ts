import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './device.ts';
import { createWorld, type World } from './world.ts';

/**
 * A device that has asked for its roster and is available: it gets pushes, requests and presence. What it has received
 * so far is taken.
 */
export async function comeOnline(world: World, full: string, presence: Element = xml('presence')): Promise<Device> {
  const device = await world.connect(full);
  await device.ask('get', xml('query', { xmlns: NS.roster }));
  device.send(presence);
  await world.settle();
  device.take();
  return device;
}

export function subscription(type: string, to: string): Element {
  return xml('presence', { type, to });
}

/** Sends, and lets everything come to rest. */
export async function say(world: World, device: Device, ...elements: Element[]): Promise<void> {
  for (const element of elements) device.send(element);
  await world.settle();
}

/** `a` sees `b`'s presence from now on, and the other way round. What both have received is taken. */
export async function befriend(world: World, a: Device, b: Device): Promise<void> {
  const [alice, bob] = [a.jid.bare.toString(), b.jid.bare.toString()];
  await say(world, a, subscription('subscribe', bob));
  await say(world, b, subscription('subscribed', alice), subscription('subscribe', alice));
  await say(world, a, subscription('subscribed', bob));
  a.take();
  b.take();
}

/** A world with two friends online. */
export async function friends(
  settings: readonly string[] = [],
): Promise<{ world: World; romeo: Device; juliet: Device }> {
  const world = await createWorld({ settings });
  const romeo = await comeOnline(world, 'romeo@localhost/orchard');
  const juliet = await comeOnline(world, 'juliet@localhost/balcony');
  await befriend(world, romeo, juliet);
  return { world, romeo, juliet };
}

/** The items of a device's roster, as the server gives them. */
export async function rosterOf(device: Device): Promise<string[]> {
  const answer = await device.ask('get', xml('query', { xmlns: NS.roster }));
  return answer.child('query', NS.roster)?.elements.map(describeItem) ?? [];
}

/**
 * What a device has received since the last call, one line each: `push ROMEO both`, `subscribe from romeo@localhost`,
 * `available from romeo@localhost/phone`.
 */
export function heard(device: Device): string[] {
  return device.take().map((element) => {
    const { from, type } = element.attrs;
    const query = element.child('query', NS.roster);
    if (element.name === 'iq' && query !== undefined) return `push ${query.elements.map(describeItem).join(' | ')}`;
    const condition = type === 'error' ? ` ${conditionOf(element)}` : '';
    if (element.name === 'presence') return `${type ?? 'available'}${condition} from ${from}`;
    return `${element.name} ${type ?? ''}${condition}`;
  });
}

/** The condition of an error stanza. */
export function conditionOf(stanza: Element): string {
  return stanza.child('error')?.elements.find(({ ns }) => ns === NS.stanzas)?.name ?? 'no error';
}

function describeItem(item: Element): string {
  const { jid, subscription, ask, approved, name } = item.attrs;
  const groups = item.childrenNamed('group').map((group) => `#${group.text()}`);
  const facts = [jid, name && `"${name}"`, subscription, ask && 'asked', approved && 'approved', ...groups];
  return facts.filter((fact) => fact !== undefined && fact !== '').join(' ');
}
