import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, heard, say, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';
import { defineFeature, type FeatureApi } from '../../feature.ts';
import { rosterAndPresence } from './index.ts';

const available = (...children: Element[]): Element => xml('presence', null, ...children);
const unavailable = (status?: string): Element => xml('presence', { type: 'unavailable' }, status && xml('status', null, status));
const directed = (to: string, type?: string): Element => xml('presence', { to, type });

async function friends(settings: string[] = []): Promise<{ world: World; romeo: Device; juliet: Device }> {
  const world = await createWorld({ settings });
  const romeo = await comeOnline(world, 'romeo@localhost/orchard');
  const juliet = await comeOnline(world, 'juliet@localhost/balcony');
  await befriend(world, romeo, juliet);
  return { world, romeo, juliet };
}

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
    expect(heard(chamber)).toEqual([own, 'available from juliet@localhost/balcony', 'available from romeo@localhost/orchard']);
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
        given.on('sessionAvailable', (session, first) => order.push(`${session.resource} ${session.priority} ${first}`));
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

describe('RFC 6121 §4.6 directed presence', () => {
  it('reaches a stranger, and so does the end of it', async () => {
    const world = await createWorld();
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    await say(world, juliet, directed('romeo@localhost'));
    await say(world, juliet, available(xml('show', null, 'away')));
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony']);
    await say(world, juliet, unavailable('bye'));
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony']);
    juliet.close();
    await world.settle();
    expect(heard(romeo)).toEqual([]);
  });

  it('§8.5.3.1 to a full JID is for that resource, without presence too; to one that is not there for nobody', async () => {
    const world = await createWorld();
    const orchard = await comeOnline(world, 'romeo@localhost/orchard');
    const tomb = await world.connect('romeo@localhost/tomb');
    const juliet = await world.connect('juliet@localhost/balcony');
    await say(world, juliet, directed('romeo@localhost/tomb'), directed('romeo@localhost/nowhere'), directed('nobody@localhost'));
    expect(heard(tomb)).toEqual(['available from juliet@localhost/balcony']);
    expect(heard(orchard)).toEqual([]);
    juliet.cut();
    await world.settle();
    expect(heard(tomb)).toEqual(['unavailable from juliet@localhost/balcony']);
    expect(heard(juliet)).toEqual([]);
  });

  it('is taken back from whom it was sent to', async () => {
    const world = await createWorld();
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    const juliet = await world.connect('juliet@localhost/balcony');
    await say(world, juliet, directed('romeo@localhost'), directed('romeo@localhost', 'unavailable'));
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony', 'unavailable from juliet@localhost/balcony']);
    juliet.close();
    await world.settle();
    expect(heard(romeo)).toEqual([]);
  });

  it('to a subscriber ends with the broadcast, once', async () => {
    const { world, romeo, juliet } = await friends();
    await say(world, juliet, directed('romeo@localhost'), directed('romeo@localhost/orchard'), directed('juliet@localhost/balcony'));
    romeo.take();
    juliet.take();
    juliet.close();
    await world.settle();
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony']);
  });

  it('to a service is handed over, and ends there too; an error forgets it', async () => {
    const { world, service } = await withService();
    const juliet = await world.connect('juliet@localhost/balcony');
    await say(world, juliet, directed('hall@rooms.localhost/j'), directed('cellar@rooms.localhost/j'));
    service.route(xml('presence', { type: 'error', from: 'cellar@rooms.localhost/j', to: 'juliet@localhost/balcony' }));
    await world.settle();
    expect(heard(juliet)).toEqual(['error no error from cellar@rooms.localhost/j']);
    service.seen.length = 0;
    juliet.cut();
    await world.settle();
    expect(service.seen).toEqual(['unavailable hall@rooms.localhost/j']);
  });

  it('limits.directed_presences at its edge', async () => {
    const world = await createWorld({ settings: ['limits.directed_presences=2'] });
    const juliet = await world.connect('juliet@localhost/balcony');
    await say(world, juliet, ...['a', 'b', 'b', 'c'].map((name) => directed(`${name}@localhost`)));
    expect(heard(juliet)).toEqual(['error resource-constraint from c@localhost']);
    await say(world, juliet, directed('a@localhost', 'unavailable'), directed('c@localhost'));
    expect(heard(juliet)).toEqual([]);
  });
});

