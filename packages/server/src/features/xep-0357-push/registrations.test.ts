import { NS, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { disable, enable, errorOf, setUp } from '../../../test/push.ts';

describe('XEP-0357 §4 §5 registrations', () => {
  it('§4 is announced by the account', async () => {
    const { world } = await setUp();
    const bob = await world.connect('bob@localhost/phone');
    expect((await bob.ask('get', xml('query', { xmlns: NS.discoInfo }))).toString()).toContain("var='urn:xmpp:push:0'");
  });

  it.each([
    ['without an address', xml('enable', { xmlns: NS.push, node: 'x' }), 'bad-request'],
    ['with one that is none', xml('enable', { xmlns: NS.push, jid: '@', node: 'x' }), 'jid-malformed'],
    ['with another form', enable('x', writeForm('submit', 'something', [])), 'bad-request'],
    ['with a node of 4097 characters', enable('x'.repeat(4097)), 'not-acceptable'],
    ['with a node of 4096 characters', enable('x'.repeat(4096)), undefined],
  ])('§5.1 %s', async (_, request, condition) => {
    const { world } = await setUp();
    const bob = await world.connect('bob@localhost/phone');
    expect(errorOf(await bob.ask('set', request))).toBe(condition);
  });

  it('§5.1 the form of publish options is bounded', async () => {
    const form = writeForm('submit', NS.pubsubPublishOptions, [{ var: 'secret', value: 'xyz' }]);
    const size = form.toBytes().length;
    for (const [most, condition] of [
      [size, undefined],
      [size - 1, 'not-acceptable'],
      [0, undefined],
    ] as const) {
      const { world } = await setUp([`push.options_bytes=${most}`]);
      const bob = await world.connect('bob@localhost/phone');
      expect(errorOf(await bob.ask('set', enable('x', form)))).toBe(condition);
    }
  });

  it('§5.2 disable: one node, or all of the service', async () => {
    const { world, app, say } = await setUp();
    const phone = await world.connect('bob@localhost/phone');
    for (const node of ['a', 'b', 'c']) await phone.ask('set', enable(node));
    await phone.ask('set', disable('a'));
    phone.close();
    await say();
    expect(app.take()).toHaveLength(2);
    const again = await world.connect('bob@localhost/phone');
    await again.ask('set', disable());
    again.close();
    await say();
    expect(app.take()).toEqual([]);
  });

  it('registrations: the oldest gives way', async () => {
    const { world, app, say } = await setUp(['push.registrations=2']);
    const phone = await world.connect('bob@localhost/phone');
    for (const node of ['a', 'b', 'c']) await phone.ask('set', enable(node));
    phone.close();
    await world.settle();
    await say();
    const nodes = app.told.map((iq) => iq.child('pubsub', NS.pubsub)?.child('publish')?.attrs['node']);
    expect(nodes.toSorted()).toEqual(['b', 'c']);
  });

  it('another account cannot register for this one', async () => {
    const { alice } = await setUp();
    expect(errorOf(await alice.ask('set', enable('x'), 'bob@localhost'))).toBeDefined();
  });
});
