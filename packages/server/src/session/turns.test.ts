import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test/device.ts';
import { createWorld } from '../../test/world.ts';

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
