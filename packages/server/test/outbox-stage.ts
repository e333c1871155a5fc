import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './device.ts';
import { FakeLink } from './fake-link.ts';
import { createWorld, type World } from './world.ts';

export const HOUR = 3_600_000;
export const ROMEO = 'romeo@montague.example';

/** Juliet with two devices, and a link to other servers. */
export async function stage(settings: readonly string[] = []) {
  const link = new FakeLink();
  const world = await createWorld({ settings });
  world.core.links.remote = link;
  const phone = await world.connect('juliet@localhost/phone', { imNg: true });
  const laptop = await world.connect('juliet@localhost/laptop', { imNg: true });
  const say = async (body: string, to = ROMEO, device: Device = phone): Promise<void> => {
    device.send(xml('message', { id: body, to, type: 'chat' }, xml('body', null, body)));
    await world.settle();
  };
  return { link, world, phone, laptop, say };
}

/** The condition of an error message. */
export function conditionOf(message: Element | undefined): string | undefined {
  return message?.child('error')?.elements.find(({ ns }) => ns === NS.stanzas)?.name;
}

/** Lets time pass. */
export async function pass(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  await world.settle();
}

/** How many messages wait in the log. */
export async function waiting(world: World): Promise<number> {
  return (await world.log.parcelQueues()).reduce((sum, { count }) => sum + count, 0);
}
