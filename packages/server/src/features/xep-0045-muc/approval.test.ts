import { type Element, NS, readForm, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { conditionOf } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { crash } from '../../../test/restart.ts';
import { codesOf, joinRoom, openRoom, ROOM } from '../../../test/rooms.ts';
import { createWorld, type World } from '../../../test/world.ts';

const REGISTRATION = '{tutti:muc:0}registration';

const query = (...children: Element[]): Element => xml('query', { xmlns: NS.register }, ...children);

/** A room whose members are approved by its admins: Alice's. */
async function setUp(
  fields: Readonly<Record<string, string>> = {},
  settings: readonly string[] = [],
): Promise<{ world: World; alice: Device; bob: Device }> {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  await joinRoom(world, alice, 'Alice');
  await configure(alice, 'approval', fields);
  await world.settle();
  alice.take();
  return { world, alice, bob: await world.connect('bob@localhost/phone', { imNg: true }) };
}

async function configure(
  owner: Device,
  value: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Element> {
  const all = Object.entries(fields).map(([name, one]) => ({ var: `muc#roomconfig_${name}`, value: one }));
  const form = writeForm('submit', NS.mucRoomConfig, [{ var: REGISTRATION, value }, ...all]);
  return owner.ask('set', xml('query', { xmlns: NS.mucOwner }, form), ROOM);
}

const register = async (device: Device, nick: string): Promise<string> => {
  const form = writeForm('submit', NS.mucRegister, [{ var: 'muc#register_roomnick', value: nick }]);
  return conditionOf(await device.ask('set', query(form), ROOM));
};

/** The forms that an admin has been sent. */
async function requests(world: World, admin: Device): Promise<ReturnType<typeof readForm>[]> {
  await world.settle();
  return admin.takeMessages().flatMap((message) => {
    const x = message.child('x', NS.dataForms);
    return x === undefined ? [] : [readForm(x)];
  });
}

/** An admin answers; gives the error, if there is one. */
async function answer(
  world: World,
  admin: Device,
  fields: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  admin.take();
  const all = Object.entries(fields).map(([name, value]) => ({ var: name, value }));
  admin.send(xml('message', { to: ROOM }, writeForm('submit', NS.mucRegister, all)));
  await world.settle();
  const error = admin.takeMessages().find(({ attrs }) => attrs['type'] === 'error');
  return error && conditionOf(error);
}

const allow = (nick: string, yes = true): Record<string, string> => ({
  'muc#register_roomnick': nick,
  'muc#register_allow': yes ? '1' : '0',
});

async function registeredAs(device: Device): Promise<string | undefined> {
  const answered = (await device.ask('get', query(), ROOM)).child('query', NS.register);
  return answered?.child('registered') === undefined ? undefined : answered.child('username')?.text();
}

describe('XEP-0045 §9.9: registrations that an admin approves', () => {
  it('§7.10 §9.9 the request goes to the admins with the nickname; approved, the user is a member', async () => {
    const { world, alice, bob } = await setUp();
    await joinRoom(world, bob, 'Bob');
    alice.take();
    expect(await register(bob, 'Robert')).toBe('no error');
    const [form, ...more] = await requests(world, alice);
    expect(more).toEqual([]);
    expect([form?.formType, form?.fields.get('muc#register_roomnick'), form?.fields.get('{tutti:muc:0}jid')]).toEqual([
      NS.mucRegister,
      ['Robert'],
      ['bob@localhost'],
    ]);
    expect(form?.fields.get('muc#register_allow')).toEqual(['0']);
    expect(await registeredAs(bob)).toBeUndefined();
    bob.take();
    expect(await answer(world, alice, allow('Robert'))).toBeUndefined();
    const seen = bob.take().find(({ name }) => name === 'presence');
    expect(seen?.child('x', NS.mucUser)?.child('item')?.attrs['affiliation']).toBe('member');
    expect(await registeredAs(bob)).toBe('Robert');
    expect(world.problems).toEqual([]);
  });

  it('§9.9 a members-only room takes requests; who is not there learns of membership by 101, and may come in', async () => {
    const { world, alice, bob } = await setUp({ membersonly: '1' });
    expect(conditionOf((await joinRoom(world, bob, 'Bob')).at(-1) as Element)).toBe('registration-required');
    expect(await register(bob, 'Bob')).toBe('no error');
    await answer(world, alice, allow('Bob'));
    expect(codesOf(bob.takeMessages().at(-1))).toEqual([101]);
    expect((await joinRoom(world, bob, 'Bob')).some((stanza) => codesOf(stanza).includes(110))).toBe(true);
  });

  it('§9.9 refused: nothing has changed, and the user may ask again', async () => {
    const { world, alice, bob } = await setUp();
    await register(bob, 'Bob');
    await requests(world, alice);
    expect(await answer(world, alice, allow('Bob', false))).toBeUndefined();
    expect(await registeredAs(bob)).toBeUndefined();
    expect(await register(bob, 'Bob')).toBe('no error');
    expect(await requests(world, alice)).toHaveLength(1);
  });

  it('§9.9 the admin may give another nickname to the user of the form', async () => {
    const { world, alice, bob } = await setUp();
    await register(bob, 'Bob');
    await answer(world, alice, { ...allow('Robert'), '{tutti:muc:0}jid': 'bob@localhost' });
    expect(await registeredAs(bob)).toBe('Robert');
  });

  it('§9.9 sent twice the admins are asked once; another nickname is another question; taken back there is none', async () => {
    const { world, alice, bob } = await setUp();
    for (const nick of ['Bob', 'Bob', 'Robert']) await register(bob, nick);
    expect((await requests(world, alice)).map(({ fields }) => fields.get('muc#register_roomnick'))).toEqual([
      ['Bob'],
      ['Robert'],
    ]);
    expect(conditionOf(await bob.ask('set', query(xml('remove')), ROOM))).toBe('no error');
    expect(conditionOf(await bob.ask('set', query(xml('remove')), ROOM))).toBe('registration-required');
    expect(await answer(world, alice, allow('Robert'))).toBeUndefined();
    expect(await registeredAs(bob)).toBeUndefined();
  });

  it('§7.10 a nickname that somebody waits for is taken', async () => {
    const { world, alice, bob } = await setUp();
    const carol = await world.connect('carol@localhost/phone');
    await register(bob, 'Bob');
    expect(await register(carol, 'Bob')).toBe('conflict');
    await joinRoom(world, carol, 'Carol');
    expect(await register(bob, 'Carol')).toBe('conflict');
    await answer(world, alice, { ...allow('Carol'), '{tutti:muc:0}jid': 'bob@localhost' });
    expect(await registeredAs(bob)).toBeUndefined();
  });

  it('§9.9 only admins answer; an answer without a decision is none', async () => {
    const { world, alice, bob } = await setUp();
    const carol = await world.connect('carol@localhost/phone');
    await joinRoom(world, carol, 'Carol');
    await register(bob, 'Bob');
    expect(await answer(world, carol, allow('Bob'))).toBe('forbidden');
    expect(await answer(world, alice, { 'muc#register_roomnick': 'Bob' })).toBe('bad-request');
    expect(await registeredAs(bob)).toBeUndefined();
  });

  it('§9.9 every admin is asked: in the room one session, elsewhere the account; the request outlives the process', async () => {
    const { world, alice, bob } = await setUp({ persistentroom: '1' });
    const dora = await world.connect('dora@localhost/phone', { imNg: true });
    const item = xml('item', { jid: 'dora@localhost', affiliation: 'admin' });
    await alice.ask('set', xml('query', { xmlns: NS.mucAdmin }, item), ROOM);
    dora.take();
    await register(bob, 'Bob');
    expect(await requests(world, dora)).toHaveLength(1);
    expect(await requests(world, alice)).toHaveLength(1);
    const next = await crash(world);
    const again = await next.connect('dora@localhost/phone', { imNg: true });
    expect(await answer(next, again, allow('Bob'))).toBeUndefined();
    expect(await registeredAs(await next.connect('bob@localhost/phone'))).toBe('Bob');
  });

  it('§9.3 who is made a member meanwhile, or banned (§9.1), waits for nothing', async () => {
    const { world, alice, bob } = await setUp();
    await register(bob, 'Bob');
    const give = (affiliation: string): Promise<Element> => {
      const item = xml('item', { jid: 'bob@localhost', affiliation });
      return alice.ask('set', xml('query', { xmlns: NS.mucAdmin }, item), ROOM);
    };
    await give('outcast');
    expect(await register(bob, 'Bob')).toBe('not-allowed');
    await give('none');
    expect(await answer(world, alice, allow('Bob'))).toBeUndefined();
    expect(await registeredAs(bob)).toBeUndefined();
  });

  it('§9.9 a member chooses a nickname without asking', async () => {
    const { alice, bob } = await setUp();
    const item = xml('item', { jid: 'bob@localhost', affiliation: 'member' });
    await alice.ask('set', xml('query', { xmlns: NS.mucAdmin }, item), ROOM);
    expect(await register(bob, 'Bob')).toBe('no error');
    expect(await registeredAs(bob)).toBe('Bob');
  });

  it('rooms.requests: one more is refused, and taken when there is room again', async () => {
    const { world, alice, bob } = await setUp({}, ['rooms.requests=1']);
    const carol = await world.connect('carol@localhost/phone');
    expect(await register(bob, 'Bob')).toBe('no error');
    expect(await register(bob, 'Robert')).toBe('no error');
    expect(await register(carol, 'Carol')).toBe('resource-constraint');
    await answer(world, alice, allow('Robert'));
    expect(await register(carol, 'Carol')).toBe('no error');
  });

  it('§7.10 closed: nobody registers; an unknown value is refused', async () => {
    const { alice, bob } = await setUp();
    await configure(alice, 'closed');
    expect(await register(bob, 'Bob')).toBe('not-allowed');
    expect(conditionOf(await bob.ask('get', query(), ROOM))).toBe('not-allowed');
    expect(conditionOf(await configure(alice, 'maybe'))).toBe('not-acceptable');
    await openRoom(alice);
    expect(await register(bob, 'Bob')).toBe('not-allowed');
  });

  it('a removed account waits for nothing any more', async () => {
    const { world, alice, bob } = await setUp({ persistentroom: '1' });
    await register(bob, 'Bob');
    await world.account('carol@localhost');
    await world.core.options.accounts.remove('bob@localhost');
    await world.settle();
    const next = await crash(world);
    const admin = await next.connect(alice.jid.toString());
    expect(await answer(next, admin, allow('Bob'))).toBeUndefined();
    const carol = await next.connect('carol@localhost/phone');
    expect(await register(carol, 'Bob')).toBe('no error');
  });
});
