import { type Element, NS, xml } from '@tutti/xmpp';
import { bodies, checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { itemsOf, pubsub, receiveEvent, wantEvents } from '../pep.ts';
import { section } from '../suite.ts';

const displayed = (by: string, id: string): Element =>
  xml('displayed', { xmlns: NS.displayedSync }, xml('stanza-id', { xmlns: NS.sid, by, id }));

export default section('xep-0490', '5', 'Server assist', { needs: ['pep', 'mds-assist'] }, ({ test }) => {
  test(
    'A4 S3 §6.2 published and stripped, then archived, reflected and delivered',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=im-ng tv=im-ng,silent', bob: 'phone=im-ng' });
      await wantEvents(alice.tv, NS.displayedSync);
      bob.phone.message({ to: alice.jid, type: 'chat', id: 'm1' }, 'read this');
      const message = await alice.phone.receive((stanza) => bodies([stanza])[0] === 'read this');
      const id = message.child('stanza-id', NS.sid)?.attrs['id'] ?? '';
      const marker = xml('displayed', { xmlns: NS.chatMarkers, id: 'm1' });
      alice.phone.message({ to: bob.jid, type: 'chat', id: 'd1' }, marker, displayed(alice.jid, id));
      const event = await receiveEvent(alice.tv, `${NS.displayedSync} ${bob.jid}`);
      check(event.toString().includes(id), 'another id');
      const seen = await Promise.all(
        [alice.phone, alice.tv, bob.phone].map((device) => device.receive(({ attrs }) => attrs['id'] === 'd1')),
      );
      for (const stanza of seen) {
        check(stanza.child('displayed', NS.displayedSync) === undefined, `not stripped: ${stanza.toString()}`);
        check(stanza.child('displayed', NS.chatMarkers) !== undefined, `no marker: ${stanza.toString()}`);
      }
      for (const device of [alice.phone, bob.phone]) {
        const { rows } = await device.archive();
        check(rows.length === 2 && !JSON.stringify(rows.map(String)).includes(NS.displayedSync), 'in the archive');
      }
    },
    ['im-ng'],
  );

  test('§4.2 the node that the server makes is private', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await stage.befriend(alice.phone, bob.phone);
    alice.phone.message({ to: bob.jid, type: 'chat' }, 'hello', displayed(alice.jid, 'x'));
    await stage.news(alice.phone);
    checkEqual(await itemsOf(alice.phone, NS.displayedSync), [bob.jid], 'the items');
    const answer = await bob.phone.iq('get', pubsub(xml('items', { node: NS.displayedSync })), alice.jid);
    checkEqual(answer.attrs['type'], 'error', 'the answer');
  });
});
