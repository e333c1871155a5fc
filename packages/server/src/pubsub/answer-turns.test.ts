import { type Element, NS, xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { publish, pubsub } from '../../test/pubsub.ts';
import { createWorld } from '../../test/world.ts';

it('I8 a slow client that asks for much at once gets it as it reads, and is not thrown out', async () => {
  const world = await createWorld({ settings: ['limits.outbox_bytes=20000'] });
  const phone = await world.connect('alice@localhost/phone', { imNg: true });
  const picture = xml('data', { xmlns: NS.avatarData }, 'A'.repeat(15_000));
  const nodes = Array.from({ length: 20 }, (_, n) => `node-${n}`);
  for (const node of nodes) await phone.ask('set', publish(node, picture, { id: '1' }));
  phone.take();
  // It reads nothing more.
  const { connection } = phone;
  const write = connection.write.bind(connection);
  connection.write = (bytes) => {
    connection.buffered += bytes.length;
    write(bytes);
  };
  for (const node of nodes) phone.send(xml('iq', { type: 'get', id: node }, pubsub(xml('items', { node }))));
  await world.settle();
  const answers = (): Element[] => connection.received.filter(({ name }) => name === 'iq');
  expect(answers().length).toBeLessThan(5);
  for (let turn = 0; turn < 40 && answers().length < 20; turn += 1) {
    connection.buffered = 0;
    phone.session.drained();
    await world.settle();
  }
  expect(answers().map(({ attrs }) => attrs['id'])).toEqual(nodes);
  expect(connection.closed).toBe(false);
  expect(world.problems).toEqual([]);
});
