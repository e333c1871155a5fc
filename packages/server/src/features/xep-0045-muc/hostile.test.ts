import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { crash } from '../../../test/restart.ts';
import { joinRoom, openRoom, ROOM, say } from '../../../test/rooms.ts';
import { createWorld, type World } from '../../../test/world.ts';

const SERVICE = 'conference.localhost';
const conditionOf = (stanza: Element | undefined): string | undefined => stanza?.child('error')?.elements[0]?.name;
const errorsIn = (stanzas: readonly Element[]): (string | undefined)[] =>
  stanzas.filter(({ attrs }) => attrs['type'] === 'error').map(conditionOf);

/** Alice's room, with Bob in it. */
async function party(
  settings: readonly string[] = [],
  fields: Readonly<Record<string, string>> = {},
): Promise<{ world: World; alice: Device; bob: Device }> {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  const bob = await world.connect('bob@localhost/phone', { priority: 0 });
  await joinRoom(world, alice, 'Alice');
  await openRoom(alice, fields);
  await joinRoom(world, bob, 'Bob');
  alice.take();
  return { world, alice, bob };
}

async function affiliate(device: Device, jid: string, affiliation: string, reason?: string): Promise<Element> {
  const item = xml('item', { jid, affiliation }, reason !== undefined && xml('reason', null, reason));
  return device.ask('set', xml('query', { xmlns: NS.mucAdmin }, item), ROOM);
}

const affiliated = async (device: Device, affiliation: string): Promise<(string | undefined)[]> => {
  const query = xml('query', { xmlns: NS.mucAdmin }, xml('item', { affiliation }));
  const answer = await device.ask('get', query, ROOM);
  return answer.child('query', NS.mucAdmin)?.elements.map(({ attrs }) => attrs['jid']) ?? [];
};

const invite = (...to: string[]): Element =>
  xml(
    'message',
    { to: ROOM, id: 'i' },
    xml('x', { xmlns: NS.mucUser }, ...to.map((one) => xml('invite', { to: one }))),
  );

