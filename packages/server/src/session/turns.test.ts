import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { type Device, FakeConnection } from '../../test/device.ts';
import { createWorld, type World } from '../../test/world.ts';
import type { MemoryDisk } from '../log/memory/memory-log.ts';

type Resumption = ReturnType<World['host']['resume']>;

const chat = (to: string, id: string): Element => xml('message', { to, type: 'chat', id }, xml('body', null, id));
const presence = (priority: number): Element => xml('presence', null, xml('priority', null, String(priority)));
const idsOf = (messages: readonly Element[]): (string | undefined)[] => messages.map(({ attrs }) => attrs['id']);

describe('what a session has had', () => {
  it('I7 D5 is not replayed when it begins to take messages', async () => {
    const world = await createWorld();
    const romeo = await world.connect('romeo@localhost/orchard');
    const balcony = await world.connect('juliet@localhost/balcony', { priority: -1 });
    romeo.send(chat('juliet@localhost', 'to nobody'));
    romeo.send(chat('juliet@localhost/balcony', 'by name'));
    await world.settle();
    expect(idsOf(balcony.takeMessages())).toEqual(['by name']);
    balcony.send(presence(0));
    await world.settle();
    expect(idsOf(balcony.takeMessages())).toEqual(['to nobody']);
  });

  it('D5 is not what was meant for a client that is gone', async () => {
    const world = await createWorld();
    const romeo = await world.connect('romeo@localhost/orchard');
    const balcony = await world.connect('juliet@localhost/balcony', { priority: 0 });
    balcony.send(chat('nobody@localhost', 'its last word')); // the session lives until this is handled
    balcony.cut();
    romeo.send(chat('juliet@localhost', 'too late'));
    await world.settle();
    const again = await world.connect('juliet@localhost/balcony');
    again.send(presence(0));
    await world.settle();
    expect(idsOf(again.takeMessages())).toEqual(['too late']);
  });
});

describe('XEP-0198 two resumptions at the same time', () => {
  it('only the connection that has the session is sent what was not acknowledged, once', async () => {
    const world = await createWorld();
    const romeo = await world.connect('romeo@localhost/orchard');
    const balcony = await world.connect('juliet@localhost/balcony', { imNg: true });
    balcony.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    const [enabled] = balcony.take();
    romeo.send(chat('juliet@localhost', 'unseen'));
    await world.settle();
    balcony.cut();
    const identity = { account: balcony.jid.bare, mechanism: 'TEST' };
    const resume = xml('resume', { xmlns: NS.sm, previd: enabled?.attrs['id'], h: 0 });
    const connections = [new FakeConnection(), new FakeConnection()] as const;
    const resumptions = await Promise.all(
      connections.map((connection) => world.host.resume(identity, resume, connection)),
    );
    for (const resumption of resumptions) if (resumption.session !== undefined) resumption.start();
    await world.settle();
    expect(connections.map(({ received }) => idsOf(received.filter(({ name }) => name === 'message')))).toEqual([
      [],
      ['unseen'],
    ]);
  });
});

describe('XEP-0198 §5 a session that has waited long enough for its client', () => {
  /** Romeo has written twice, and is gone; nothing is written to the disk yet, and the second message not even looked at. */
  async function leave(): Promise<{
    world: World;
    romeo: Device;
    answer: () => Promise<void>;
    resume: () => Resumption;
  }> {
    const commits: (() => void)[] = [];
    let stuck = false;
    const disk: MemoryDisk = { commit: (_batch, done) => (stuck ? void commits.push(done) : queueMicrotask(done)) };
    const world = await createWorld({ disk, settings: ['limits.sm_resume_timeout="1 minute"'] });
    const romeo = await world.connect('romeo@localhost/orchard', { priority: 0 });
    romeo.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    const [enabled] = romeo.take();
    await world.account('juliet@localhost');
    stuck = true;
    for (const stanza of [chat('juliet@localhost', '1'), presence(0), chat('juliet@localhost', '2')])
      romeo.send(stanza);
    romeo.cut();
    const answer = async (): Promise<void> => {
      await world.settle();
      commits.shift()?.();
      await world.settle();
    };
    const resume = (): Resumption => {
      const identity = { account: romeo.jid.bare, mechanism: 'TEST' };
      const element = xml('resume', { xmlns: NS.sm, previd: enabled?.attrs['id'], h: 0 });
      return world.host.resume(identity, element, new FakeConnection());
    };
    return { world, romeo, answer, resume };
  }

  it('I3 ends when all is handled that had come, however long the disk takes', async () => {
    const { world, romeo, answer, resume } = await leave();
    const { view } = romeo;
    world.clock.advance(60_000);
    const late = resume();
    await answer();
    expect(view.ended).toBe(false);
    await answer();
    expect(view.ended).toBe(true);
    expect((await late).answer.name).toBe('failed');
    expect(await world.rows('juliet@localhost')).toBe(2);
  });

  it('does not end when its client is back by then', async () => {
    const { world, romeo, answer, resume } = await leave();
    const back = resume();
    world.clock.advance(60_000);
    await answer();
    await answer();
    const { answer: resumed } = await back;
    expect(resumed.attrs['h']).toBe('3');
    expect(romeo.view.ended).toBe(false);
  });
});

describe('RFC 6120 §7.7.2.2 two that bind the same resource at the same time', () => {
  it('one session is left', async () => {
    const world = await createWorld();
    const balcony = await world.connect('juliet@localhost/balcony');
    balcony.send(chat('nobody@localhost', 'its last word')); // who comes has to wait for this
    balcony.close();
    const identity = { account: balcony.jid.bare, mechanism: 'TEST' };
    const connections = [new FakeConnection(), new FakeConnection()] as const;
    await Promise.all(connections.map((connection) => world.host.bind(identity, { resource: 'balcony' }, connection)));
    expect(world.core.accounts.get('juliet@localhost')?.sessions).toHaveLength(1);
    expect(connections.map(({ closed }) => closed)).toEqual([true, false]);
  });
});
