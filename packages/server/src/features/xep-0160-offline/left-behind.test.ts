import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { say } from '../../../test/contacts.ts';
import {
  arrive,
  arriveManaged,
  away,
  bodies,
  JULIET,
  message,
  numbers,
  presence,
} from '../../../test/offline-stage.ts';
import { restart } from '../../../test/restart.ts';

describe('D5 what a legacy session leaves behind, to a legacy session', () => {
  it('that comes is given what one that was lost had not acknowledged (XEP-0198)', async () => {
    const { world } = await away(2, ['limits.sm_resume_timeout="1 minute"']);
    const balcony = await arriveManaged(world, 'balcony');
    expect(bodies(balcony)).toEqual(['1', '2']);
    balcony.cut();
    world.clock.advance(60_000);
    await world.settle();
    const chamber = await world.connect(`${JULIET}/chamber`);
    chamber.send(xml('enable', { xmlns: NS.sm }));
    await say(world, chamber, presence());
    expect(bodies(chamber)).toEqual(['1', '2']);
    await say(world, chamber, xml('a', { xmlns: NS.sm, h: 3 })); // its own presence, and two messages
    chamber.close();
    await world.settle();
    expect(bodies(await arrive(world, 'garden'))).toEqual([]);
  });

  it('is given what another that is lost for good has not acknowledged, and no more than that', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"']);
    const balcony = await arriveManaged(world, 'balcony');
    balcony.cut();
    await say(world, romeo, message('1'), message('2'));
    const chamber = await world.connect(`${JULIET}/chamber`);
    chamber.send(xml('enable', { xmlns: NS.sm }));
    await say(world, chamber, presence());
    await say(world, romeo, message('3'));
    expect(bodies(chamber)).toEqual(['3']);
    world.clock.advance(60_000);
    await world.settle();
    expect(bodies(chamber)).toEqual(['1', '2']);
    chamber.close();
    await world.settle();
    expect(bodies(await arrive(world, 'garden')), 'it has not acknowledged them either').toEqual(['1', '2', '3']);
  });

  it('is given what another has left behind although it has had what came later, now or when it comes, also after a restart', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"']);
    const balcony = await arriveManaged(world, 'balcony');
    balcony.cut();
    await say(world, romeo, message('1'));
    const chamber = await arrive(world, 'chamber');
    await say(world, romeo, message('2'));
    expect(bodies(chamber)).toEqual(['2']);
    chamber.close();
    world.clock.advance(1000); // the cursor goes along with a commit
    await world.settle();
    const again = await arrive(restart(world), 'garden');
    expect(bodies(again), 'whoever was to have it is gone').toEqual(['1']);

    const garden = await arrive(world, 'garden');
    expect(bodies(garden), 'it is on its way to the balcony').toEqual([]);
    await say(world, romeo, message('3'));
    expect(bodies(garden)).toEqual(['3']);
    world.clock.advance(60_000);
    await world.settle();
    expect(bodies(garden)).toEqual(['1']);
  });

  it('is given all of a long conversation, in which its own account has written too', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"']);
    const desk = await world.connect(`${JULIET}/desk`);
    await desk.ask('set', xml('enable', { xmlns: NS.imNg }));
    const balcony = await arriveManaged(world, 'balcony');
    balcony.cut();
    const sent = numbers(1, 150);
    for (const text of sent) {
      await say(world, romeo, message(text));
      await say(
        world,
        desk,
        xml('message', { to: 'romeo@localhost', type: 'chat' }, xml('body', null, `answer to ${text}`)),
      );
    }
    world.clock.advance(60_000);
    await world.settle();
    expect(bodies(await arrive(world, 'garden'))).toEqual(sent);
  });

  it('is given what another has left behind when the one that was given it first enables IM-NG (E4)', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"']);
    const balcony = await arriveManaged(world, 'balcony');
    balcony.cut();
    await say(world, romeo, message('1'));
    const garden = await arrive(world, 'garden');
    const chamber = await arrive(world, 'chamber');
    garden.connection.buffered = 300_000;
    world.clock.advance(60_000);
    await world.settle();
    expect(bodies(chamber)).toEqual([]);
    await garden.ask('set', xml('enable', { xmlns: NS.imNg }));
    garden.connection.buffered = 0;
    garden.session.drained();
    await world.settle();
    expect([bodies(garden), bodies(chamber)]).toEqual([[], ['1']]);
  });

  it('I7 is not given twice what another ends of', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"', 'limits.sm_unacked_max=2']);
    const balcony = await arriveManaged(world, 'balcony');
    balcony.cut();
    const chamber = await world.connect(`${JULIET}/chamber`);
    await say(world, chamber, presence());
    for (const body of numbers(1, 5)) await say(world, romeo, message(body));
    expect(world.core.accounts.get(JULIET)?.session('balcony'), 'more than it may be kept').toBeUndefined();
    expect(bodies(chamber)).toEqual(numbers(1, 5));
  });

  it('I7 is not given again what another ends of, and a third one after that', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"', 'limits.sm_unacked_max=2']);
    const balcony = await arriveManaged(world, 'balcony');
    balcony.cut();
    const garden = await arrive(world, 'garden');
    garden.connection.buffered = 300_000;
    const chamber = await arrive(world, 'chamber');
    for (const body of numbers(1, 5)) await say(world, romeo, message(body));
    expect(world.core.accounts.get(JULIET)?.session('balcony'), 'more than it may be kept').toBeUndefined();
    garden.cut();
    await world.settle();
    expect(bodies(chamber)).toEqual(numbers(1, 5));
  });

  it('D5 is not given what another has had of the delivery in which one ends', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"', 'limits.sm_unacked_max=2']);
    const balcony = await world.connect(`${JULIET}/balcony`);
    balcony.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    balcony.cut();
    const garden = await world.connect(`${JULIET}/garden`, { carbons: true });
    const chamber = await world.connect(`${JULIET}/chamber`, { priority: 0 });
    await say(world, romeo, ...numbers(1, 5).map((body) => message(body, { to: `${JULIET}/balcony` })));
    expect(world.core.accounts.get(JULIET)?.session('balcony'), 'more than may be kept').toBeUndefined();
    expect(garden.takeMessages()).toHaveLength(5);
    expect(bodies(chamber)).toEqual([]);
  });

  it('D5 is not given what another one has on its way', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"']);
    const manage = xml('enable', { xmlns: NS.sm, resume: 'true' });
    const balcony = await world.connect(`${JULIET}/balcony`);
    const chamber = await world.connect(`${JULIET}/chamber`);
    const garden = await world.connect(`${JULIET}/garden`);
    balcony.send(manage);
    await say(world, balcony, presence());
    world.clock.advance(1000);
    garden.send(manage);
    await say(world, garden, presence());
    balcony.cut();
    await say(world, romeo, message('1'));
    await say(world, chamber, presence());
    world.clock.advance(60_000);
    await world.settle();
    expect(bodies(garden)).toEqual(['1']);
    expect(bodies(chamber), 'it is on its way to the garden').toEqual([]);
    garden.cut();
    world.clock.advance(60_000);
    await world.settle();
    expect(bodies(chamber), 'where it was lost').toEqual(['1']);
  });

  it('is not given what another leaves behind when it reads the archive itself', async () => {
    const { world, romeo } = await away(0, ['limits.sm_resume_timeout="1 minute"']);
    const balcony = await arriveManaged(world, 'balcony');
    balcony.cut();
    await say(world, romeo, message('1'));
    const reader = await world.connect(`${JULIET}/reader`);
    await reader.ask('set', xml('query', { xmlns: NS.mam }));
    await say(world, reader, presence());
    reader.take();
    world.clock.advance(60_000);
    await world.settle();
    expect(bodies(reader)).toEqual([]);
  });
});
