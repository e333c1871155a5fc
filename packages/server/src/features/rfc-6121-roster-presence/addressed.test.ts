import { type Element, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { comeOnline, friends, heard, say, subscription } from '../../../test/contacts.ts';
import { createWorld, type World } from '../../../test/world.ts';
import { defineFeature, type FeatureApi } from '../../feature.ts';
import { rosterAndPresence } from './index.ts';

const available = (...children: Element[]): Element => xml('presence', null, ...children);
const unavailable = (status?: string): Element =>
  xml('presence', { type: 'unavailable' }, status && xml('status', null, status));
const directed = (to: string, type?: string): Element => xml('presence', { to, type });

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
    await say(
      world,
      juliet,
      directed('romeo@localhost/tomb'),
      directed('romeo@localhost/nowhere'),
      directed('nobody@localhost'),
    );
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
    expect(heard(romeo)).toEqual([
      'available from juliet@localhost/balcony',
      'unavailable from juliet@localhost/balcony',
    ]);
    juliet.close();
    await world.settle();
    expect(heard(romeo)).toEqual([]);
  });

  it('to a subscriber ends with the broadcast, once', async () => {
    const { world, romeo, juliet } = await friends();
    await say(
      world,
      juliet,
      directed('romeo@localhost'),
      directed('romeo@localhost/orchard'),
      directed('juliet@localhost/balcony'),
    );
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
    expect(heard(romeo)).toEqual([
      'available from juliet@localhost/balcony',
      'available from juliet@localhost/chamber',
    ]);
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
    expect(service.seen, 'approved already').toEqual([
      'subscribed bot@rooms.localhost',
      'available bot@rooms.localhost',
    ]);
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