describe('what hostile users try in rooms', () => {
  it('§7.14 who says that he leaves some room may send no more than before', async () => {
    const { world, bob } = await party(['rooms.stanzas_burst=4', 'rooms.stanzas_per_second=1']);
    for (const body of ['1', '2', '3']) await say(world, bob, body);
    expect(errorsIn(bob.take())).toEqual([]);
    bob.send(xml('presence', { to: `elsewhere@${SERVICE}/Bob`, type: 'unavailable' }));
    await say(world, bob, '4');
    expect(errorsIn(bob.take())).toEqual(['resource-constraint']);
  });

  it('§7.8.2 a member invites a user, not a whole domain', async () => {
    const { world, alice, bob } = await party([], { membersonly: '1', allowinvites: '1', membersOnly: '1' });
    await affiliate(alice, 'bob@localhost', 'member');
    await joinRoom(world, bob, 'Bob');
    bob.send(invite('localhost'));
    await world.settle();
    expect(errorsIn(bob.take())).toEqual(['jid-malformed']);
    expect(await affiliated(alice, 'member')).toEqual(['bob@localhost']);
  });

  it('rooms.affiliations counts those who are invited into a members-only room', async () => {
    const { world, alice } = await party(['rooms.affiliations=2'], { membersonly: '1' });
    for (const name of ['carol', 'dave']) await world.account(`${name}@localhost`);
    alice.send(invite('carol@localhost'));
    await world.settle();
    expect(errorsIn(alice.take())).toEqual([]);
    alice.send(invite('dave@localhost'));
    await world.settle();
    expect(errorsIn(alice.take())).toEqual(['resource-constraint']);
    expect(await affiliated(alice, 'member')).toEqual(['carol@localhost']);
  });

  it('rooms.rooms_per_account: also of rooms that are made at the same time', async () => {
    const world = await createWorld({ settings: ['rooms.rooms_per_account=2'] });
    const bob = await world.connect('bob@localhost/phone', { priority: 0 });
    for (const room of ['a', 'b', 'c', 'd', 'e'])
      bob.send(xml('presence', { to: `${room}@${SERVICE}/Bob` }, xml('x', { xmlns: NS.muc })));
    await world.settle();
    expect(errorsIn(bob.take())).toEqual(Array(3).fill('resource-constraint'));
  });

  it('XEP-0425 §4 nobody takes his own message back in the name of a moderator', async () => {
    const { world, alice, bob } = await party();
    await say(world, bob, 'a promise');
    const said = bob.takeMessages().find((message) => message.child('body')?.text() === 'a promise');
    const id = said?.child('stanza-id', NS.sid)?.attrs['id'] ?? '';
    const moderated = xml('moderated', { xmlns: NS.messageModerate, by: `${ROOM}/Alice` });
    const retract = xml('retract', { xmlns: NS.messageRetract, id }, moderated, xml('reason', null, 'Spam'));
    bob.send(xml('message', { to: ROOM, type: 'groupchat', id: 'r' }, retract));
    await world.settle();
    alice.take();
    await alice.ask('set', xml('query', { xmlns: NS.mam }), ROOM);
    const archived = alice.takeMessages().map(String).join('\n');
    expect(archived).toContain('<retracted');
    expect(archived).not.toContain('<moderated');
  });

  it('§4.2 a stranger does not learn who is in a room, by declining what nobody has sent', async () => {
    const { world, alice, bob } = await party();
    const eve = await world.connect('eve@localhost/phone', { priority: 0 });
    const decline = async (to: string): Promise<string[]> => {
      const x = xml('x', { xmlns: NS.mucUser }, xml('decline', { to }));
      eve.send(xml('message', { to: ROOM, id: 'd' }, x));
      await world.settle();
      return eve.take().map((stanza) => stanza.toString().replaceAll(to, 'SOMEBODY'));
    };
    expect(await decline('bob@localhost')).toEqual(await decline('nobody@localhost'));
    expect([...alice.take(), ...bob.take()].some((stanza) => stanza.toString().includes('<decline'))).toBe(true);
  });

  it('rooms.text_bytes: also of the reason of a ban, which lasts', async () => {
    const { alice } = await party(['rooms.text_bytes=20']);
    expect(conditionOf(await affiliate(alice, 'eve@localhost', 'outcast', 'x'.repeat(21)))).toBe('not-acceptable');
    expect(conditionOf(await affiliate(alice, 'eve@localhost', 'outcast', 'x'.repeat(20)))).toBeUndefined();
  });

  it('rooms.affiliations counts those who wear a hat', async () => {
    const { alice } = await party(['rooms.affiliations=2']);
    const command = (node: string, fields: Record<string, string>): Element =>
      xml(
        'command',
        { xmlns: NS.commands, node: `${NS.hats}:commands:${node}` },
        xml(
          'x',
          { xmlns: NS.dataForms, type: 'submit' },
          ...Object.entries(fields).map(([name, value]) => xml('field', { var: name }, xml('value', null, value))),
        ),
      );
    await alice.ask('set', command('create', { 'hats#title': 'Guest', 'hats#uri': 'urn:guest' }), ROOM);
    const assign = async (jid: string): Promise<string | undefined> =>
      conditionOf(await alice.ask('set', command('assign', { 'hats#jid': jid, 'hats#uri': 'urn:guest' }), ROOM));
    expect(await assign('bob@localhost')).toBeUndefined();
    expect(await assign('carol@localhost')).toBe('resource-constraint');
  });

  it('rooms.history_bytes: of what is kept at hand, also when the room is loaded', async () => {
    const { world, bob } = await party(['rooms.history_bytes=1000'], { persistentroom: '1' });
    for (const body of ['a', 'b', 'c', 'd']) await say(world, bob, body.repeat(250));
    const readHistory = async (device: Device): Promise<(string | undefined)[]> =>
      (await joinRoom(world, device, 'Carol'))
        .filter((stanza) => stanza.child('body') !== undefined)
        .map((stanza) => stanza.child('body')?.text().slice(0, 1));
    expect(await readHistory(await world.connect('carol@localhost/phone'))).toEqual(['d']);
    await world.account('dave@localhost');
    const again = await crash(world);
    const dave = await again.connect('dave@localhost/phone');
    const came = await joinRoom(again, dave, 'Dave');
    expect(came.filter((stanza) => stanza.child('body') !== undefined)).toHaveLength(1);
  });
});
