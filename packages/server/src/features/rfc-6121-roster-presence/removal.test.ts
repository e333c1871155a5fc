import { xml } from '@tutti/xmpp';
import { expect, it } from 'vitest';
import { FakeLink } from '../../../test/fake-link.ts';
import { createWorld } from '../../../test/world.ts';

it('XEP-0077 §3.2 an account that is removed ends its subscriptions with contacts on other servers, and refuses who asks', async () => {
  const world = await createWorld();
  const link = new FakeLink();
  world.core.links.remote = link;
  const alice = await world.connect('alice@localhost/phone', { priority: 0 });
  const hear = (from: string, type: string): void =>
    world.core.router.route(xml('presence', { from, to: 'alice@localhost', type }));
  for (const contact of ['both', 'to', 'from', 'asked']) {
    const to = `${contact}@remote.example`;
    alice.send(xml('presence', { to, type: contact === 'from' ? 'subscribed' : 'subscribe' }));
    if (contact === 'both' || contact === 'to') hear(to, 'subscribed');
    if (contact === 'both' || contact === 'from') hear(to, 'subscribe');
    if (contact === 'both') alice.send(xml('presence', { to, type: 'subscribed' }));
    await world.settle();
  }
  hear('asking@remote.example', 'subscribe');
  await world.settle();
  link.take();
  await world.core.options.accounts.remove('alice@localhost');
  await world.settle();
  const said = link
    .take()
    .map(({ attrs: { from, to, type } }) => `${from} ${type} ${to?.replace('@remote.example', '')}`);
  expect(said.filter((one) => one.startsWith('alice@localhost ')).toSorted()).toEqual([
    'alice@localhost unsubscribe asked',
    'alice@localhost unsubscribe both',
    'alice@localhost unsubscribe to',
    'alice@localhost unsubscribed asking',
    'alice@localhost unsubscribed both',
    'alice@localhost unsubscribed from',
  ]);
  // Her presence ends for those who had it, before the subscription does.
  expect(said).toContain('alice@localhost/phone unavailable both');
  expect(said.indexOf('alice@localhost/phone unavailable both')).toBeLessThan(
    said.indexOf('alice@localhost unsubscribed both'),
  );
  expect(world.problems).toEqual([]);
});
