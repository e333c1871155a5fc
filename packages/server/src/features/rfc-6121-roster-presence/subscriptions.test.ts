import { type Element, NS, xml } from '@tutti/xmpp';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, heard, rosterOf, say, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld, type World } from '../../../test/world.ts';

const ROMEO = 'romeo@localhost';
const JULIET = 'juliet@localhost';

async function twoOnline(settings: string[] = []): Promise<{ world: World; romeo: Device; juliet: Device }> {
  const world = await createWorld({ settings });
  const romeo = await comeOnline(world, 'romeo@localhost/orchard');
  const juliet = await comeOnline(world, 'juliet@localhost/balcony');
  return { world, romeo, juliet };
}

/** One side's subscription as a restored backup may have it. */
async function damaged(world: World, account: string, subscription: string): Promise<World> {
  await world.core.options.db.updateTable('roster_item').set({ subscription }).where('account', '=', account).execute();
  return restart(world);
}

const rosterSet = (attrs: Record<string, string>): Element => xml('query', { xmlns: NS.roster }, xml('item', attrs));

describe('a subscription', () => {
  it('§3.1 is asked for, approved, and shows presence at once', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await say(world, romeo, xml('presence', { type: 'subscribe', to: 'juliet@localhost/balcony', id: 'r1' }));
    expect(heard(romeo)).toEqual(['push juliet@localhost none asked']);
    const [request] = juliet.take();
    expect(request?.attrs).toMatchObject({ type: 'subscribe', from: ROMEO, to: JULIET, id: 'r1' });
    expect(await rosterOf(juliet)).toEqual([]);
    await say(world, juliet, subscription('subscribed', ROMEO));
    expect(heard(juliet)).toEqual(['push romeo@localhost from']);
    expect(heard(romeo)).toEqual([
      'subscribed from juliet@localhost',
      'push juliet@localhost to',
      'available from juliet@localhost/balcony',
    ]);
    expect(world.problems).toEqual([]);
  });

  it('§3.1.4 is denied: the request is over on both sides', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await say(world, romeo, subscription('subscribe', JULIET));
    await say(world, juliet, subscription('unsubscribed', ROMEO));
    expect(heard(romeo)).toEqual([
      'push juliet@localhost none asked',
      'unsubscribed from juliet@localhost',
      'push juliet@localhost none',
    ]);
    expect(heard(juliet)).toEqual(['subscribe from romeo@localhost']);
    await say(world, juliet, subscription('subscribed', ROMEO));
    expect(heard(juliet), 'a pre-approval').toEqual(['push romeo@localhost none approved']);
  });

  it('§3.1.3 a request waits for who is offline, whole, and comes at each login until it is answered', async () => {
    const world = await createWorld();
    await world.account(JULIET);
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    const nick = xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, 'Romeo');
    await say(
      world,
      romeo,
      xml('presence', { type: 'subscribe', to: JULIET, id: 'r1' }, xml('status', null, 'It is I'), nick),
    );
    await say(world, romeo, subscription('subscribe', JULIET));

    const balcony = await world.connect('juliet@localhost/balcony');
    await say(world, balcony, xml('presence'));
    const requests = balcony.take().filter(({ attrs }) => attrs['type'] === 'subscribe');
    expect(requests).toHaveLength(1);
    expect(requests[0]?.attrs).toMatchObject({ from: ROMEO, to: JULIET, id: 'r1' });
    expect(requests[0]?.elements.map((child) => child.text())).toEqual(['It is I', 'Romeo']);

    await say(world, balcony, xml('presence', null, xml('show', null, 'away')));
    expect(heard(balcony), 'not with each presence').toEqual(['available from juliet@localhost/balcony']);

    const chamber = await world.connect('juliet@localhost/chamber');
    await say(world, chamber, xml('presence'));
    expect(heard(chamber)).toContain('subscribe from romeo@localhost');
    await say(world, chamber, subscription('subscribed', ROMEO));

    const garden = await world.connect('juliet@localhost/garden');
    await say(world, garden, xml('presence'));
    expect(heard(garden)).not.toContain('subscribe from romeo@localhost');
  });

  it('§3.1.3 a request that comes while the session does comes once, whichever is first', async () => {
    for (let delay = 0; delay < 40; delay += 4) {
      const world = await createWorld();
      const tybalt = await comeOnline(world, 'tybalt@localhost/street');
      const romeo = await comeOnline(world, 'romeo@localhost/orchard');
      const juliet = await world.connect('juliet@localhost/balcony');
      await say(world, tybalt, subscription('subscribe', JULIET));
      romeo.send(subscription('subscribe', JULIET));
      for (let turn = 0; turn < delay; turn += 1) await Promise.resolve();
      await say(world, juliet, xml('presence'));
      const requests = heard(juliet).filter((line) => line.startsWith('subscribe'));
      expect(requests.toSorted()).toEqual(['subscribe from romeo@localhost', 'subscribe from tybalt@localhost']);
    }
  });

  it('§3.1.3 a request survives a restart, and so does the roster', async () => {
    const world = await createWorld();
    await world.account(JULIET);
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    await say(world, romeo, subscription('subscribe', JULIET));
    const again = restart(world);
    const juliet = await again.connect('juliet@localhost/balcony');
    await say(again, juliet, xml('presence'));
    expect(heard(juliet)).toContain('subscribe from romeo@localhost');
    await say(again, juliet, subscription('subscribed', ROMEO));
    expect(await rosterOf(await again.connect('romeo@localhost/orchard'))).toEqual(['juliet@localhost to']);
  });

  it('§3.1.3 asked for again, it is confirmed without asking anybody', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await befriend(world, romeo, juliet);
    const again = await damaged(world, ROMEO, 'from');
    const balcony = await comeOnline(again, 'juliet@localhost/balcony');
    const orchard = await comeOnline(again, 'romeo@localhost/orchard');
    balcony.take();
    await say(again, orchard, subscription('subscribe', JULIET));
    expect(heard(balcony)).toEqual([]);
    expect(heard(orchard)).toEqual([
      'subscribed from juliet@localhost',
      'push juliet@localhost both',
      'available from juliet@localhost/balcony',
    ]);
  });

  it('§4.3.2 that the other side does not know of ends when the account comes online', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await befriend(world, romeo, juliet);
    const again = await damaged(world, JULIET, 'to');
    await comeOnline(again, 'juliet@localhost/balcony');
    const orchard = await again.connect('romeo@localhost/orchard');
    expect(await rosterOf(orchard)).toEqual(['juliet@localhost both']);
    await say(again, orchard, xml('presence'));
    expect(heard(orchard)).toEqual([
      'available from romeo@localhost/orchard',
      'unsubscribed from juliet@localhost',
      'push juliet@localhost from',
    ]);
  });

  it('§3.2 is cancelled by the one who gave it', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await befriend(world, romeo, juliet);
    await say(world, juliet, subscription('unsubscribed', ROMEO));
    expect(heard(romeo)).toEqual([
      'unavailable from juliet@localhost/balcony',
      'unsubscribed from juliet@localhost',
      'push juliet@localhost from',
    ]);
    expect(heard(juliet)).toEqual(['push romeo@localhost to']);
    await say(world, juliet, xml('presence', null, xml('show', null, 'away')));
    expect(heard(romeo)).toEqual([]);
  });

  it('§3.3 is given up by the one who has it', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await befriend(world, romeo, juliet);
    await say(world, romeo, subscription('unsubscribe', JULIET));
    expect(heard(juliet)).toEqual(['unsubscribe from romeo@localhost', 'push romeo@localhost to']);
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony', 'push juliet@localhost from']);
  });

  it('§3.3 a request is taken back', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await say(world, romeo, subscription('subscribe', JULIET), subscription('unsubscribe', JULIET));
    expect(heard(romeo)).toEqual(['push juliet@localhost none asked', 'push juliet@localhost none']);
    expect(heard(juliet)).toEqual(['subscribe from romeo@localhost', 'unsubscribe from romeo@localhost']);
    const chamber = await comeOnline(world, 'juliet@localhost/chamber');
    expect(heard(chamber)).toEqual([]);
  });

  it('§3.4 pre-approval: not routed, pushed, and used for the request that comes', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await say(world, juliet, subscription('subscribed', ROMEO));
    expect(heard(juliet)).toEqual(['push romeo@localhost none approved']);
    expect(heard(romeo)).toEqual([]);
    await say(world, romeo, subscription('subscribe', JULIET));
    expect(heard(juliet)).toEqual(['push romeo@localhost from']);
    expect(heard(romeo)).toEqual([
      'subscribed from juliet@localhost',
      'push juliet@localhost to',
      'available from juliet@localhost/balcony',
    ]);
  });

  it('§3.4.2 pre-approval is taken back', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await say(world, juliet, subscription('subscribed', ROMEO), subscription('unsubscribed', ROMEO));
    expect(heard(juliet)).toEqual(['push romeo@localhost none approved', 'push romeo@localhost none']);
    await say(world, romeo, subscription('subscribe', JULIET));
    expect(heard(juliet)).toEqual(['subscribe from romeo@localhost']);
  });

  it('§2.5.2 removing a contact cancels both directions', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await befriend(world, romeo, juliet);
    const answer = await romeo.ask('set', rosterSet({ jid: JULIET, subscription: 'remove' }));
    expect(answer.attrs['type']).toBe('result');
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony', 'push juliet@localhost remove']);
    expect(heard(juliet)).toEqual([
      'unavailable from romeo@localhost/orchard',
      'unsubscribe from romeo@localhost',
      'unsubscribed from romeo@localhost',
      'push romeo@localhost none',
    ]);
    expect(await rosterOf(romeo)).toEqual([]);
    expect(await rosterOf(juliet)).toEqual(['romeo@localhost none']);
  });

  it('§2.5.2 removing a contact takes back a request, and denies one', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await say(world, romeo, subscription('subscribe', JULIET));
    await juliet.ask('set', rosterSet({ jid: ROMEO }));
    await juliet.ask('set', rosterSet({ jid: ROMEO, subscription: 'remove' }));
    expect(await rosterOf(romeo)).toEqual(['juliet@localhost none']);
    await say(world, romeo, subscription('subscribe', JULIET));
    await romeo.ask('set', rosterSet({ jid: JULIET, subscription: 'remove' }));
    const chamber = await world.connect('juliet@localhost/chamber');
    await say(world, chamber, xml('presence'));
    expect(heard(chamber).filter((line) => line.startsWith('subscribe'))).toEqual([]);
  });

  it('stanzas of two people that cross leave both rosters in agreement', async () => {
    const { world, romeo, juliet } = await twoOnline();
    for (let n = 0; n < 20; n += 1) {
      for (const type of ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'subscribe', 'subscribed']) {
        romeo.send(subscription(type, JULIET));
        juliet.send(subscription(type, ROMEO));
      }
    }
    await world.settle();
    expect(await rosterOf(romeo)).toEqual(['juliet@localhost both']);
    expect(await rosterOf(juliet)).toEqual(['romeo@localhost both']);
    expect(world.problems).toEqual([]);
  });

  it('changes both rosters or neither: a failure half-way leaves nothing behind', async () => {
    const { world, romeo, juliet } = await twoOnline();
    const { db } = world.core.options;
    await sql`create trigger full before insert on subscription_request begin select raise(abort, 'disk full'); end`.execute(
      db,
    );
    await say(world, romeo, subscription('subscribe', JULIET));
    expect(heard(romeo)).toEqual(['error internal-server-error from juliet@localhost']);
    expect(heard(juliet)).toEqual([]);
    expect(await rosterOf(romeo)).toEqual([]);
    expect(world.problems).toHaveLength(1);
    await sql`drop trigger full`.execute(db);
    await say(world, romeo, subscription('subscribe', JULIET));
    expect(heard(romeo)).toEqual(['push juliet@localhost none asked']);
    expect(heard(juliet)).toEqual(['subscribe from romeo@localhost']);
  });

  it('keeps both accounts in memory as long as it takes, and no longer', async () => {
    const { world, romeo } = await twoOnline();
    const holds = (): number[] => [ROMEO, JULIET].map((name) => world.core.accounts.get(name)?.holds ?? 0);
    let both = false;
    romeo.send(subscription('subscribe', JULIET));
    for (let turn = 0; turn < 50; turn += 1) {
      await Promise.resolve();
      both ||= holds().every((count) => count === 1);
    }
    expect(both).toBe(true);
    await world.settle();
    expect(holds()).toEqual([0, 0]);
  });

  it('an account is no contact of its own', async () => {
    const { world, romeo } = await twoOnline();
    await say(world, romeo, subscription('subscribe', 'romeo@localhost/orchard'));
    expect(heard(romeo)).toEqual(['error not-allowed from romeo@localhost/orchard']);
    expect(await rosterOf(romeo)).toEqual([]);
  });

  it('§8.5.1 a request to nobody stays a request', async () => {
    const { world, romeo } = await twoOnline();
    await say(world, romeo, subscription('subscribe', 'nobody@localhost'));
    expect(heard(romeo)).toEqual(['push nobody@localhost none asked']);
  });

  it('limits.roster_items: the last contact that fits, and the one that does not', async () => {
    const { world, romeo } = await twoOnline(['limits.roster_items=2']);
    await say(world, romeo, ...['a', 'b', 'c'].map((name) => subscription('subscribe', `${name}@localhost`)));
    expect(heard(romeo)).toEqual([
      'push a@localhost none asked',
      'push b@localhost none asked',
      'error resource-constraint from c@localhost',
    ]);
    await say(world, romeo, subscription('subscribed', 'd@localhost'));
    expect(heard(romeo)).toEqual(['error resource-constraint from d@localhost']);
  });

  it('limits.roster_items: requests that wait are bounded too', async () => {
    const { world, juliet } = await twoOnline(['limits.roster_items=2']);
    for (const name of ['a', 'b', 'c']) {
      const stranger = await comeOnline(world, `${name}@localhost/x`);
      await say(world, stranger, subscription('subscribe', JULIET));
    }
    expect(heard(juliet)).toEqual(['subscribe from a@localhost', 'subscribe from b@localhost']);
    expect(world.problems).toHaveLength(1);
  });

  it('ends with the account of the contact', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await befriend(world, romeo, juliet);
    await world.core.options.accounts.remove(JULIET);
    await world.settle();
    expect(heard(romeo)).toEqual([
      'unavailable from juliet@localhost/balcony',
      'unsubscribe from juliet@localhost',
      'push juliet@localhost to',
      'unsubscribed from juliet@localhost',
      'push juliet@localhost none',
    ]);
  });

  it('ends with the account of the contact, before there is another of its name, also after a crash', async () => {
    const { world, romeo, juliet } = await twoOnline();
    await befriend(world, romeo, juliet);
    romeo.close();
    juliet.close();
    await world.settle();
    const { accounts, db } = world.core.options;
    await db.updateTable('account').set({ removed_at: 1 }).where('jid', '=', JULIET).execute(); // and there it was killed
    await accounts.add(JULIET, 'another');
    const stranger = await comeOnline(world, `${JULIET}/x`);
    const again = await comeOnline(world, `${ROMEO}/garden`);
    expect(await rosterOf(again)).toEqual(['juliet@localhost none']);
    expect(heard(stranger)).toEqual([]);
  });

  it('I8 requests as large as stanzas may be do not keep their recipient from coming online', async () => {
    const { world, juliet } = await twoOnline(['limits.presence_bytes=0']);
    juliet.close();
    await world.settle();
    const names = Array.from({ length: 25 }, (_, n) => `s${100 + n}@localhost`);
    for (const name of names) {
      const stranger = await comeOnline(world, `${name}/x`);
      await say(world, stranger, subscription('subscribe', JULIET).append(xml('status', null, 'x'.repeat(200_000))));
    }
    const back = await world.connect(`${JULIET}/balcony`);
    const { connection } = back;
    const { write } = connection;
    connection.write = (bytes) => {
      connection.buffered += bytes.length;
      write.call(connection, bytes);
    };
    await say(world, back, xml('presence'));
    let most = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      most = Math.max(most, connection.buffered);
      connection.buffered = 0;
      back.session.drained();
      await world.settle();
    }
    expect(connection.closed).toBe(false);
    expect(most).toBeLessThan(600_000);
    expect(heard(back).filter((line) => line.startsWith('subscribe'))).toEqual(
      names.map((name) => `subscribe from ${name}`),
    );
  });
});
