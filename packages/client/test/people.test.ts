import { xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until, World } from './world.ts';

describe('people', { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it('Alice adds Bob, he accepts: both devices of hers see it, and that he goes', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [phone, desk, his] = [await world.online(alice), await world.online(alice), await world.online(bob)];
    const shown = (): string => JSON.stringify([phone, desk].map(({ people }) => [...people.contacts.values()]));
    await phone.people.add(his.account, { name: 'Bob', groups: ['Friends'] });
    await until(() => his.people.asking.includes(phone.account), shown);
    await his.people.accept(phone.account);
    expect(his.people.asking).toEqual([]);
    const seen = (): boolean =>
      [phone, desk].every(
        ({ people }) =>
          people.contacts.get(his.account)?.subscription === 'to' && people.devicesOf(his.account).length === 1,
      );
    await until(seen, shown);
    expect(desk.people.contacts.get(his.account)).toEqual({
      jid: his.account,
      name: 'Bob',
      subscription: 'to',
      asked: false,
      groups: ['Friends'],
    });

    await his.sendPresence(xml('presence', null, xml('show', null, 'away'), xml('status', null, 'Dinner')));
    await until(() => phone.people.devicesOf(his.account)[0]?.show === 'away', shown);
    expect(phone.people.devicesOf(his.account)).toEqual([
      { address: his.address, show: 'away', status: 'Dinner', priority: 0 },
    ]);
    await his.stop();
    await until(() => [phone, desk].every(({ people }) => people.devicesOf(his.account).length === 0), shown);

    await desk.people.remove(his.account);
    await until(() => phone.people.contacts.size === 0, shown);
    expect((await world.online(alice)).people.contacts.size).toBe(0);
  });

  it('Bob says no', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [phone, his] = [await world.online(alice), await world.online(bob)];
    await phone.people.add(his.account);
    await until(
      () => his.people.asking.length === 1 && phone.people.contacts.get(his.account)?.asked === true,
      () => 'asked',
    );
    await his.people.deny(phone.account);
    await until(
      () => phone.people.contacts.get(his.account)?.asked === false,
      () => 'answered',
    );
    expect(phone.people.contacts.get(his.account)?.subscription).toBe('none');
  });

  it('XEP-0191: whom one device blocks the other knows, and the next start too', async () => {
    const [alice, bob] = [await world.account('alice'), await world.account('bob')];
    const [phone, desk, his] = [await world.online(alice), await world.online(alice), await world.online(bob)];
    await phone.people.block(his.account);
    await until(
      () => desk.people.blocked.has(his.account),
      () => [...desk.people.blocked].join(),
    );
    void his.conversation(phone.account).send('Are you there?');
    await until(
      () => his.conversation(phone.account).messages[0]?.state === 'failed',
      () => JSON.stringify(his.conversation(phone.account).messages),
    );
    const later = await world.online(alice);
    await until(
      () => later.people.blocked.has(his.account),
      () => [...later.people.blocked].join(),
    );
    await later.people.unblock();
    await until(
      () => phone.people.blocked.size === 0,
      () => [...phone.people.blocked].join(),
    );
    expect(phone.conversation(his.account).messages).toEqual([]);
  });
});
