import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld, type World } from '../../test/world.ts';
import type { Device } from '../../test/device.ts';

const chat = (to: string, body: string) => xml('message', { to, type: 'chat', id: body }, xml('body', null, body));
const bodies = (device: Device) => device.takeMessages().map((message) => message.child('body')?.text());

async function twoPeople(): Promise<{ world: World; phone: Device; laptop: Device; bob: Device; tv: Device }> {
  const world = await createWorld();
  const phone = await world.connect('alice@localhost/phone', { imNg: true });
  const laptop = await world.connect('alice@localhost/laptop', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  const tv = await world.connect('bob@localhost/tv', { imNg: true });
  return { world, phone, laptop, bob, tv };
}

describe('a conversation', () => {
  it('D1 S1 S3 every device of both gets it, as archived', async () => {
    const { world, phone, laptop, bob, tv } = await twoPeople();
    phone.send(chat('bob@localhost', 'hello'));
    await world.settle();
    const [reflection] = phone.takeMessages();
    expect(laptop.takeMessages().map(String)).toEqual([String(reflection)]);
    expect(reflection?.attrs).toMatchObject({ from: 'alice@localhost/phone', to: 'bob@localhost', id: 'hello' });
    expect(reflection?.child('stanza-id', NS.sid)?.attrs['by']).toBe('alice@localhost');
    const [received] = bob.takeMessages();
    expect(tv.takeMessages().map(String)).toEqual([String(received)]);
    expect(received?.childrenNamed('stanza-id', NS.sid).map(({ attrs }) => attrs['by'])).toEqual(['bob@localhost']);
    expect(await world.rows('alice@localhost')).toBe(1);
    expect(world.problems).toEqual([]);
  });

  it('S6 a note to oneself is one row and one delivery', async () => {
    const { world, phone, laptop } = await twoPeople();
    phone.send(chat('alice@localhost', 'note'));
    phone.send(xml('message', { type: 'chat' }, xml('body', null, 'no address')));
    await world.settle();
    expect(bodies(phone)).toEqual(['note', 'no address']);
    expect(bodies(laptop)).toEqual(['note', 'no address']);
    expect(await world.rows('alice@localhost')).toBe(2);
  });

  it('I1 crossing bursts arrive in one order on all devices', async () => {
    const { world, phone, laptop, bob, tv } = await twoPeople();
    for (let n = 0; n < 20; n += 1) {
      phone.send(chat('bob@localhost', `a${n}`));
      bob.send(chat('alice@localhost', `b${n}`));
    }
    await world.settle();
    const order = bodies(phone);
    expect(order).toHaveLength(40);
    for (const device of [laptop, bob, tv]) expect(bodies(device)).toEqual(order);
  });

  it('I8 a device that stops reading is fed from the log when it reads again', async () => {
    const { world, phone, bob, tv } = await twoPeople();
    tv.connection.buffered = 10_000_000;
    for (let n = 0; n < 120; n += 1) phone.send(chat('bob@localhost', String(n)));
    await world.settle();
    expect(bodies(bob)).toHaveLength(120);
    expect(bodies(tv)).toEqual([]);
    tv.connection.buffered = 0;
    tv.session.drained();
    await world.settle();
    expect(bodies(tv)).toEqual(Array.from({ length: 120 }, (_, n) => String(n)));
  });

  it('XEP-0198 §5 a resumed session gets exactly what it had not acknowledged, and goes on', async () => {
    const { world, phone, bob } = await twoPeople();
    bob.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    const enabled = bob.take().find((element) => element.name === 'enabled');
    phone.send(chat('bob@localhost', 'one'));
    await world.settle();
    expect(bodies(bob)).toEqual(['one']);
    phone.send(chat('bob@localhost', 'two'));
    await world.settle();
    bob.cut();
    phone.send(chat('bob@localhost', 'three'));
    await world.settle();
    const answer = await bob.resume(enabled?.attrs['id'] ?? '', 1);
    expect(answer.name).toBe('resumed');
    await world.settle();
    phone.send(chat('bob@localhost', 'four'));
    await world.settle();
    expect(bodies(bob)).toEqual(['two', 'three', 'four']);
  });

  it('S7 C4 an unknown account: the error reaches every device and is archived', async () => {
    const { world, phone, laptop } = await twoPeople();
    phone.send(chat('nobody@localhost', 'hi'));
    await world.settle();
    const seen = phone.takeMessages();
    expect(seen.map(({ attrs }) => attrs['type'])).toEqual(['chat', 'error']);
    expect(seen[1]?.attrs['to']).toBe('alice@localhost');
    expect(laptop.takeMessages().map(String)).toEqual(seen.map(String));
    expect(await world.rows('alice@localhost')).toBe(2);
  });

  it('S8 a repeated message is reflected to the repeating session only', async () => {
    const { world, phone, laptop, bob } = await twoPeople();
    const message = chat('bob@localhost', 'once').append(xml('origin-id', { xmlns: NS.sid, id: 'o1' }));
    phone.send(message);
    await world.settle();
    const first = phone.takeMessages().map(String);
    laptop.take();
    phone.send(message);
    await world.settle();
    expect(phone.takeMessages().map(String)).toEqual(first);
    expect(laptop.takeMessages()).toEqual([]);
    expect(bodies(bob)).toEqual(['once']);
    expect(await world.rows('bob@localhost')).toBe(1);
  });

  it('I8 RFC 6120 §10.1 what is for one session only does not overtake the rows before it', async () => {
    const { world, phone, tv } = await twoPeople();
    tv.connection.buffered = 10_000_000;
    for (let n = 0; n < 60; n += 1) phone.send(chat('bob@localhost', String(n)));
    phone.send(chat('bob@localhost/tv', 'private').append(xml('im-ng', { xmlns: NS.imNg })));
    phone.send(chat('bob@localhost', 'after'));
    await world.settle();
    expect(bodies(tv)).toEqual([]);
    tv.connection.buffered = 0;
    tv.session.drained();
    await world.settle();
    expect(bodies(tv).slice(-3)).toEqual(['59', 'private', 'after']);
  });

  it('D3 what a lost session never got is answered', async () => {
    const { world, phone, tv } = await twoPeople();
    tv.connection.buffered = 10_000_000;
    phone.send(chat('bob@localhost', 'archived'));
    await world.settle();
    phone.take();
    phone.send(chat('bob@localhost/tv', 'private').append(xml('im-ng', { xmlns: NS.imNg })));
    await world.settle();
    tv.cut();
    await world.settle();
    const [error] = phone.takeMessages();
    expect(error?.attrs).toMatchObject({ type: 'error', from: 'bob@localhost/tv' });
    expect(error?.child('im-ng', NS.imNg)).toBeDefined();
  });
});
