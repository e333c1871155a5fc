import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../../test/world.ts';
import { defineFeature } from '../feature.ts';
import { features } from '../features/index.ts';
import type { MemoryDisk } from '../log/memory/memory-log.ts';

const note = (to: string, ...more: Parameters<typeof xml>[2][]) =>
  xml('message', { to, type: 'chat', id: 'note' }, xml('body', null, 'hello'), ...more);
const idsOf = (element: ReturnType<typeof xml> | undefined) =>
  element?.childrenNamed('stanza-id', NS.sid).map(({ attrs }) => attrs['by']);

/** Alice blocks Bob. */
const blocking = defineFeature({
  spec: 'test',
  name: 'Blocking for this test',
  setup(api) {
    api.blocks((account, peer) => account.jid.local === 'alice' && peer.local === 'bob');
  },
});

describe('archive ids on the way', () => {
  it("A6 XEP-0359 §3 an id that claims to be the sender's archive's does not reach the recipient", async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone', { imNg: true });
    const bob = await world.connect('bob@localhost/phone', { imNg: true });
    alice.send(note('bob@localhost', xml('stanza-id', { xmlns: NS.sid, by: 'Alice@localhost', id: 'forged' })));
    await world.settle();
    expect(idsOf(alice.takeMessages()[0])).toEqual(['alice@localhost']);
    expect(idsOf(bob.takeMessages()[0])).toEqual(['bob@localhost']);
  });

  it('A5 S6 D5 a legacy session that a note to oneself names gets it with its id, and counts as served', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone', { imNg: true });
    const desk = await world.connect('alice@localhost/desk');
    phone.send(note('alice@localhost/desk'));
    await world.settle();
    const [copy] = desk.takeMessages();
    expect(copy?.attrs['to']).toBe('alice@localhost/desk');
    expect(idsOf(copy)).toEqual(['alice@localhost']);
    expect(idsOf(phone.takeMessages()[0])).toEqual(['alice@localhost']);
    expect(world.core.accounts.get('alice@localhost')?.legacyCursor).toBe(1);
  });
});

describe('S7 answers of the server', () => {
  it('D4 XEP-0191 §3.3 a user who writes to somebody whom they block is told so on every device', async () => {
    const world = await createWorld({ features: [...features, blocking] });
    const phone = await world.connect('alice@localhost/phone', { imNg: true });
    const tv = await world.connect('alice@localhost/tv', { imNg: true });
    const bob = await world.connect('bob@localhost/phone', { imNg: true });
    phone.send(note('bob@localhost'));
    await world.settle();
    for (const device of [phone, tv]) {
      const error = device.takeMessages()[0]?.child('error');
      expect(error?.attrs['type']).toBe('cancel');
      expect(error?.child('not-acceptable', NS.stanzas)).toBeDefined();
      expect(error?.child('blocked', NS.blockingErrors)).toBeDefined();
    }
    expect(bob.take()).toEqual([]);
    expect(await world.rows('alice@localhost')).toBe(1);
  });

  it('D4 what somebody sends to a user who blocks them is still refused, errors among it', async () => {
    const world = await createWorld({ features: [...features, blocking] });
    const phone = await world.connect('alice@localhost/phone', { imNg: true });
    const bob = await world.connect('bob@localhost/phone', { imNg: true });
    bob.send(xml('message', { to: 'alice@localhost/phone', type: 'error' }, xml('error', { type: 'cancel' })));
    bob.send(note('alice@localhost'));
    await world.settle();
    expect(phone.take()).toEqual([]);
    expect(await world.rows('alice@localhost')).toBe(0);
    expect(bob.takeMessages().map(({ attrs }) => attrs['type'])).toEqual(['chat', 'error']);
  });
});

describe('A8 D4 what a user changes while a message is being committed', () => {
  it.each(['archives', 'blocks'] as const)('counts from the next message on: %s', async (fact) => {
    let changed = false;
    const wishes = defineFeature({
      spec: 'test',
      name: 'Wishes that change',
      setup: (api) => api[fact]((account) => account.jid.local === 'bob' && (fact === 'archives') !== changed),
    });
    const commits: (() => void)[] = [];
    const disk: MemoryDisk = { commit: (_batch, done) => void commits.push(done) };
    const withoutWishes = features.filter(({ spec }) => spec !== 'XEP-0441' && spec !== 'XEP-0191');
    const world = await createWorld({ features: [...withoutWishes, wishes], disk });
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) {
        for (const commit of commits.splice(0)) commit();
        await world.settle();
      }
    };
    const whileCommitting = async <T>(work: Promise<T>): Promise<T> => {
      const turn = (): Promise<undefined> => settle().then(() => undefined);
      const done = work.then((value) => ({ value }));
      for (;;) {
        const ended = await Promise.race([done, turn()]);
        if (ended !== undefined) return ended.value;
      }
    };
    const alice = await whileCommitting(world.connect('alice@localhost/phone'));
    const bob = await whileCommitting(world.connect('bob@localhost/phone', { imNg: true }));
    alice.send(note('bob@localhost'));
    await world.settle();
    changed = true;
    // The sessions have changed as well: the deliveries are planned again.
    await world.connect('bob@localhost/tv');
    await settle();
    const received = bob.takeMessages();
    expect(received.map(idsOf)).toEqual([['bob@localhost']]);
    expect(await world.rows('bob@localhost')).toBe(1);
    alice.send(note('bob@localhost'));
    await settle();
    expect(await world.rows('bob@localhost')).toBe(1);
    expect(world.problems).toEqual([]);
  });
});
