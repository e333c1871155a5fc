import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { bindInline } from '../../../test/bind2.ts';
import { say } from '../../../test/contacts.ts';
import { arrive, away, bodies, JULIET, message, numbers, presence } from '../../../test/offline-stage.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld } from '../../../test/world.ts';

describe('XEP-0160 D5 a legacy session that comes online', () => {
  it('gets what was missed, with its time and its stanza-id, in order', async () => {
    const { world } = await away(2);
    world.clock.advance(3_600_000);
    const balcony = await arrive(world, 'balcony');
    const messages = balcony.takeMessages();
    expect(messages.map((one) => one.child('body')?.text())).toEqual(['1', '2']);
    expect(messages[0]?.attrs).toMatchObject({ from: 'romeo@localhost/orchard', to: JULIET, id: '1' });
    expect(messages[0]?.child('delay', NS.delay)?.attrs).toEqual({
      from: 'localhost',
      stamp: '2026-01-01T00:00:00.000Z',
    });
    expect(messages[0]?.child('stanza-id', NS.sid)?.attrs['by']).toBe(JULIET);
    expect(world.problems).toEqual([]);
  });

  it('I7 is not told again what it had as a carbon before its presence', async () => {
    const world = await createWorld();
    await world.account(JULIET);
    const romeo = await world.connect('romeo@localhost/orchard');
    await say(world, romeo, message('1'));
    const balcony = await world.connect(`${JULIET}/balcony`, { carbons: true });
    await say(world, romeo, message('2'));
    expect(balcony.takeMessages().map((one) => one.elements[0]?.name)).toEqual(['received']);
    await say(world, balcony, presence());
    expect(bodies(balcony)).toEqual(['1']);
  });

  it('RFC 6120 §10.1 gets what comes meanwhile behind it', async () => {
    const { world, romeo } = await away(250);
    const balcony = await world.connect(`${JULIET}/balcony`);
    balcony.connection.buffered = 10_000_000;
    await say(world, balcony, presence());
    await say(world, romeo, message('live'));
    expect(bodies(balcony)).toEqual([]);
    balcony.connection.buffered = 0;
    balcony.session.drained();
    await world.settle();
    expect(bodies(balcony)).toEqual([...numbers(1, 250), 'live']);
    expect(balcony.view.account.legacyCursor).toBe(251);
  });

  it('is the only one, once', async () => {
    const { world } = await away(2);
    const balcony = await arrive(world, 'balcony');
    expect(bodies(balcony)).toEqual(['1', '2']);
    await say(world, balcony, xml('presence', { type: 'unavailable' }), presence());
    expect(bodies(balcony)).toEqual([]);
    expect(bodies(await arrive(world, 'chamber'))).toEqual([]);
    balcony.close();
    await world.settle();
    expect(bodies(await arrive(world, 'garden'))).toEqual([]);
    world.clock.advance(2000); // the cursor goes along with a commit
    await world.settle();
    expect(bodies(await arrive(restart(world), 'balcony'))).toEqual([]);
  });

  it('is chosen when two come at the same time', async () => {
    const { world } = await away(150);
    const [one, two] = [await world.connect(`${JULIET}/1`), await world.connect(`${JULIET}/2`)];
    await say(world, one, presence());
    await say(world, two, presence());
    expect([...bodies(one), ...bodies(two)]).toEqual(numbers(1, 150));
  });

  it('takes messages: not with a negative priority, but as soon as it is not negative', async () => {
    const { world } = await away(1);
    const balcony = await arrive(world, 'balcony', -1);
    expect(bodies(balcony)).toEqual([]);
    await say(world, balcony, presence(0));
    expect(bodies(balcony)).toEqual(['1']);
  });

  it('gets nothing when it reads the archive itself: IM-NG, a query before its presence, Bind 2', async () => {
    const { world } = await away(1);
    const imNg = await world.connect(`${JULIET}/im-ng`, { imNg: true });
    await say(world, imNg, presence());
    expect(bodies(imNg)).toEqual([]);
    imNg.close();

    const reader = await world.connect(`${JULIET}/reader`);
    await reader.ask('set', xml('query', { xmlns: NS.mam }));
    reader.take();
    await say(world, reader, presence());
    expect(bodies(reader)).toEqual([]);
    reader.close();
    await world.settle();

    const modern = await bindInline(world, `${JULIET}/modern`);
    await say(world, modern, presence());
    expect(bodies(modern)).toEqual([]);
    modern.close();
    await world.settle();

    const legacy = await arrive(world, 'balcony');
    expect(bodies(legacy), 'it is still there for who needs it').toEqual(['1']);
  });

  it('gets chat and normal messages with content only', async () => {
    const { world, romeo } = await away(0);
    const composing = xml('composing', { xmlns: NS.chatStates });
    await say(
      world,
      romeo,
      message('headline', { type: 'headline' }),
      message('groupchat', { type: 'groupchat' }),
      xml('message', { to: JULIET, type: 'chat' }, composing),
      message('normal', { type: 'normal' }),
      message('chat'),
    );
    expect(bodies(await arrive(world, 'balcony'))).toEqual(['normal', 'chat']);
  });

  it('gets what comes meanwhile once, and live', async () => {
    const { world, romeo } = await away(250);
    const balcony = await world.connect(`${JULIET}/balcony`);
    balcony.send(presence());
    for (let turn = 0; turn < 5; turn += 1) {
      romeo.send(message(`live ${turn}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await world.settle();
    const got = bodies(balcony);
    expect(got.filter((body) => body?.startsWith('live'))).toEqual(['live 0', 'live 1', 'live 2', 'live 3', 'live 4']);
    expect(got.filter((body) => !body?.startsWith('live'))).toEqual(numbers(1, 250));
  });

  it('does not lose what waits when a message to its full JID comes before its presence', async () => {
    const { world, romeo } = await away(2);
    const balcony = await world.connect(`${JULIET}/balcony`);
    await say(world, romeo, message('3', { to: `${JULIET}/balcony` }));
    expect(bodies(balcony)).toEqual(['3']);
    await say(world, balcony, presence());
    expect(bodies(balcony)).toEqual(expect.arrayContaining(['1', '2']));
  });

  it('I8 is waited for when it reads slowly', async () => {
    const { world } = await away(250);
    const balcony = await world.connect(`${JULIET}/balcony`);
    balcony.connection.buffered = 300_000;
    balcony.send(presence());
    await world.settle();
    expect(bodies(balcony)).toEqual([]);
    balcony.connection.buffered = 0;
    balcony.session.drained();
    await world.settle();
    expect(bodies(balcony)).toEqual(numbers(1, 250));
  });

  it('hands the rest to another legacy session when it goes', async () => {
    const { world } = await away(3);
    const balcony = await world.connect(`${JULIET}/balcony`);
    const chamber = await world.connect(`${JULIET}/chamber`);
    balcony.connection.buffered = 300_000;
    await say(world, balcony, presence());
    await say(world, chamber, presence());
    expect(bodies(chamber)).toEqual([]);
    balcony.cut();
    await world.settle();
    expect(bodies(chamber)).toEqual(['1', '2', '3']);
  });

  it('gets what came while it was not available', async () => {
    const { world, romeo } = await away(0);
    const balcony = await arrive(world, 'balcony');
    await say(world, balcony, xml('presence', { type: 'unavailable' }));
    await say(world, romeo, message('1'));
    expect(bodies(balcony)).toEqual([]);
    await say(world, balcony, presence());
    await say(world, romeo, message('2'));
    expect(bodies(balcony)).toEqual(['1', '2']);
  });

  it('that was there is not given later what was for nobody who was there (D2)', async () => {
    const { world, romeo } = await away(0);
    const balcony = await arrive(world, 'balcony');
    await say(world, romeo, message('1', { to: `${JULIET}/gone`, type: 'normal' }), message('2'));
    const chamber = await world.connect(`${JULIET}/chamber`, { priority: -1 });
    chamber.close();
    await world.settle();
    expect(bodies(balcony)).toEqual(['2']);
    expect(bodies(await arrive(world, 'garden')), 'the next one is').toEqual(['1']);
  });

  it('is given all of it when one that is being given it enables IM-NG (E4)', async () => {
    const { world } = await away(3);
    const balcony = await world.connect(`${JULIET}/balcony`);
    balcony.connection.buffered = 300_000;
    await say(world, balcony, presence());
    await balcony.ask('set', xml('enable', { xmlns: NS.imNg }));
    const chamber = await arrive(world, 'chamber');
    balcony.connection.buffered = 0;
    balcony.session.drained();
    await world.settle();
    expect(bodies(balcony)).toEqual([]);
    expect(bodies(chamber)).toEqual(['1', '2', '3']);
  });

  it('has them for itself, acknowledged or not, as long as it is there', async () => {
    const { world } = await away(2);
    const balcony = await world.connect(`${JULIET}/balcony`);
    balcony.send(xml('enable', { xmlns: NS.sm }));
    await say(world, balcony, presence());
    expect(bodies(balcony)).toEqual(['1', '2']);
    await say(world, balcony, xml('presence', { type: 'unavailable' }), presence());
    expect(bodies(balcony)).toEqual([]);
    expect(bodies(await arrive(world, 'chamber'))).toEqual([]);
  });

  it('has them for itself while it reads slowly, whatever its presence', async () => {
    const { world } = await away(2);
    const balcony = await world.connect(`${JULIET}/balcony`);
    balcony.connection.buffered = 300_000;
    await say(world, balcony, presence(), xml('presence', { type: 'unavailable' }));
    expect(bodies(await arrive(world, 'chamber'))).toEqual([]);
    balcony.connection.buffered = 0;
    balcony.session.drained();
    await world.settle();
    expect(bodies(balcony)).toEqual(['1', '2']);
  });

  it('limits.offline_messages: the newest, at the edge; 0 for all', async () => {
    const { world: exact } = await away(120, ['limits.offline_messages=120']);
    expect(bodies(await arrive(exact, 'balcony'))).toEqual(numbers(1, 120));
    const { world: less, romeo } = await away(120, ['limits.offline_messages=119']);
    expect(bodies(await arrive(less, 'balcony'))).toEqual(numbers(2, 120));
    for (const device of less.core.accounts.get(JULIET)?.sessions ?? []) device.end();
    await say(less, romeo, message('121'));
    expect(bodies(await arrive(less, 'chamber')), 'the skipped ones are over').toEqual(['121']);
    const { world: all } = await away(120, ['limits.offline_messages=0']);
    expect(bodies(await arrive(all, 'balcony'))).toEqual(numbers(1, 120));
  });

  it('limits.offline_messages counts messages, not rows', async () => {
    const { world, romeo } = await away(0, ['limits.offline_messages=2']);
    const composing = xml('message', { to: JULIET, type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));
    await say(world, romeo, message('1'), message('2'), composing, composing, composing);
    expect(bodies(await arrive(world, 'balcony'))).toEqual(['1', '2']);
  });

  it('does not look twice at rows that are not for it', async () => {
    const { world } = await away(0);
    const phone = await world.connect(`${JULIET}/phone`, { imNg: true });
    await say(world, phone, xml('message', { to: 'romeo@localhost', type: 'chat' }, xml('body', null, 'own')));
    await arrive(world, 'balcony');
    const account = world.core.accounts.get(JULIET);
    expect(account?.legacyCursor).toBe(account?.head);
    expect(account?.head).toBe(1);
  });

  it('msgoffline is discovered', async () => {
    const { world, romeo } = await away(0);
    const info = await romeo.ask('get', xml('query', { xmlns: NS.discoInfo }), 'localhost');
    const features = info
      .child('query', NS.discoInfo)
      ?.childrenNamed('feature')
      .map(({ attrs }) => attrs['var']);
    expect(features).toContain('msgoffline');
    expect(world.problems).toEqual([]);
  });
});
