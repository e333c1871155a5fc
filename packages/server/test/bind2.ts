import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { Device, FakeConnection } from './device.ts';
import type { World } from './world.ts';

/** Binds `alice@localhost/phone`, whose account is there, with these inline requests (XEP-0386). */
export async function bindInline(world: World, full: string, ...requests: Element[]): Promise<Device> {
  const jid = JID.parse(full);
  const connection = new FakeConnection();
  const inline = xml('bind', { xmlns: NS.bind2 }, ...requests);
  const identity = { account: jid.bare, mechanism: 'TEST' };
  const { session } = await world.host.bind(identity, { resource: jid.resource, inline }, connection);
  return new Device(world.core, world.host, session, connection);
}
