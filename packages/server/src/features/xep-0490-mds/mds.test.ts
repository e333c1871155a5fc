import { type Element, NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { announceCaps } from '../../../test/caps.ts';
import { eventsIn, itemsOf } from '../../../test/pubsub.ts';
import { createWorld } from '../../../test/world.ts';

const displayed = (id: string): Element =>
  xml('displayed', { xmlns: NS.displayedSync }, xml('stanza-id', { xmlns: NS.sid, by: 'alice@localhost', id }));

it('XEP-0490 §5.2 A4 published, stripped, then archived and reflected', async () => {
  const world = await createWorld();
  const phone = await world.connect('alice@localhost/phone', { imNg: true });
  const desk = await world.connect('alice@localhost/desk', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  await announceCaps(world, desk, [`${NS.displayedSync}+notify`]);
  const marker = xml('displayed', { xmlns: NS.chatMarkers, id: 'm1' });
  phone.send(xml('message', { to: 'bob@localhost', type: 'chat', id: 'd1' }, marker, displayed('x')));
  phone.send(xml('message', { to: 'bob@localhost', type: 'chat', id: 'd2' }, xml('body', null, 'next')));
  await world.settle();
  const received = desk.takeMessages();
  expect(eventsIn(received)).toEqual([`${NS.displayedSync} bob@localhost`]);
  // Before the reflection; and what was sent next comes after it.
  expect(received.map(({ attrs }) => attrs['id'])).toEqual([expect.any(String), 'd1', 'd2']);
  for (const message of [...received.slice(1), ...bob.takeMessages()])
    expect(message.child('displayed', NS.displayedSync)).toBeUndefined();
  expect(await itemsOf(phone, NS.displayedSync)).toEqual(['bob@localhost']);
  expect(String(await phone.ask('get', xml('query', { xmlns: NS.discoInfo })))).toContain(NS.displayedServerAssist);
  const rows = await world.log.read('alice@localhost', 0, 10);
  expect(rows.some(({ stanza }) => new TextDecoder().decode(stanza).includes(NS.displayedSync))).toBe(false);
  expect(world.problems).toEqual([]);
});

it('XEP-0490 §5.2 made as a private node; a message goes its way whatever becomes of it', async () => {
  const world = await createWorld({ settings: ['pep.nodes=1'] });
  const phone = await world.connect('alice@localhost/phone', { imNg: true });
  const bob = await world.connect('bob@localhost/phone', { imNg: true });
  phone.send(xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', null, 'hi'), displayed('x')));
  await world.settle();
  expect(bob.takeMessages()).toHaveLength(1);
  expect(await itemsOf(bob, NS.displayedSync, 'alice@localhost')).toBe('not-allowed closed-node');
  bob.send(xml('message', { type: 'chat' }, xml('body', null, 'note'), displayed('y')));
  await world.settle();
  expect(bob.takeMessages().map((one) => one.child('displayed', NS.displayedSync))).toEqual([undefined]);
});
