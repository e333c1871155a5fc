import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, conditionOf, friends, heard, say, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { createWorld } from '../../../test/world.ts';
import { defineFeature, type FeatureApi } from '../../feature.ts';
import { rosterAndPresence } from './index.ts';

const available = (...children: Element[]): Element => xml('presence', null, ...children);
const unavailable = (status?: string): Element =>
  xml('presence', { type: 'unavailable' }, status && xml('status', null, status));
const directed = (to: string, type?: string): Element => xml('presence', { to, type });

describe('limits.presence_bytes', () => {
  it.each([
    [0, 'Shall we?'],
    [1, undefined],
  ])('a request from elsewhere, %i bytes longer, is kept with: %s', async (more, said) => {
    const request = (status: string): Element =>
      xml(
        'presence',
        { from: 'paris@elsewhere.example', to: 'juliet@localhost', type: 'subscribe' },
        xml('status', null, status),
      );
    const size = request('Shall we?').toBytes(NS.client).length;
    const world = await createWorld({ settings: [`limits.presence_bytes=${size - more}`] });
    await world.account('juliet@localhost');
    await world.core.router.fromOutside(request('Shall we?'), () => undefined);
    await world.settle();
    const juliet = await world.connect('juliet@localhost/balcony');
    await juliet.ask('get', xml('query', { xmlns: NS.roster }));
    await say(world, juliet, available());
    const asked = juliet.take().find(({ attrs }) => attrs['type'] === 'subscribe');
    expect(asked?.attrs['from']).toBe('paris@elsewhere.example');
    expect(asked?.child('status')?.text()).toBe(said);
  });

  const FROM = { from: 'juliet@localhost/balcony' };
  const sizeOf = (status: string): number =>
    xml('presence', FROM, xml('status', null, status)).toBytes(NS.client).length;

  it('one of this size goes to everybody, one byte more to nobody, and its sender is told', async () => {
    const { world, romeo, juliet } = await friends([`limits.presence_bytes=${sizeOf('x'.repeat(500))}`]);
    await say(world, juliet, available(xml('status', null, 'x'.repeat(500))));
    expect(romeo.take().map((presence) => presence.child('status')?.text().length)).toEqual([500]);
    juliet.take();
    await say(world, juliet, available(xml('status', null, 'y'.repeat(501))));
    expect(romeo.take()).toEqual([]);
    expect(juliet.take().map(conditionOf)).toEqual(['not-acceptable']);
    await say(world, juliet, xml('presence', { to: 'romeo@localhost' }, xml('status', null, 'z'.repeat(501))));
    expect(romeo.take()).toEqual([]);
    expect(juliet.take().map(conditionOf)).toEqual(['not-acceptable']);
  });

  it('0 for none', async () => {
    const { world, romeo, juliet } = await friends(['limits.presence_bytes=0']);
    await say(world, juliet, available(xml('status', null, 'x'.repeat(100_000))));
    expect(romeo.take().map((presence) => presence.child('status')?.text().length)).toEqual([100_000]);
  });
});

