import { NS, readForm, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkNothing, checkResult } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { codes, Hall, itemOf, nextMessage, presenceOf, submit } from '../hall.ts';
import { section } from '../suite.ts';

const three = { alice: 'phone=legacy', bob: 'phone=legacy', carol: 'phone=legacy' } as const;

export default section('xep-0045', '9', 'Admin use cases', { needs: ['muc'] }, ({ test }) => {
  test('§9.1 a ban: 301 and the reason for all, and the ban list has it', async (stage) => {
    const { alice, bob, carol } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    await stage.settle();
    checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'outcast', reason: 'Treason' }));
    const news = await stage.news(alice.phone);
    for (const [device, self] of [
      [bob.phone, [110]],
      [carol.phone, []],
    ] as const) {
      const gone = presenceOf(news.get(device), hall.of('Bob'), 'unavailable');
      checkEqual(codes(gone), [...self, 301], `the codes for ${device.name}`);
      checkEqual(itemOf(gone)?.attrs['affiliation'], 'outcast', 'the affiliation');
    }
    checkEqual(await listed(hall, alice.phone, 'outcast'), [`outcast ${bob.jid}`], 'the ban list');
    checkErrorIs(await hall.refusal(bob.phone, 'Bob'), 'forbidden');
    checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'none' }));
    await hall.enter(bob.phone, 'Bob');
  });

  test(
    '§9.1 nobody bans who is above, or oneself',
    async (stage) => {
      const { alice, bob } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice');
      checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'admin' }));
      checkErrorIs(await hall.admin(bob.phone, { jid: alice.jid, affiliation: 'outcast' }), 'not-allowed', 'cancel');
      checkErrorIs(await hall.admin(alice.phone, { jid: alice.jid, affiliation: 'outcast' }), 'conflict', 'cancel');
    },
    ['muc-complete'],
  );

  test('§9.3 §9.4 membership is given and taken', async (stage) => {
    const { alice, bob, carol } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    await stage.settle();
    for (const affiliation of ['member', 'none']) {
      checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation }));
      const seen = presenceOf((await stage.news(alice.phone)).get(carol.phone), hall.of('Bob'));
      checkEqual(itemOf(seen)?.attrs['affiliation'], affiliation, 'the affiliation');
    }
  });

  test('§9.4 who is a member no more leaves a members-only room: 321, and nothing else', async (stage) => {
    const { alice, bob } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice', { membersonly: '1' });
    checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'member' }));
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'none' }));
    const news = await stage.news(alice.phone);
    checkEqual(codes(presenceOf(news.get(bob.phone), hall.of('Bob'), 'unavailable')), [110, 321], 'the codes');
    checkEqual(news.get(alice.phone)?.length, 1, 'the number of stanzas for the others');
  });

  test(
    '§9.5 the member list is for those who may see real addresses',
    async (stage) => {
      const { alice, bob, carol } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice', { membersonly: '1', whois: 'anyone' });
      checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'member' }));
      await hall.enter(bob.phone, 'Bob');
      checkEqual(await listed(hall, bob.phone, 'member'), [`member ${bob.jid}`], 'the member list');
      bob.phone.presence({ to: hall.of('Bob'), type: 'unavailable' });
      checkEqual(await listed(hall, bob.phone, 'member'), [`member ${bob.jid}`], 'the member list from outside');
      await hall.enter(bob.phone, 'Bob');
      checkErrorIs(await hall.list(bob.phone, { affiliation: 'outcast' }), 'forbidden');
      checkErrorIs(await hall.list(carol.phone, { affiliation: 'member' }), 'forbidden');
      await hall.configure(alice.phone, { whois: 'moderators' });
      checkErrorIs(await hall.list(bob.phone, { affiliation: 'member' }), 'forbidden');
    },
    ['muc-complete'],
  );

  test(
    '§9.5 who is added to a members-only room is invited',
    async (stage) => {
      const { alice, bob } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice', { membersonly: '1' });
      const invitation = bob.phone.expect(
        (stanza) => stanza.name === 'message' && stanza.child('x', NS.mucUser)?.child('invite') !== undefined,
      );
      checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'member' }));
      checkEqual((await invitation).attrs['from'], hall.jid, 'who invites');
    },
    ['muc-complete'],
  );

  test('§9.6 §9.7 §9.8 moderators are made and unmade by admins', async (stage) => {
    const { alice, bob, carol } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    checkResult(await hall.admin(alice.phone, { nick: 'Bob', role: 'moderator' }));
    const moderators = (await hall.list(alice.phone, { role: 'moderator' })).elements[0]?.elements.map(
      ({ attrs }) => attrs['nick'],
    );
    checkEqual(moderators?.sort(), ['Alice', 'Bob'], 'the moderators');
    checkErrorIs(await hall.admin(bob.phone, { nick: 'Carol', role: 'moderator' }), ['forbidden', 'not-allowed']);
    checkErrorIs(await hall.admin(bob.phone, { nick: 'Alice', role: 'participant' }), 'not-allowed');
    checkResult(await hall.admin(alice.phone, { nick: 'Bob', role: 'participant' }));
    checkErrorIs(await hall.admin(bob.phone, { nick: 'Carol', role: 'none' }), ['forbidden', 'not-allowed']);
  });

  test('§5.2.2 §10.3 §10.6 only owners make admins and owners', async (stage) => {
    const { alice, bob, carol } = await stage.cast(three);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'admin' }));
    for (const affiliation of ['admin', 'owner'])
      checkErrorIs(await hall.admin(bob.phone, { jid: carol.jid, affiliation }), ['forbidden', 'not-allowed']);
    checkErrorIs(await hall.admin(carol.phone, { jid: bob.jid, affiliation: 'member' }), ['forbidden', 'not-allowed']);
    checkResult(await hall.admin(bob.phone, { jid: carol.jid, affiliation: 'member' }));
  });

  test(
    '§10.4 the last owner stays; §10.3 a second one may let the first go',
    async (stage) => {
      const { alice, bob } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice');
      checkErrorIs(await hall.admin(alice.phone, { jid: alice.jid, affiliation: 'admin' }), 'conflict', 'cancel');
      checkResult(await hall.admin(alice.phone, { jid: bob.jid, affiliation: 'owner' }));
      checkResult(await hall.admin(alice.phone, { jid: alice.jid, affiliation: 'admin' }));
      checkErrorIs(await alice.phone.iq('get', xml('query', { xmlns: NS.mucOwner }), hall.jid), 'forbidden');
    },
    ['muc-complete'],
  );

  test(
    '§9.9 an admin approves a registration by a form',
    async (stage) => {
      const { alice, bob, carol } = await stage.cast(three);
      // How a room comes to ask is for each server to say; this is our field, in the form of the room.
      const hall = await Hall.open(alice.phone, 'Alice', { membersonly: '1', '{tutti:muc:0}registration': 'approval' });
      await stage.settle();
      for (const [device, nick, allow] of [
        [bob.phone, 'Bob', '1'],
        [carol.phone, 'Carol', '0'],
      ] as const) {
        const filled = submit(NS.mucRegister, { 'muc#register_roomnick': nick });
        const request = await nextMessage(
          alice.phone,
          undefined,
          () => void device.iq('set', xml('query', { xmlns: NS.register }, filled), hall.jid),
        );
        const form = readForm(request.child('x', NS.dataForms) ?? xml('x'));
        checkEqual([form.formType, form.fields.get('muc#register_roomnick')], [NS.mucRegister, [nick]], 'the form');
        const answer = submit(NS.mucRegister, { 'muc#register_roomnick': nick, 'muc#register_allow': allow });
        alice.phone.message({ to: hall.jid }, answer);
        await stage.settle();
      }
      await hall.enter(bob.phone, 'Bob');
      checkErrorIs(await hall.refusal(carol.phone, 'Carol'), 'registration-required');
    },
    ['muc-complete'],
  );

  test(
    '§18.1 who is not in the room learns of a new affiliation: 101',
    async (stage) => {
      const { alice, bob, carol } = await stage.cast(three);
      const hall = await Hall.open(alice.phone, 'Alice');
      await stage.settle();
      const change = () => void hall.admin(alice.phone, { jid: bob.jid, affiliation: 'member' });
      const told = await nextMessage(bob.phone, undefined, change);
      const news = await stage.news(alice.phone);
      checkEqual([codes(told), itemOf(told)?.attrs['affiliation']], [[101], 'member'], 'what is told');
      checkNothing(news.get(carol.phone), 'somebody else');
    },
    ['muc-complete'],
  );
});

async function listed(hall: Hall, device: Device, affiliation: string): Promise<string[]> {
  const items = (await hall.list(device, { affiliation })).elements[0]?.elements ?? [];
  return items.map(({ attrs }) => `${attrs['affiliation']} ${attrs['jid']}`);
}
