import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, conditionOf, say } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld, type World } from '../../../test/world.ts';

const JULIET = 'juliet@localhost';

async function friends(): Promise<{ world: World; romeo: Device; juliet: Device }> {
  const world = await createWorld();
  const romeo = await comeOnline(world, 'romeo@localhost/orchard');
  const juliet = await comeOnline(world, 'juliet@localhost/balcony');
  await befriend(world, romeo, juliet);
  return { world, romeo, juliet };
}

const ask = (device: Device, to?: string): Promise<Element> => device.ask('get', xml('query', { xmlns: NS.last }), to);

/** `903 Heading home`, or the condition of the error. */
function told(answer: Element): string {
  const query = answer.child('query', NS.last);
  return query === undefined ? conditionOf(answer) : `${query.attrs['seconds']} ${query.text()}`.trim();
}

describe('XEP-0012 last activity', () => {
  it('§5 of the server is its uptime', async () => {
    const { world, romeo } = await friends();
    world.clock.advance(123_456);
    expect(told(await ask(romeo, 'localhost'))).toBe('123');
  });

  it('§3 of a contact that has gone: how long ago, and its last status', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, juliet, xml('presence', { type: 'unavailable' }, xml('status', null, 'Heading home')));
    expect(told(await ask(romeo, JULIET)), 'still connected').toBe('0');
    juliet.close();
    await world.settle();
    world.clock.advance(903_000);
    expect(told(await ask(romeo, JULIET))).toBe('903 Heading home');
    const again = await restart(world).connect('romeo@localhost/tomb');
    expect(told(await ask(again, JULIET))).toBe('903 Heading home');
    expect(world.problems).toEqual([]);
  });

  it('§3 of a contact whose connection was lost has no status, also not an earlier one', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, juliet, xml('presence', { type: 'unavailable' }, xml('status', null, 'brb')), xml('presence'));
    juliet.cut();
    await world.settle();
    world.clock.advance(5000);
    expect(told(await ask(romeo, JULIET))).toBe('5');
  });

  it('§3 counts from the last of several sessions', async () => {
    const { world, romeo, juliet } = await friends();
    const chamber = await world.connect('juliet@localhost/chamber');
    juliet.close();
    await world.settle();
    world.clock.advance(60_000);
    expect(told(await ask(romeo, JULIET))).toBe('0');
    expect(await world.core.options.db.selectFrom('last_activity').selectAll().execute()).toEqual([]);
    chamber.close();
    await world.settle();
    world.clock.advance(1000);
    expect(told(await ask(romeo, JULIET))).toBe('1');
  });

  it('is written for all who went within a second together; a name that is given anew was never seen', async () => {
    const { world, romeo, juliet } = await friends();
    const stored = async (): Promise<string[]> =>
      (await world.core.options.db.selectFrom('last_activity').select('account').orderBy('account').execute()).map(
        ({ account }) => account,
      );
    juliet.close();
    await world.settle();
    world.clock.advance(999);
    romeo.close();
    await world.settle();
    expect(await stored()).toEqual([]);
    world.clock.advance(1);
    await world.settle();
    expect(await stored()).toEqual([JULIET, 'romeo@localhost']);

    await world.connect('juliet@localhost/tomb');
    await world.core.options.accounts.remove(JULIET);
    await world.core.options.accounts.add(JULIET, 'another');
    world.clock.advance(1000);
    await world.settle();
    expect(await stored()).toEqual(['romeo@localhost']);
    expect(world.problems).toEqual([]);
  });

  it('is written at once when the server stops', async () => {
    const { world, romeo, juliet } = await friends();
    juliet.close();
    await world.settle();
    world.core.announceStop();
    romeo.close();
    await world.settle();
    expect(await world.core.options.db.selectFrom('last_activity').selectAll().execute()).toHaveLength(2);
  });

  it('of the own account is told', async () => {
    const { juliet } = await friends();
    expect(told(await ask(juliet))).toBe('0');
  });

  it('of a contact that was never seen is not known', async () => {
    const { world, juliet } = await friends();
    juliet.close();
    await world.settle();
    await world.core.options.db.deleteFrom('last_activity').execute();
    const again = await restart(world).connect('romeo@localhost/tomb');
    expect(told(await ask(again, JULIET))).toBe('item-not-found');
  });

  it('§3, §4, §8 is kept from whoever may not see the presence, whether the account and the resource are there or not', async () => {
    const { world, juliet } = await friends();
    const tybalt = await world.connect('tybalt@localhost/street');
    for (const to of [JULIET, 'nobody@localhost', 'juliet@localhost/balcony', 'juliet@localhost/nowhere']) {
      expect(told(await ask(tybalt, to))).toBe('forbidden');
    }
    expect(juliet.take().filter(({ name }) => name === 'iq')).toEqual([]);
  });

  it('§4 of a resource is asked of its client', async () => {
    const { world, romeo, juliet } = await friends();
    romeo.send(xml('iq', { type: 'get', id: 'l1', to: 'juliet@localhost/balcony' }, xml('query', { xmlns: NS.last })));
    await world.settle();
    expect(juliet.take().map(({ attrs }) => attrs['id'])).toEqual(['l1']);
  });
});