describe('RFC 6121 §4.2 initial presence', () => {
  it('goes to contacts and to the own resources, this one among them; those online answer', async () => {
    const { world, romeo, juliet } = await friends();
    const chamber = await world.connect('juliet@localhost/chamber');
    await say(world, chamber, xml('presence', { id: 'p1' }, xml('show', null, 'dnd')));
    const own = 'available from juliet@localhost/chamber';
    const [shown] = romeo.take();
    expect(shown?.attrs).toEqual({ from: 'juliet@localhost/chamber', to: 'romeo@localhost', id: 'p1' });
    expect(shown?.child('show')?.text()).toBe('dnd');
    expect(heard(juliet)).toEqual([own]);
    expect(heard(chamber)).toEqual([
      own,
      'available from juliet@localhost/balcony',
      'available from romeo@localhost/orchard',
    ]);
    expect(world.problems).toEqual([]);
  });

  it('goes to those that are subscribed, comes from those that the account is subscribed to, and from nobody else', async () => {
    const world = await createWorld();
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    await say(world, romeo, subscription('subscribe', 'juliet@localhost'));
    await say(world, juliet, subscription('subscribed', 'romeo@localhost'));
    romeo.take();
    juliet.take();
    await say(world, await world.connect('juliet@localhost/chamber'), available());
    expect(heard(romeo)).toEqual(['available from juliet@localhost/chamber']);
    const tomb = await world.connect('romeo@localhost/tomb');
    await say(world, tomb, available());
    expect(heard(juliet)).toEqual(['available from juliet@localhost/chamber']);
    expect(heard(tomb)).toContain('available from juliet@localhost/balcony');
    expect(heard(tomb)).not.toContain('available from romeo@localhost/tomb');
  });

  it('reaches sessions of negative priority, and none without presence', async () => {
    const { world, juliet } = await friends();
    const shy = await world.connect('romeo@localhost/shy', { priority: -1 });
    const mute = await world.connect('romeo@localhost/mute');
    await say(world, juliet, available());
    expect(heard(shy)).toEqual(['available from juliet@localhost/balcony']);
    expect(heard(mute)).toEqual([]);
  });

  it.each([
    ['-128', -128],
    ['127', 127],
    [' +5 ', 5],
    [undefined, 0],
  ])('§4.7.2.3 has the priority %s', async (text, priority) => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await say(world, device, available(...(text === undefined ? [] : [xml('priority', null, text)])));
    expect(device.view.priority).toBe(priority);
  });

  it.each(['-129', '128', '', '1.5', 'high', '1e1'])('§4.7.2.3 has not the priority "%s"', async (text) => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await say(world, device, available(xml('priority', null, text)));
    expect(heard(device)).toEqual(['error bad-request from juliet@localhost']);
    expect(device.view.priority).toBeUndefined();
  });

  it('has one priority', async () => {
    const world = await createWorld();
    const device = await world.connect('juliet@localhost/balcony');
    await say(world, device, available(xml('priority', null, '1'), xml('priority', null, '1')));
    expect(heard(device)).toEqual(['error bad-request from juliet@localhost']);
  });

  it('sets what message routing needs before anybody hears of it', async () => {
    const order: string[] = [];
    let api!: FeatureApi;
    const watcher = defineFeature({
      spec: 'test',
      name: 'watcher',
      setup(given) {
        api = given;
        given.on('sessionAvailable', (session, first) =>
          order.push(`${session.resource} ${session.priority} ${first}`),
        );
      },
    });
    const world = await createWorld({ features: [rosterAndPresence, watcher] });
    const device = await world.connect('juliet@localhost/balcony', { priority: 3 });
    await say(world, device, available(), unavailable(), available());
    expect(order).toEqual(['balcony 3 true', 'balcony 0 false']);
    expect(api.session(device.jid)?.presence?.name).toBe('presence');
  });
});

describe('RFC 6121 §4.4 subsequent presence', () => {
  it('is broadcast, and asks nobody again', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, juliet, available(xml('show', null, 'away')));
    expect(romeo.take().map((presence) => presence.child('show')?.text())).toEqual(['away']);
    expect(heard(juliet)).toEqual(['available from juliet@localhost/balcony']);
  });
});

describe('RFC 6121 §4.5 unavailable presence', () => {
  it('goes to contacts and own resources with what the client said', async () => {
    const { world, romeo, juliet } = await friends();
    const chamber = await comeOnline(world, 'juliet@localhost/chamber');
    romeo.take();
    juliet.take();
    await say(world, juliet, unavailable('Parting is such sweet sorrow'));
    for (const device of [romeo, chamber]) {
      const [presence] = device.take();
      expect(presence?.attrs).toMatchObject({ type: 'unavailable', from: 'juliet@localhost/balcony' });
      expect(presence?.child('status')?.text()).toBe('Parting is such sweet sorrow');
    }
    expect(heard(juliet)).toEqual([]);
    expect(juliet.view.priority).toBeUndefined();
    await say(world, romeo, available());
    expect(heard(juliet), 'no longer available').toEqual([]);
  });

  it.each(['close', 'cut'] as const)('§4.5.2 is made by the server when the connection ends (%s)', async (how) => {
    const { world, romeo, juliet } = await friends();
    juliet[how]();
    await world.settle();
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony']);
  });

  it('is sent once, also when the connection ends after it', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, juliet, unavailable());
    juliet.close();
    await world.settle();
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony']);
  });

  it('does not come for a lost session before it can no longer be resumed (XEP-0198)', async () => {
    const { world, romeo, juliet } = await friends(['limits.sm_resume_timeout="1 minute"']);
    juliet.send(xml('enable', { xmlns: NS.sm, resume: 'true' }));
    await world.settle();
    juliet.cut();
    await world.settle();
    expect(heard(romeo)).toEqual([]);
    world.clock.advance(60_000);
    await world.settle();
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony']);
  });

  it('of a session that was never available goes to nobody', async () => {
    const { world, romeo } = await friends();
    const chamber = await world.connect('juliet@localhost/chamber');
    await say(world, chamber, unavailable());
    chamber.close();
    await world.settle();
    expect(heard(romeo)).toEqual([]);
  });
});

