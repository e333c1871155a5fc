import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkNothing, checkResult } from '../checks.ts';
import { check } from '../failure.ts';
import { fetchRoster, pushesIn, readRoster, setContact } from '../roster.ts';
import { section } from '../suite.ts';

const jid = 'contact@remote.invalid';

export default section('rfc6121', '2', 'Managing the roster', {}, ({ test }) => {
  test('§2.2 a new account has an empty roster', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkEqual((await fetchRoster(alice.phone)).size, 0, 'the number of contacts');
  });

  test('§2.3 adding a contact: a result, and a push to every session that has asked for the roster', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy,silent other=legacy' });
    await fetchRoster(alice.phone);
    await fetchRoster(alice.tv);
    await stage.settle();
    checkResult(await setContact(alice.phone, { jid, name: 'Contact' }, 'Friends', 'Work'));
    const news = await stage.news(alice.phone);
    const contact = {
      jid,
      subscription: 'none',
      ask: false,
      approved: false,
      name: 'Contact',
      groups: ['Friends', 'Work'],
    };
    checkEqual(pushesIn(news.get(alice.phone) ?? []), [contact], 'the push to the phone');
    checkEqual(pushesIn(news.get(alice.tv) ?? []), [contact], 'the push to the tv');
    checkNothing(news.get(alice.other), 'a session that did not ask for the roster');
    checkEqual([...(await fetchRoster(alice.other)).values()], [contact], 'the roster');
  });

  test('§2.1.6 a push has no from, or the own bare JID', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await fetchRoster(alice.phone);
    await setContact(alice.phone, { jid });
    const push = await alice.phone.receive((stanza) => pushesIn([stanza]).length > 0);
    check([undefined, alice.jid].includes(push.attrs['from']), `pushed from ${push.attrs['from']}`);
    check(push.attrs['id'] !== undefined, 'a push without id');
  });

  test('§2.4 updating replaces name and groups, and keeps the subscription', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await setContact(alice.phone, { jid, name: 'Old' }, 'Old');
    await setContact(alice.phone, { jid, name: 'New', subscription: 'both' }, 'New');
    const contact = (await fetchRoster(alice.phone)).get(jid);
    checkEqual([contact?.name, contact?.groups, contact?.subscription], ['New', ['New'], 'none'], 'the contact');
  });

  test('§2.5 deleting: a push with subscription="remove", and it is gone', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    await fetchRoster(alice.phone);
    await setContact(alice.phone, { jid });
    await alice.phone.flush();
    checkResult(await setContact(alice.phone, { jid, subscription: 'remove' }));
    checkEqual(
      pushesIn(await alice.phone.flush()).map(({ subscription }) => subscription),
      ['remove'],
      'the push',
    );
    checkEqual((await fetchRoster(alice.phone)).size, 0, 'the number of contacts');
  });

  test('§2.5.3 deleting a contact that is not there: <item-not-found/>', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    checkErrorIs(await setContact(alice.phone, { jid, subscription: 'remove' }), 'item-not-found');
  });

  test('§2.5 deleting a contact cancels both subscriptions', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await fetchRoster(alice.phone);
    await fetchRoster(bob.phone);
    await stage.befriend(alice.phone, bob.phone);
    await setContact(alice.phone, { jid: bob.jid, subscription: 'remove' });
    await stage.news(alice.phone);
    checkEqual((await fetchRoster(alice.phone)).has(bob.jid), false, "bob in alice's roster");
    checkEqual((await fetchRoster(bob.phone)).get(alice.jid)?.subscription ?? 'none', 'none', "alice in bob's roster");
  });

  const wrong = [
    ['two items', 'bad-request', xml('item', { jid }), xml('item', { jid: 'other@remote.invalid' })],
    ['no item', 'bad-request'],
    ['an item without address', 'bad-request', xml('item')],
    ['a malformed address', ['jid-malformed', 'bad-request'], xml('item', { jid: '@@' })],
    ['the same group twice', 'bad-request', xml('item', { jid }, xml('group', null, 'A'), xml('group', null, 'A'))],
    ['an empty group', 'not-acceptable', xml('item', { jid }, xml('group'))],
  ] as const;
  for (const [what, condition, ...items] of wrong) {
    test(`§2.3.3 a set with ${what} is refused`, async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      checkErrorIs(await alice.phone.iq('set', xml('query', { xmlns: NS.roster }, ...items)), condition);
      checkEqual((await fetchRoster(alice.phone)).size, 0, 'the number of contacts');
    });
  }

  test("§2.3.3 somebody else's roster can be neither read nor changed", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const refused = ['forbidden', 'not-allowed', 'service-unavailable'];
    checkErrorIs(await alice.phone.iq('get', xml('query', { xmlns: NS.roster }), bob.jid), refused);
    checkErrorIs(
      await alice.phone.iq('set', xml('query', { xmlns: NS.roster }, xml('item', { jid })), bob.jid),
      refused,
    );
    checkEqual((await fetchRoster(bob.phone)).size, 0, "the number of bob's contacts");
  });

  test(
    '§2.6 versioning: the version of the last answer gives an empty result, then only what changed',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy tv=legacy' });
      await setContact(alice.phone, { jid, name: 'One' });
      const full = await alice.phone.ask('get', xml('query', { xmlns: NS.roster, ver: '' }));
      const ver = full.child('query', NS.roster)?.attrs['ver'];
      check(ver !== undefined && readRoster(full).size === 1, `no version in ${full.toString()}`);
      const same = await alice.phone.ask('get', xml('query', { xmlns: NS.roster, ver }));
      checkEqual(same.child('query', NS.roster), undefined, 'the answer when nothing changed');
      await setContact(alice.phone, { jid, name: 'Two' });
      await stage.settle();
      const changed = await alice.tv.ask('get', xml('query', { xmlns: NS.roster, ver }));
      const contacts = [...readRoster(changed).values(), ...pushesIn(await alice.tv.flush())];
      checkEqual(
        contacts.map(({ name }) => name),
        ['Two'],
        'what changed',
      );
    },
    ['roster-versioning'],
  );
});