describe('RFC 6121 §4.3 probes', () => {
  it('§4.3.2 of a subscriber are answered with the presence of each resource', async () => {
    const { world, romeo } = await friends();
    await comeOnline(world, 'juliet@localhost/chamber');
    romeo.take();
    await say(world, romeo, directed('juliet@localhost', 'probe'));
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony', 'available from juliet@localhost/chamber']);
    await say(world, romeo, directed('juliet@localhost/chamber', 'probe'));
    expect(heard(romeo)).toEqual(['available from juliet@localhost/chamber']);
  });

  it('§4.3.2 for somebody offline are answered with unavailable', async () => {
    const { world, romeo, juliet } = await friends();
    juliet.close();
    await world.settle();
    romeo.take();
    await say(world, romeo, directed('juliet@localhost', 'probe'));
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost']);
  });

  it('§4.3.2 of strangers show nothing', async () => {
    const { world, service } = await withService();
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    await say(world, romeo, directed('juliet@localhost', 'probe'), directed('nobody@localhost', 'probe'));
    expect(heard(romeo)).toEqual([]);
    service.route(directed('juliet@localhost', 'probe').with({ from: 'hall@rooms.localhost' }));
    await world.settle();
    expect(service.seen).toEqual(['unsubscribed hall@rooms.localhost']);
    expect(heard(juliet)).toEqual([]);
  });

  it('of somebody who waits for an answer do not take the request back', async () => {
    const world = await createWorld();
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    await say(world, romeo, subscription('subscribe', 'juliet@localhost'));
    romeo.take();
    await say(world, romeo, directed('juliet@localhost', 'probe'));
    expect(heard(romeo)).toEqual([]);
    await say(world, juliet, subscription('subscribed', 'romeo@localhost'));
    expect(heard(romeo)).toContain('push juliet@localhost to');
  });
});

describe('presence from elsewhere', () => {
  it('§3 subscription stanzas of a service take their course', async () => {
    const { world, service } = await withService();
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    service.route(subscription('subscribe', 'juliet@localhost').with({ from: 'bot@rooms.localhost/x' }));
    await world.settle();
    expect(heard(juliet)).toEqual(['subscribe from bot@rooms.localhost']);
    await say(world, juliet, subscription('subscribed', 'bot@rooms.localhost'));
    expect(heard(juliet)).toEqual(['push bot@rooms.localhost from']);
    expect(service.seen).toEqual(['subscribed bot@rooms.localhost', 'available bot@rooms.localhost']);
    service.seen.length = 0;
    service.route(subscription('subscribe', 'juliet@localhost').with({ from: 'bot@rooms.localhost' }));
    await world.settle();
    expect(service.seen, 'approved already').toEqual(['subscribed bot@rooms.localhost', 'available bot@rooms.localhost']);
  });

  it('§3.1.2 a request to an account elsewhere is sent again when the account comes online', async () => {
    const { world, service } = await withService();
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    await say(world, juliet, subscription('subscribe', 'bot@rooms.localhost'));
    juliet.close();
    service.seen.length = 0;
    await comeOnline(world, 'juliet@localhost/balcony');
    await comeOnline(world, 'juliet@localhost/chamber');
    expect(service.seen).toEqual(['subscribe bot@rooms.localhost']);
  });

  it('§4.3.1 contacts elsewhere are probed', async () => {
    const { world, service } = await withService();
    const juliet = await comeOnline(world, 'juliet@localhost/balcony');
    await say(world, juliet, subscription('subscribe', 'bot@rooms.localhost'));
    service.route(subscription('subscribed', 'juliet@localhost').with({ from: 'bot@rooms.localhost' }));
    await world.settle();
    expect(heard(juliet)).toContain('push bot@rooms.localhost to');
    service.seen.length = 0;
    await comeOnline(world, 'juliet@localhost/chamber');
    expect(service.seen).toEqual(['probe bot@rooms.localhost']);
  });

  it('§8.5 errors reach the session that they are for, and nobody else', async () => {
    const { world, romeo, juliet } = await friends();
    for (const to of ['juliet@localhost/balcony', 'juliet@localhost', 'juliet@localhost/nowhere']) {
      await say(world, romeo, directed(to, 'error'));
    }
    expect(heard(juliet)).toEqual(['error no error from romeo@localhost/orchard']);
  });

  it.each(['subscribe', 'probe', 'unsubscribed'])('%s without an address is refused', async (type) => {
    const { world, juliet } = await friends();
    await say(world, juliet, xml('presence', { type }), xml('presence', { type: 'error' }));
    expect(heard(juliet)).toEqual(['error bad-request from juliet@localhost']);
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
    expect(heard(romeo)).toEqual(['unavailable from juliet@localhost/balcony', 'unavailable from juliet@localhost/chamber']);
    expect(heard(tybalt)).toEqual(['unavailable from juliet@localhost/balcony']);
    await juliet.ask('set', block('unblock', 'romeo@localhost'));
    await juliet.ask('set', block('unblock', 'tybalt@localhost'));
    expect(heard(romeo)).toEqual(['available from juliet@localhost/balcony', 'available from juliet@localhost/chamber']);
    expect(heard(tybalt)).toEqual([]);
    juliet.close();
    await world.settle();
    expect(heard(tybalt)).toEqual([]);
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

/** A world with a service beside the accounts: it sees what is sent to it, and sends what it likes. */
async function withService(): Promise<{ world: World; service: { seen: string[]; route: (stanza: Element) => void } }> {
  const seen: string[] = [];
  let api!: FeatureApi;
  const rooms = defineFeature({
    spec: 'test',
    name: 'rooms',
    setup(given) {
      api = given;
      given.service('rooms.localhost', ({ attrs }) => void seen.push(`${attrs['type'] ?? 'available'} ${attrs['to']}`));
    },
  });
  const world = await createWorld({ features: [rosterAndPresence, rooms] });
  return { world, service: { seen, route: (stanza) => api.route(stanza) } };
}
