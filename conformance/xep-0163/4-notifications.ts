import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkNothing } from '../checks.ts';
import { check } from '../failure.ts';
import { eventsIn, publish, receiveEvent, retract, wantEvents } from '../pep.ts';
import { section } from '../suite.ts';

const tune = (title: string): Element => xml('tune', { xmlns: NS.tune }, xml('title', null, title));

export default section('xep-0163', '4', 'Receiving event notifications', { needs: ['pep'] }, ({ test }) => {
  test('§4.2 a contact that wants it is told, at the full JID, from the bare JID', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy,silent tv=legacy' });
    await wantEvents(bob.phone, NS.tune);
    await stage.befriend(alice.phone, bob.tv);
    await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
    const { attrs } = await receiveEvent(bob.phone, `${NS.tune} a`);
    checkEqual([attrs['from'], attrs['to'], attrs['type']], [alice.jid, bob.phone.jid, 'headline'], 'the event');
    checkEqual(eventsIn((await stage.news()).get(bob.tv)), [], 'what a client without interest gets');
  });

  test(
    'D7 §4 one event for each own device that wants it, and nothing in the archive',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=im-ng,silent tv=im-ng,silent other=legacy' });
      for (const device of [alice.phone, alice.tv]) await wantEvents(device, NS.tune);
      await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
      for (const device of [alice.phone, alice.tv]) await receiveEvent(device, `${NS.tune} a`);
      const news = await stage.news();
      for (const device of [alice.phone, alice.tv])
        checkEqual(eventsIn(news.get(device)), [`${NS.tune} a`], device.name);
      checkEqual(eventsIn(news.get(alice.other)), [], 'a client without interest');
      checkEqual((await alice.phone.archive()).rows.length, 0, 'the number of rows');
    },
    ['im-ng'],
  );

  test('§4.3.4 who comes gets the last item, once', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy tv=legacy,silent' });
    await stage.befriend(alice.phone, bob.phone);
    for (const id of ['a', 'b']) await alice.phone.ask('set', publish(NS.tune, id, tune(id)));
    bob.tv.mark();
    await wantEvents(bob.tv, NS.tune);
    await receiveEvent(bob.tv, `${NS.tune} b`);
    await stage.settle();
    bob.tv.presence({}, xml('status', null, 'still here'));
    checkEqual(eventsIn((await stage.news(bob.tv)).get(bob.tv)), [], 'what another presence brings');
  });

  test('§4.3.4 the own last item, too; none where the node says never', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy,silent' });
    await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
    await alice.phone.ask('set', publish('urn:test:never', 'n', tune('n'), { send_last_published_item: 'never' }));
    await wantEvents(alice.tv, NS.tune, 'urn:test:never');
    await receiveEvent(alice.tv, `${NS.tune} a`);
    checkEqual(
      eventsIn((await stage.news()).get(alice.tv)).filter((event) => event.startsWith('urn:test')),
      [],
      'events',
    );
  });

  test(
    '§4.3.3 who is blocked gets nothing',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy,silent' });
      await wantEvents(bob.phone, NS.tune);
      await stage.befriend(alice.phone, bob.phone);
      await stage.block(alice.phone, bob.jid);
      await stage.settle();
      await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
      checkNothing((await stage.news(alice.phone)).get(bob.phone), 'the blocked contact');
    },
    ['blocking'],
  );

  test('§4.1 a stranger gets nothing; a contact who is one no more neither', async (stage) => {
    const { alice, bob, eve } = await stage.cast({
      alice: 'phone=legacy',
      bob: 'phone=legacy,silent',
      eve: 'phone=legacy,silent',
    });
    for (const device of [bob.phone, eve.phone]) await wantEvents(device, NS.tune);
    await stage.befriend(alice.phone, bob.phone);
    alice.phone.presence({ type: 'unsubscribed', to: bob.jid });
    await stage.settle();
    await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
    const news = await stage.news(alice.phone);
    for (const device of [bob.phone, eve.phone]) checkEqual(eventsIn(news.get(device)), [], device.name);
  });

  test('XEP-0060 §7.2.2 what is retracted is told', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy,silent' });
    await wantEvents(alice.phone, NS.tune);
    await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
    await alice.phone.ask('set', retract(NS.tune, 'a'));
    await receiveEvent(alice.phone, `${NS.tune} -a`);
  });

  test('§6.1 an account says that it is a service, and which nodes it has', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const info = (await alice.phone.disco(alice.jid)).child('query', NS.discoInfo);
    const identities = info?.childrenNamed('identity').map(({ attrs }) => `${attrs['category']}/${attrs['type']}`);
    check(identities?.includes('pubsub/pep'), `identities: ${identities?.join(', ')}`);
    await stage.befriend(alice.phone, bob.phone);
    await alice.phone.ask('set', publish(NS.tune, 'a', tune('a')));
    await alice.phone.ask('set', publish('urn:test:private', 'a', tune('a'), { access_model: 'whitelist' }));
    const items = await bob.phone.ask('get', xml('query', { xmlns: NS.discoItems }), alice.jid);
    const nodes = items
      .child('query', NS.discoItems)
      ?.childrenNamed('item')
      .map(({ attrs }) => attrs['node']);
    checkEqual(nodes, [NS.tune], 'the nodes that a contact is shown');
  });
});
