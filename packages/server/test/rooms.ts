import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './device.ts';
import type { World } from './world.ts';

/** The room of a test, at the service of `localhost`. */
export const ROOM = 'balcony@conference.localhost';

/** Enters a room, and gives what came since. `inside`: what stands in `<x/>`. */
export async function joinRoom(
  world: World,
  device: Device,
  nick: string,
  options: { readonly room?: string; readonly inside?: readonly Element[] } = {},
): Promise<Element[]> {
  const { room = ROOM, inside = [] } = options;
  device.send(xml('presence', { to: `${room}/${nick}` }, xml('x', { xmlns: NS.muc }, ...inside)));
  await world.settle();
  return device.take();
}

/** XEP-0045 §10.1: accepts the configuration, with these values of fields. */
export async function openRoom(
  device: Device,
  fields: Readonly<Record<string, string | readonly string[]>> = {},
  room = ROOM,
): Promise<Element> {
  const form = xml(
    'x',
    { xmlns: NS.dataForms, type: 'submit' },
    xml('field', { var: 'FORM_TYPE' }, xml('value', null, NS.mucRoomConfig)),
    ...Object.entries(fields).map(([name, value]) =>
      xml(
        'field',
        { var: name.includes('#') ? name : `muc#roomconfig_${name}` },
        ...[value].flat().map((one) => xml('value', null, one)),
      ),
    ),
  );
  return device.ask('set', xml('query', { xmlns: NS.mucOwner }, form), room);
}

/** Says something to everybody. */
export async function say(world: World, device: Device, body: string, ...more: Element[]): Promise<void> {
  device.send(xml('message', { to: ROOM, type: 'groupchat', id: `id-${body}` }, xml('body', null, body), ...more));
  await world.settle();
}

/** XEP-0045 §12: the codes in a stanza of a room, in order. */
export function codesOf(stanza: Element | undefined): number[] {
  const statuses = stanza?.child('x', NS.mucUser)?.childrenNamed('status') ?? [];
  return statuses.map(({ attrs }) => Number(attrs['code']));
}
