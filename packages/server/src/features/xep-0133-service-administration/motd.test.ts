import { type Element, type Field, NS, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld, type World } from '../../../test/world.ts';

async function setUp(): Promise<{ world: World; admin: Device }> {
  const world = await createWorld({ settings: ['admins=["admin@localhost"]'] });
  return { world, admin: await world.connect('admin@localhost/a') };
}

async function run(device: Device, name: string, motd?: string | readonly string[]): Promise<Element | undefined> {
  const fields: Field[] = motd === undefined ? [] : [{ var: 'motd', value: motd }];
  const form = motd === undefined ? undefined : writeForm('submit', NS.admin, fields);
  const command = xml('command', { xmlns: NS.commands, node: `${NS.admin}#${name}` }, form);
  return (await device.ask('set', command, 'localhost')).child('command', NS.commands);
}

/** What the server says to a device. */
function said(device: Device): (string | undefined)[] {
  const messages = device.takeMessages().filter(({ attrs }) => attrs['from'] === 'localhost');
  return messages.map((message) => message.child('body')?.text());
}

/** What a device gets when it comes. */
async function come(
  world: World,
  full: string,
  imNg = false,
): Promise<{ device: Device; got: (string | undefined)[] }> {
  const device = await world.connect(full, { imNg });
  device.send(xml('presence'));
  await world.settle();
  return { device, got: said(device) };
}

describe('XEP-0133: message of the day', () => {
  it('§4.24 who is online gets it at once, on all devices; who comes gets it then; each account once', async () => {
    const { world, admin } = await setUp();
    const phone = await world.connect('bob@localhost/phone', { imNg: true });
    const desk = await world.connect('bob@localhost/desk', { priority: 0 });
    await run(admin, 'set-motd', ['The Globe opens', 'tomorrow.']);
    await world.settle();
    expect([said(phone), said(desk)]).toEqual([['The Globe opens\ntomorrow.'], ['The Globe opens\ntomorrow.']]);
    expect((await come(world, 'bob@localhost/tablet')).got).toEqual([]);
    const { device, got } = await come(world, 'carol@localhost/phone', true);
    expect(got).toEqual(['The Globe opens\ntomorrow.']);
    device.close();
    expect((await come(world, 'carol@localhost/phone', true)).got).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it('§4.24, C1, A1: it is a message of the domain to the account, and in its archive', async () => {
    const { world, admin } = await setUp();
    await run(admin, 'set-motd', 'Hello');
    const bob = await world.connect('bob@localhost/phone', { imNg: true });
    bob.send(xml('presence'));
    await world.settle();
    const [message] = bob.takeMessages() as [Element];
    expect(message.attrs).toMatchObject({ from: 'localhost', to: 'bob@localhost' });
    expect(message.child('stanza-id', NS.sid)?.attrs['by']).toBe('bob@localhost');
    expect(await world.rows('bob@localhost')).toBe(1);
  });

  it('§4.24 two devices that come at the same time bring it once', async () => {
    const { world, admin } = await setUp();
    await run(admin, 'set-motd', 'Hello');
    const devices = [
      await world.connect('bob@localhost/phone', { imNg: true }),
      await world.connect('bob@localhost/desk', { imNg: true }),
    ];
    for (const device of devices) device.send(xml('presence'));
    await world.settle();
    expect(devices.map(said)).toEqual([['Hello'], ['Hello']]);
    expect(await world.rows('bob@localhost')).toBe(1);
  });

  it('§4.24 a legacy device that takes no messages gets it when it does', async () => {
    const { world, admin } = await setUp();
    await run(admin, 'set-motd', 'Hello');
    const bob = await world.connect('bob@localhost/phone', { priority: -1 });
    expect(said(bob)).toEqual([]);
    bob.send(xml('presence'));
    await world.settle();
    expect(said(bob)).toEqual(['Hello']);
  });

  it('§4.24, D5 a legacy device gets what waited for it, then the message of the day, each once', async () => {
    const { world, admin } = await setUp();
    await world.account('bob@localhost');
    for (const body of ['one', 'two'])
      admin.send(xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', null, body)));
    await world.settle();
    await run(admin, 'set-motd', 'Hello');
    const bob = await world.connect('bob@localhost/phone');
    bob.send(xml('presence'));
    await world.settle();
    expect(bob.takeMessages().map((message) => message.child('body')?.text())).toEqual(['one', 'two', 'Hello']);
    bob.close();
    const again = await world.connect('bob@localhost/desk');
    again.send(xml('presence'));
    await world.settle();
    expect(again.takeMessages()).toEqual([]);
  });

  it('§4.25 an edited one: the form has the text; who has had it does not get it again', async () => {
    const { world, admin } = await setUp();
    expect((await run(admin, 'edit-motd', 'Nothing'))?.child('note')?.attrs['type']).toBe('error');
    await run(admin, 'set-motd', ['One', 'Tow']);
    expect((await come(world, 'bob@localhost/phone')).got).toEqual(['One\nTow']);
    const values = (await run(admin, 'edit-motd'))
      ?.child('x', NS.dataForms)
      ?.childrenNamed('field')
      .find(({ attrs }) => attrs['var'] === 'motd')
      ?.childrenNamed('value');
    expect(values?.map((value) => value.text())).toEqual(['One', 'Tow']);
    await run(admin, 'edit-motd', ['One', 'Two']);
    expect((await come(world, 'bob@localhost/desk')).got).toEqual([]);
    expect((await come(world, 'carol@localhost/phone')).got).toEqual(['One\nTwo']);
  });

  it('§4.24 another one is for everybody again; §4.26 a deleted one for nobody', async () => {
    const { world, admin } = await setUp();
    await run(admin, 'set-motd', 'Monday');
    const { device: bob } = await come(world, 'bob@localhost/phone');
    await run(admin, 'set-motd', 'Tuesday');
    await world.settle();
    expect(said(bob)).toEqual(['Tuesday']);
    await run(admin, 'delete-motd');
    expect((await come(world, 'carol@localhost/phone')).got).toEqual([]);
  });

  it('§4.24 it outlives the process, and so does who has had it', async () => {
    const { world, admin } = await setUp();
    await run(admin, 'set-motd', 'Hello');
    await come(world, 'bob@localhost/phone');
    const next = restart(world);
    expect((await come(next, 'bob@localhost/phone')).got).toEqual([]);
    expect((await come(next, 'carol@localhost/phone')).got).toEqual(['Hello']);
  });

  it('§4.24 it is not empty, and for administrators to set', async () => {
    const { world, admin } = await setUp();
    const bob = await world.connect('bob@localhost/phone');
    expect(await run(admin, 'set-motd', ' ')).toBeUndefined();
    for (const name of ['set-motd', 'edit-motd', 'delete-motd']) expect(await run(bob, name, 'Spam')).toBeUndefined();
    expect((await come(world, 'carol@localhost/phone')).got).toEqual([]);
  });
});
