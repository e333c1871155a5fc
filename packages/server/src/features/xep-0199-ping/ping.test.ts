import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { conditionOf } from '../../../test/contacts.ts';
import { createWorld } from '../../../test/world.ts';

const ping = xml('ping', { xmlns: NS.ping });

describe('XEP-0199 ping', () => {
  it('§4.2 the domain and the own account answer', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    for (const [to, from] of [
      [undefined, 'alice@localhost'],
      ['alice@localhost', 'alice@localhost'],
      ['localhost', 'localhost'],
    ]) {
      const answer = await alice.ask('get', ping, to);
      expect(answer.attrs).toMatchObject({ type: 'result', from });
      expect(answer.elements).toEqual([]);
    }
  });

  it('§4.4 clients answer for themselves; others are not told whether there is an account', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    const bob = await world.connect('bob@localhost/phone');
    alice.send(xml('iq', { type: 'get', id: 'p1', to: 'bob@localhost/phone' }, ping));
    await world.settle();
    expect(bob.take().map(({ attrs }) => attrs['id'])).toEqual(['p1']);
    for (const to of ['bob@localhost', 'nobody@localhost', 'bob@localhost/gone']) {
      expect(conditionOf(await alice.ask('get', ping, to))).toBe('service-unavailable');
    }
  });
});
