import { NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { section } from '../suite.ts';

export default section(
  'rfc6120',
  '8',
  'Stanzas: addresses, kinds, order',
  { stands: ['tcp', 'ws', 'bosh'] },
  ({ test }) => {
    test('§8.1.2.1 the server stamps from with the full JID', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      for (const from of [undefined, alice.phone.jid]) {
        alice.phone.message({ to: bob.jid, from, type: 'chat' }, 'hello');
        const [got] = (await stage.news(alice.phone)).get(bob.phone) ?? [];
        checkEqual(got?.attrs['from'], alice.phone.jid, 'from');
      }
    });

    test('§8.1.3 ids come back as they were, whatever they are', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      for (const id of ['1', ' spaced out ', 'ünïcödé 🎷', `quotes ' " & <`]) {
        const answer = alice.phone.expect(({ attrs }) => attrs['id'] === id);
        alice.phone.send(xml('iq', { type: 'get', id, to: stage.domain }, xml('ping', { xmlns: NS.ping })));
        await answer;
      }
    });

    test('§8.1.5 xml:lang travels with the stanza', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      alice.phone.message({ to: bob.jid, type: 'chat', 'xml:lang': 'it' }, 'ciao');
      const [got] = (await stage.news(alice.phone)).get(bob.phone) ?? [];
      checkEqual(got?.attrs['xml:lang'], 'it', 'xml:lang');
    });

    test('§8.4 unknown payloads, prefixes and text arrive as they were', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const payload = xml(
        'a',
        { xmlns: 'urn:example:a', x: `' " & < > \t` },
        'one ',
        xml('b', { xmlns: 'urn:example:b' }, 'é🎺'),
        ' two ]]>',
      );
      alice.phone.message({ to: bob.jid, type: 'chat' }, xml('body', null, 'a\nb\tc & < > "'), payload);
      const [got] = (await stage.news(alice.phone)).get(bob.phone) ?? [];
      checkEqual(bodies(got === undefined ? [] : [got]), ['a\nb\tc & < > "'], 'the body');
      checkEqual(got?.child('a', 'urn:example:a')?.toString(), payload.toString(), 'the payload');
    });

    test('§10.1 between two sessions messages, presence and IQs keep their order', async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const to = bob.phone.jid;
      const sent: string[] = [];
      for (let number = 0; number < 60; number += 1) {
        const id = `n${number}`;
        sent.push(id);
        if (number % 3 === 0)
          alice.phone.message({ to, id, type: number % 2 === 0 ? 'chat' : 'headline' }, `${number}`);
        else if (number % 3 === 1) alice.phone.presence({ to, id });
        else alice.phone.send(xml('iq', { to, id, type: 'get' }, xml('query', { xmlns: 'urn:example:unknown' })));
      }
      const seen = (await stage.news(alice.phone)).get(bob.phone) ?? [];
      checkEqual(
        seen.map(({ attrs }) => attrs['id']),
        sent,
        'the order',
      );
    });

    test('§10.3 without an address the server handles it for the account', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const answer = await alice.phone.ask('get', xml('query', { xmlns: NS.roster }));
      checkEqual([undefined, alice.jid].includes(answer.attrs['from']), true, 'from is absent or the own account');
    });

    test('§10.4 a message to another server that is not there comes back as an error', async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      alice.phone.message({ to: 'someone@remote.invalid', type: 'chat', id: 'lost' }, 'hello');
      const error = await alice.phone.receive(({ attrs }) => attrs['id'] === 'lost');
      checkEqual([error.attrs['type'], error.attrs['from']], ['error', 'someone@remote.invalid'], 'the answer');
    });
  },
);
