import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkNothing } from '../checks.ts';
import { check } from '../failure.ts';
import { presencesIn } from '../roster.ts';
import { section } from '../suite.ts';

const world = { alice: 'phone=legacy', bob: 'phone=legacy tv=legacy,5 away=legacy,-1 silent=legacy,silent' } as const;
const available = ['phone', 'tv'] as const;
const sessions = ['phone', 'tv', 'away', 'silent'] as const;

/** §8.5's tables for sessions that know nothing but RFC 6121. */
export default section('rfc6121', '8.5', 'Server rules for a local user', {}, ({ test }) => {
  const toBare: Readonly<Record<string, readonly string[]>> = {
    chat: available,
    normal: available,
    headline: available,
    groupchat: [],
    error: [],
  };
  for (const [type, who] of Object.entries(toBare)) {
    test(`§8.5.2.1.1 a message of type ${type} to the bare JID`, async (stage) => {
      const { alice, bob } = await stage.cast(world);
      alice.phone.message({ to: bob.jid, type }, 'hello');
      const news = await stage.news(alice.phone);
      const got = sessions.filter((name) => (news.get(bob[name]) ?? []).length > 0);
      // chat and normal: all, or the most available; no session of negative priority either way
      const one = type === 'chat' || type === 'normal' ? ['tv'] : who;
      check(
        [who, one].some((right) => JSON.stringify(right) === JSON.stringify(got)),
        `${got.join(', ')} got it, must be ${who.join(', ')}`,
      );
      const answer = news.get(alice.phone) ?? [];
      // D2: a server that archives it for IM-NG sessions has not failed to deliver it
      const archives = stage.target.offers?.has('im-ng') ?? true;
      if (type === 'groupchat' && !archives) checkErrorIs(answer[0] ?? xml('nothing'), 'service-unavailable');
      else checkNothing(answer, 'the sender');
    });
  }

  for (const type of ['chat', 'normal', 'headline', 'groupchat', 'error']) {
    for (const name of sessions) {
      test(`§8.5.3.1 a message of type ${type} to the full JID of ${name}: that session, nobody else`, async (stage) => {
        const { alice, bob } = await stage.cast(world);
        const sent = alice.phone.message({ to: bob[name].jid, type }, 'hello');
        const news = await stage.news(alice.phone);
        for (const other of sessions)
          checkEqual((news.get(bob[other]) ?? []).length, other === name ? 1 : 0, `messages of ${other}`);
        const [got] = news.get(bob[name]) ?? [];
        checkEqual(
          [got?.attrs['from'], got?.attrs['to'], got?.attrs['id']],
          [alice.phone.jid, bob[name].jid, sent.attrs['id']],
          'the addresses',
        );
      });
    }
  }

  test('§8.5.3.2.1 chat to a full JID that is not there is handled like the bare JID', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    alice.phone.message({ to: `${bob.jid}/gone`, type: 'chat' }, 'hello');
    const news = await stage.news(alice.phone);
    checkEqual((news.get(bob.tv) ?? []).length, 1, 'messages of the most available session');
    checkNothing(news.get(bob.away), 'a session of negative priority');
  });

  for (const type of ['headline', 'error']) {
    test(`§8.5.3.2.1 a message of type ${type} to a full JID that is not there is dropped`, async (stage) => {
      const { alice, bob } = await stage.cast(world);
      alice.phone.message({ to: `${bob.jid}/gone`, type }, 'hello');
      for (const [device, stanzas] of await stage.news(alice.phone)) checkNothing(stanzas, device.name);
    });
  }

  test('§8.5.3.2.1 groupchat to a full JID that is not there: <service-unavailable/>', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    alice.phone.message({ to: `${bob.jid}/gone`, type: 'groupchat' }, 'hello');
    checkErrorIs((await stage.news(alice.phone)).get(alice.phone)?.[0] ?? xml('nothing'), 'service-unavailable');
  });

  test('§8.5.1 no such user: an IQ and a message are refused, presence is ignored', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const to = `nobody-of-that-name@${stage.domain}`;
    checkErrorIs(await alice.phone.iq('get', xml('query', { xmlns: NS.version }), to), 'service-unavailable');
    checkErrorIs(
      await alice.phone.iq('get', xml('query', { xmlns: NS.version }), `${to}/phone`),
      'service-unavailable',
    );
    alice.phone.message({ to, type: 'chat' }, 'hello');
    checkErrorIs((await alice.phone.flush())[0] ?? xml('nothing'), 'service-unavailable');
    alice.phone.presence({ to });
    checkNothing(await alice.phone.flush(), 'the sender of presence');
  });

  test('§8.5.2.1.2 presence to the bare JID reaches the available sessions', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    alice.phone.presence({ to: bob.jid });
    const news = await stage.news(alice.phone);
    for (const name of ['phone', 'tv', 'away'] as const)
      checkEqual(presencesIn(news.get(bob[name]) ?? []), [`available ${alice.phone.jid}`], name);
    checkNothing(news.get(bob.silent), 'a session without presence');
  });

  test('§8.5.3.2.2 presence to a full JID that is not there is ignored', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    alice.phone.presence({ to: `${bob.jid}/gone` });
    for (const [device, stanzas] of await stage.news(alice.phone)) checkNothing(stanzas, device.name);
  });

  test('§8.5.2.1.3 an IQ to the bare JID is answered by the server, the sessions see nothing', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    checkErrorIs(await alice.phone.iq('get', xml('query', { xmlns: 'urn:example:unknown' }), bob.jid), [
      'service-unavailable',
      'feature-not-implemented',
      'subscription-required',
      'forbidden',
    ]);
    for (const [device, stanzas] of await stage.news(alice.phone)) checkNothing(stanzas, device.name);
  });

  test('§8.5.3.1 an IQ to a full JID reaches that session, and its answer comes back', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    const answer = alice.phone.iq('get', xml('query', { xmlns: 'urn:example:unknown' }), bob.tv.jid);
    const request = await bob.tv.receive((stanza) => stanza.name === 'iq' && stanza.attrs['type'] === 'get');
    checkEqual([request.attrs['from'], request.attrs['to']], [alice.phone.jid, bob.tv.jid], 'the addresses');
    bob.tv.send(
      xml(
        'iq',
        { type: 'result', id: request.attrs['id'], to: request.attrs['from'] },
        xml('done', { xmlns: 'urn:example:unknown' }),
      ),
    );
    const result = await answer;
    checkEqual(
      [result.attrs['type'], result.attrs['from'], result.elements[0]?.name],
      ['result', bob.tv.jid, 'done'],
      'the answer',
    );
  });

  test('§8.5.3.2.3 an IQ to a full JID that is not there: <service-unavailable/>', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    checkErrorIs(
      await alice.phone.iq('get', xml('query', { xmlns: NS.version }), `${bob.jid}/gone`),
      'service-unavailable',
    );
  });

  test('§8.5.3.2.3 an IQ of type result or error to a full JID that is not there is dropped', async (stage) => {
    const { alice, bob } = await stage.cast(world);
    for (const type of ['result', 'error']) alice.phone.send(xml('iq', { type, id: 'late', to: `${bob.jid}/gone` }));
    for (const [device, stanzas] of await stage.news(alice.phone)) checkNothing(stanzas, device.name);
  });
});
