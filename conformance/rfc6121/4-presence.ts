import { xml } from '@tutti/xmpp';
import { checkEqual, checkNothing } from '../checks.ts';
import { check } from '../failure.ts';
import { fetchRoster, presencesIn } from '../roster.ts';
import { isPresence } from '../stage.ts';
import { section } from '../suite.ts';

export default section('rfc6121', '4', 'Exchanging presence information', {}, ({ test }) => {
  test('§4.2.2 initial presence reaches the own available sessions, the new one included, and those who are subscribed', async (stage) => {
    const { alice, bob, carol } = await stage.cast({
      alice: 'phone=legacy tv=legacy,silent',
      bob: 'phone=legacy silent=legacy,silent',
      carol: 'phone=legacy',
    });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    alice.tv.presence();
    const news = await stage.news(alice.tv);
    const available = `available ${alice.tv.jid}`;
    checkEqual(presencesIn(news.get(alice.phone) ?? []), [available], "alice's other session");
    checkEqual(presencesIn(news.get(bob.phone) ?? []), [available], 'bob');
    checkNothing(news.get(bob.silent), 'a session of bob without presence');
    checkNothing(news.get(carol.phone), 'a stranger');
    check(presencesIn(news.get(alice.tv) ?? []).includes(available), 'the session does not see itself');
  });

  test('§4.2.2 §4.3 initial presence brings the presence of the contacts and of the own other sessions', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy tv=legacy' });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    const tv = await alice.join('tv=legacy,silent');
    tv.presence();
    const seen = presencesIn((await stage.news(tv)).get(tv) ?? []);
    checkEqual(
      seen.sort(),
      [alice.phone, tv, bob.phone, bob.tv].map(({ jid }) => `available ${jid}`).sort(),
      'what the new session sees',
    );
  });

  test('§4.4.2 a later presence is broadcast with its content', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    alice.phone.presence({}, xml('show', null, 'dnd'), xml('status', null, 'busy'));
    const [seen] = (await stage.news(alice.phone)).get(bob.phone) ?? [];
    checkEqual(
      [seen?.attrs['from'], seen?.child('show')?.text(), seen?.child('status')?.text()],
      [alice.phone.jid, 'dnd', 'busy'],
      'what bob sees',
    );
  });

  const ends = {
    '§4.5.2 unavailable presence is broadcast': (device: { presence(attrs: object): void }) =>
      device.presence({ type: 'unavailable' }),
    '§4.5.2 closing the stream makes unavailable': (device: { close(): Promise<void> }) => device.close(),
    '§4.5.2 losing the link makes unavailable': (device: { cut(): void }) => device.cut(),
  };
  for (const [title, end] of Object.entries(ends)) {
    test(title, async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy tv=legacy', bob: 'phone=legacy' });
      for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
      await stage.befriend(alice.phone, bob.phone);
      await end(alice.phone as never);
      for (const device of [bob.phone, alice.tv]) {
        await device.receive(
          (stanza) => isPresence(stanza, 'unavailable', alice.jid) && stanza.attrs['from'] === alice.phone.jid,
        );
      }
    });
  }

  test('§4.5.2 after unavailable presence a session gets no more presence', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    alice.phone.presence({ type: 'unavailable' });
    await alice.phone.flush();
    bob.phone.presence();
    checkNothing((await stage.news(bob.phone)).get(alice.phone), 'an unavailable session');
  });

  test('§4.6.3 directed presence reaches a stranger, who also learns when it ends', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy tv=legacy' });
    alice.phone.presence({ to: bob.phone.jid });
    const news = await stage.news(alice.phone);
    checkEqual(presencesIn(news.get(bob.phone) ?? []), [`available ${alice.phone.jid}`], 'what the addressee sees');
    checkNothing(news.get(bob.tv), 'the other session');
    alice.phone.cut();
    await bob.phone.receive((stanza) => isPresence(stanza, 'unavailable', alice.jid));
  });

  test('§4.6.3 directed presence to a bare JID reaches its available sessions', async (stage) => {
    const { alice, bob } = await stage.cast({
      alice: 'phone=legacy,silent',
      bob: 'phone=legacy tv=legacy silent=legacy,silent',
    });
    alice.phone.presence({ to: bob.jid });
    const news = await stage.news(alice.phone);
    checkEqual(presencesIn(news.get(bob.phone) ?? []), [`available ${alice.phone.jid}`], 'the phone');
    checkEqual(presencesIn(news.get(bob.tv) ?? []), [`available ${alice.phone.jid}`], 'the tv');
    checkNothing(news.get(bob.silent), 'a session without presence');
  });

  test('§4.6.3 directed unavailable presence ends it for that contact only', async (stage) => {
    const { alice, bob, carol } = await stage.cast({
      alice: 'phone=legacy',
      bob: 'phone=legacy',
      carol: 'phone=legacy',
    });
    for (const { jid } of [bob, carol]) alice.phone.presence({ to: jid });
    await stage.news(alice.phone);
    alice.phone.presence({ type: 'unavailable', to: bob.jid });
    const news = await stage.news(alice.phone);
    checkEqual(presencesIn(news.get(bob.phone) ?? []), [`unavailable ${alice.phone.jid}`], 'what bob sees');
    checkNothing(news.get(carol.phone), 'carol');
  });

  test('§4.3.2 a probe of somebody subscribed is answered with presence; the probed session is not bothered', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    for (const device of [alice.phone, bob.phone]) await fetchRoster(device);
    await stage.befriend(alice.phone, bob.phone);
    alice.phone.presence({ type: 'probe', to: bob.jid });
    const news = await stage.news(alice.phone);
    checkEqual(presencesIn(news.get(alice.phone) ?? []), [`available ${bob.phone.jid}`], 'the answer');
    checkNothing(news.get(bob.phone), 'the probed session');
  });

  test("§4.3.2 a stranger's probe tells nothing", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    alice.phone.presence({ type: 'probe', to: bob.jid });
    const news = await stage.news(alice.phone);
    const seen = presencesIn(news.get(alice.phone) ?? []);
    check(
      seen.every((one) => one.startsWith('unsubscribed') || one.startsWith('error')),
      `a stranger sees ${seen.join(', ')}`,
    );
    checkNothing(news.get(bob.phone), 'the probed session');
  });
});
