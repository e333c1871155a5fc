import { JID, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test/device.ts';
import { createWorld } from '../../test/world.ts';
import { defineFeature } from '../feature.ts';
import { features } from '../features/index.ts';

const identity = { account: JID.parse('alice@localhost'), mechanism: 'TEST' };

describe('binding', () => {
  it('a session that is bound while its account is being removed ends with it', async () => {
    const world = await createWorld();
    await world.account('alice@localhost');
    const { accounts } = world.core.options;
    let load = (): void => {};
    const { head } = world.log;
    world.log.head = async (name) => {
      await new Promise<void>((resolve) => (load = resolve));
      return head.call(world.log, name);
    };
    const connection = new FakeConnection();
    const binding = world.host.bind(identity, { resource: 'r' }, connection);
    await world.settle();
    const removal = accounts.remove('alice@localhost');
    await world.settle();
    load();
    await removal;
    await binding.catch(() => undefined);
    await world.settle();
    expect([...world.core.sessions()]).toEqual([]);
    expect(connection.closed).toBe(true);
    expect(world.core.accounts.get('alice@localhost')).toBeUndefined();
  });

  it('who has logged in to an account that was removed binds and resumes nothing of a later one of its name', async () => {
    const world = await createWorld();
    await world.account('alice@localhost');
    const { accounts } = world.core.options;
    const earlier = { ...identity, incarnation: (await accounts.incarnation(identity.account)) ?? 0 };
    const first = await world.host.bind(earlier, { resource: 'r' }, new FakeConnection());
    expect(first.session.jid.resource).toBe('r');
    await accounts.remove('alice@localhost');
    await world.settle();
    world.clock.advance(1000);
    await world.account('alice@localhost');
    const later = { ...identity, incarnation: (await accounts.incarnation(identity.account)) ?? 0 };
    expect(later.incarnation).not.toBe(earlier.incarnation);
    await expect(world.host.bind(earlier, { resource: 'r' }, new FakeConnection())).rejects.toMatchObject({
      condition: 'not-authorized',
    });
    expect([...world.core.sessions()]).toEqual([]);
    const { session } = await world.host.bind(later, { resource: 'r' }, new FakeConnection());
    expect([...world.core.sessions()]).toEqual([session]);
    session.receive(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    const previd = [...world.core.sessions()][0]?.outbox.sm?.id ?? '';
    expect(previd).not.toBe('');
    const resume = xml('resume', { xmlns: NS.sm, h: '0', previd });
    const answer = await world.host.resume(earlier, resume, new FakeConnection());
    expect(answer.answer.child('item-not-found', NS.stanzas)).toBeDefined();
    expect(answer.session).toBeUndefined();
    expect((await world.host.resume(later, resume, new FakeConnection())).answer.name).toBe('resumed');
  });

  it('a session is not bound to an account that was forgotten in this moment', async () => {
    const world = await createWorld();
    await world.account('alice@localhost');
    await world.core.accounts.load(identity.account);
    const binding = world.host.bind(identity, { resource: 'r' }, new FakeConnection());
    world.core.accounts.forget('alice@localhost');
    await expect(binding).rejects.toMatchObject({ condition: 'not-authorized' });
    expect([...world.core.sessions()]).toEqual([]);
  });

  it('XEP-0386 §4 no session is left when what was asked for inline fails', async () => {
    const world = await createWorld();
    await world.account('alice@localhost');
    world.log.query = () => Promise.reject(new Error('the disk is gone'));
    const bind = xml('bind', { xmlns: NS.bind2 });
    await expect(world.host.bind(identity, { inline: bind }, new FakeConnection())).rejects.toThrow('the disk is gone');
    expect([...world.core.sessions()]).toEqual([]);
  });
});

describe('a fault of ours', () => {
  const stanza = xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', null, 'hi'));
  const broken = defineFeature({
    spec: 'TEST',
    name: 'broken',
    setup(api) {
      api.blocks(() => {
        throw new Error('what a bug');
      });
      api.nonza('break', 'urn:test', () => {
        throw new Error('what a bug');
      });
    },
  });

  it.each([
    ['at once', ['bob@localhost/r'], stanza],
    ['after an account was loaded', [], stanza],
    ['in a top-level element', [], xml('break', { xmlns: 'urn:test' })],
  ])('costs one session: %s', async (_, online, element) => {
    const world = await createWorld({ features: [...features, broken] });
    const alice = await world.connect('alice@localhost/r');
    await world.account('bob@localhost');
    const others = await Promise.all(online.map((full) => world.connect(full)));
    alice.send(element);
    await world.settle();
    expect(alice.connection.closedWith?.child('internal-server-error', NS.streams)).toBeDefined();
    expect([...world.core.sessions('alice@localhost')]).toEqual([]);
    expect(others.every(({ connection }) => !connection.closed)).toBe(true);
    expect(world.problems.join()).toContain('what a bug');
  });
});