describe('XEP-0191 §3.3 blocks', () => {
  it('keep presence back in both directions, broadcasts and probes too', async () => {
    const blocked = new Set<string>();
    const blocking = defineFeature({
      spec: 'test',
      name: 'blocking',
      setup: (api) => api.blocks((account, peer) => blocked.has(`${account.jid} ${peer.bare}`)),
    });
    const world = await createWorld({ features: [rosterAndPresence, blocking] });
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    await befriend(world, romeo, juliet);
    for (const pair of ['romeo@localhost juliet@localhost', 'juliet@localhost romeo@localhost']) {
      blocked.add(pair);
      await say(world, juliet, available(xml('show', null, 'away')));
      expect(heard(romeo)).toEqual([]);
      const tomb = await world.connect('romeo@localhost/tomb');
      await say(world, tomb, available());
      expect(heard(tomb)).not.toContain('available from juliet@localhost/balcony');
      tomb.close();
      await world.settle();
      romeo.take();
      expect(heard(juliet)).toEqual(['available from juliet@localhost/balcony']);
      blocked.delete(pair);
    }
    await say(world, juliet, available());
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony']);
  });
});

describe('XEP-0191 §3.3, §3.4 a change of blocks', () => {
  const block = (name: string, jid: string): Element => xml(name, { xmlns: NS.blocking }, xml('item', { jid }));

  it('whom the account blocks sees it go, and come again', async () => {
    const { world, romeo, juliet } = await friends();
    await comeOnline(world, 'juliet@localhost/chamber');
    const tybalt = await comeOnline(world, 'tybalt@localhost/street');
    await say(world, juliet, directed('tybalt@localhost'));
    romeo.take();
    tybalt.take();
    await juliet.ask('set', block('block', 'romeo@localhost'));
    await juliet.ask('set', block('block', 'tybalt@localhost'));
    expect(heard(romeo)).toEqual([
      'unavailable from juliet@localhost/balcony',
      'unavailable from juliet@localhost/chamber',
    ]);
    expect(heard(tybalt)).toEqual(['unavailable from juliet@localhost/balcony']);
    await juliet.ask('set', block('unblock', 'romeo@localhost'));
    await juliet.ask('set', block('unblock', 'tybalt@localhost'));
    expect(heard(romeo)).toEqual([
      'available from juliet@localhost/balcony',
      'available from juliet@localhost/chamber',
    ]);
    expect(heard(tybalt)).toEqual([]);
    juliet.close();
    await world.settle();
    expect(heard(tybalt)).toEqual([]);
  });
});

describe('XEP-0191 §3.3 a blocked contact', () => {
  it('is not heard when it asks, and can end its subscriptions', async () => {
    const { world, romeo, juliet } = await friends();
    const tybalt = await comeOnline(world, 'tybalt@localhost/street');
    for (const jid of ['romeo@localhost', 'tybalt@localhost']) {
      await juliet.ask('set', xml('block', { xmlns: NS.blocking }, xml('item', { jid })));
    }
    await say(world, tybalt, subscription('subscribe', 'juliet@localhost'));
    await romeo.ask(
      'set',
      xml('query', { xmlns: NS.roster }, xml('item', { jid: 'juliet@localhost', subscription: 'remove' })),
    );
    expect(heard(tybalt)).toEqual(['push juliet@localhost none asked']);
    expect(heard(juliet).filter((line) => !line.startsWith('iq'))).toEqual(['push romeo@localhost none']);
    expect(world.problems).toEqual([]);
  });
});

describe('the facts for other features', () => {
  it('who is a contact, and who may see the presence', async () => {
    let api!: FeatureApi;
    const watcher = defineFeature({ spec: 'test', name: 'watcher', setup: (given) => void (api = given) });
    const world = await createWorld({ features: [rosterAndPresence, watcher] });
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    await say(world, romeo, subscription('subscribe', 'juliet@localhost'));
    await say(world, juliet, subscription('subscribed', 'romeo@localhost'));
    const facts = (of: Device, peer: string): [boolean, boolean] => {
      return [api.isContact(of.view.account, JID.parse(peer)), api.maySeePresence(of.view.account, JID.parse(peer))];
    };
    expect(facts(romeo, 'juliet@localhost/balcony')).toEqual([true, false]);
    expect(facts(juliet, 'romeo@localhost/orchard')).toEqual([true, true]);
    expect(facts(juliet, 'juliet@localhost/chamber')).toEqual([false, true]);
    expect(facts(juliet, 'tybalt@localhost')).toEqual([false, false]);
  });
});

it('I8 whoever has more contacts online than may wait for an acknowledgement hears of all of them', async () => {
  const world = await createWorld({ settings: ['limits.sm_unacked_max=5'] });
  const before = await comeOnline(world, 'juliet@localhost/x');
  for (let n = 0; n < 20; n += 1) await befriend(world, before, await comeOnline(world, `c${n}@localhost/x`));
  before.close();
  const juliet = await world.connect('juliet@localhost/x');
  juliet.send(xml('enable', { xmlns: NS.sm }));
  await say(world, juliet, xml('presence'));
  let heardOf = 0;
  for (let turn = 0; turn < 20; turn += 1) {
    heardOf += juliet.take().filter(({ name }) => name === 'presence').length;
    await say(world, juliet, xml('a', { xmlns: NS.sm, h: heardOf }));
  }
  expect(juliet.connection.closed).toBe(false);
  expect(heardOf).toBe(21);
});
