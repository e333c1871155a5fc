import { type Element, NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../client/device.ts';
import { requirePeer } from '../peers.ts';
import { create, eventsIn, itemsOf, publish, pubsub, receiveEvent, wantEvents } from '../pep.ts';
import { isPresence } from '../stage.ts';
import { Authority } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import { Tutti } from './rig/tutti.ts';

const DOMAINS = { ours: 'pep.us.example', theirs: 'pep.them.example' };
const tune = (title: string): Element => xml('tune', { xmlns: NS.tune }, xml('title', null, title));

describe.runIf(requirePeer('openssl', 'personal eventing between servers'))(
  'personal eventing between two servers',
  () => {
    let dns: DnsServer;
    let us: Tutti;
    let them: Tutti;

    beforeAll(async () => {
      dns = await DnsServer.start();
      const ground = { dns, authority: new Authority() };
      const certificate = ground.authority.issue({ dns: [DOMAINS.ours, `pubsub.${DOMAINS.ours}`] });
      us = await Tutti.start(ground, { [DOMAINS.ours]: 'starttls' }, { certificate });
      them = await Tutti.start(ground, { [DOMAINS.theirs]: 'starttls' });
    });

    afterAll(async () => {
      await Promise.all([us, them].map((server) => server[Symbol.asyncDispose]()));
      dns[Symbol.dispose]();
    });

    it('XEP-0163 §4 a contact elsewhere is told at the resources that want it, also after both have been started anew', async () => {
      const alice = await us.join(DOMAINS.ours, 'alice');
      const bob = await them.join(DOMAINS.theirs, 'bob');
      await befriend(alice, bob);
      await wantEvents(bob, NS.tune);
      await alice.ask('set', publish(NS.tune, 'one', tune('one')));
      const { attrs } = await receiveEvent(bob, `${NS.tune} one`);
      expect(attrs).toMatchObject({ from: alice.bare, to: bob.jid, type: 'headline' });
      expect(await itemsOf(bob, NS.tune, alice.bare)).toEqual(['one']);
      await alice.ask('set', publish('urn:test:private', 'x', tune('x'), { access_model: 'whitelist' }));
      const refused = await bob.iq('get', pubsub(xml('items', { node: 'urn:test:private' })), alice.bare);
      expect(refused.toString()).toContain('closed-node');

      await Promise.all([us.restart(), them.restart()]);
      const back = await them.connect('bob', bob.account);
      // §4.3.4: alice is not there, and her server knows nothing of bob's client.
      await wantEvents(back, NS.tune);
      await receiveEvent(back, `${NS.tune} one`);
      const again = await us.connect('alice', alice.account);
      await again.available();
      await again.ask('set', publish(NS.tune, 'two', tune('two')));
      await receiveEvent(back, `${NS.tune} two`);
      await Promise.all([back.close(), again.close()]);
    });

    it('XEP-0163 §4.3.4 a new contact elsewhere gets the last item when the subscription is granted', async () => {
      const alice = await us.join(DOMAINS.ours, 'alice');
      const bob = await them.join(DOMAINS.theirs, 'bob');
      await alice.ask('set', publish(NS.tune, 'one', tune('one')));
      await grant(alice, bob);
      // Alice sees bob, and her server learns what bob's client wants; bob does not see alice yet.
      await wantEvents(bob, NS.tune);
      const event = receiveEvent(bob, `${NS.tune} one`);
      await grant(bob, alice);
      expect((await event).child('delay', NS.delay)).toBeDefined();
      await Promise.all([alice.close(), bob.close()]);
    });

    it('XEP-0163 §4.3.4 XEP-0060 §9.2 a contact elsewhere gets the last items of what it wants later, once', async () => {
      const alice = await us.join(DOMAINS.ours, 'alice');
      const bob = await them.join(DOMAINS.theirs, 'bob');
      await befriend(alice, bob);
      await alice.ask('set', publish(NS.tune, 'one', tune('one')));
      await alice.ask('set', publish('urn:test:later', 'two', tune('two')));
      await wantEvents(bob, NS.tune);
      await receiveEvent(bob, `${NS.tune} one`);
      bob.mark();
      await wantEvents(bob, NS.tune, 'urn:test:later');
      await receiveEvent(bob, 'urn:test:later two');
      await alice.ask('set', publish('urn:test:later', 'three', tune('three')));
      await receiveEvent(bob, 'urn:test:later three');
      expect(eventsIn(bob.news())).toEqual(['urn:test:later two', 'urn:test:later three']);
      await Promise.all([alice.close(), bob.close()]);
    });

    it('XEP-0060 §6.1 a subscriber elsewhere is told, also after both have been started anew', async () => {
      const service = `pubsub.${DOMAINS.ours}`;
      const alice = await us.join(DOMAINS.ours, 'alice');
      const bob = await them.join(DOMAINS.theirs, 'bob');
      dns.announce(service, { plain: us.port('s2s') });
      await alice.ask('set', create('blog', { access_model: 'open' }), service);
      await bob.ask('set', pubsub(xml('subscribe', { node: 'blog', jid: bob.bare })), service);
      await alice.ask('set', publish('blog', 'one', tune('one')), service);
      await receiveEvent(bob, 'blog one');
      await Promise.all([us.restart(), them.restart()]);
      dns.announce(service, { plain: us.port('s2s') });
      const [again, back] = [await us.connect('alice', alice.account), await them.connect('bob', bob.account)];
      await back.available();
      await again.ask('set', publish('blog', 'two', tune('two')), service);
      const { attrs } = await receiveEvent(back, 'blog two');
      expect(attrs['from']).toBe(service);
      await Promise.all([back.close(), again.close()]);
    });
  },
);

/** Both see each other's presence from now on. */
async function befriend(alice: Device, bob: Device): Promise<void> {
  await grant(alice, bob);
  await grant(bob, alice);
}

/** The first one sees the other's presence from now on. */
async function grant(asks: Device, grants: Device): Promise<void> {
  for (const device of [asks, grants]) await device.ask('get', xml('query', { xmlns: NS.roster }));
  const asked = grants.receive((stanza) => isPresence(stanza, 'subscribe', asks.bare));
  asks.presence({ type: 'subscribe', to: grants.bare });
  await asked;
  const granted = asks.receive((stanza) => isPresence(stanza, 'subscribed', grants.bare));
  grants.presence({ type: 'subscribed', to: asks.bare });
  await granted;
}
