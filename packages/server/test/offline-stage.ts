import { type Element, NS, xml } from '@tutti/xmpp';
import { say } from './contacts.ts';
import type { Device } from './device.ts';
import { createWorld, type World } from './world.ts';

export const JULIET = 'juliet@localhost';

/** A chat message for Juliet. */
export const message = (body: string, attrs: Record<string, string> = {}): Element => {
  return xml('message', { to: JULIET, type: 'chat', id: body, ...attrs }, xml('body', null, body));
};
export const presence = (priority = 0): Element => xml('presence', null, xml('priority', null, String(priority)));
/** What a device was told since the last time. */
export const bodies = (device: Device): (string | undefined)[] =>
  device.takeMessages().map((one) => one.child('body')?.text());
export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n));

/** Juliet is away, Romeo writes to her. */
export async function away(count: number, settings: string[] = []): Promise<{ world: World; romeo: Device }> {
  const world = await createWorld({ settings: ['limits.stanzas_per_second=0', ...settings] });
  await world.account(JULIET);
  const romeo = await world.connect('romeo@localhost/orchard');
  await say(world, romeo, ...numbers(1, count).map((body) => message(body)));
  return { world, romeo };
}

/** A legacy device of Juliet's comes. */
export async function arrive(world: World, resource: string, priority = 0): Promise<Device> {
  const device = await world.connect(`${JULIET}/${resource}`);
  await say(world, device, presence(priority));
  return device;
}

/** A legacy device of Juliet's comes that may be resumed (XEP-0198 §5). */
export async function arriveManaged(world: World, resource: string): Promise<Device> {
  const device = await world.connect(`${JULIET}/${resource}`);
  device.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
  await say(world, device, presence());
  return device;
}
