import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { errorOf, Hall, itemOf, nextMessage, presenceOf, submit } from '../hall.ts';
import { section } from '../suite.ts';
import { freshLocalpart } from '../target.ts';

const two = { alice: 'phone=legacy', bob: 'phone=legacy' } as const;

export default section('xep-0045', '7.8', 'Invitations, registration, voice', { needs: ['muc'] }, ({ test }) => {
  test('§7.8.2 an invitation is passed on with who invites, and the password', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice', { passwordprotectedroom: '1', roomsecret: 'cauldronburn' });
    await stage.settle();
    const message = await nextMessage(bob.phone, undefined, () => invite(alice.phone, hall, bob.jid));
    const x = message.child('x', NS.mucUser);
    checkEqual(message.attrs['from'], hall.jid, 'the sender');
    check(
      x?.child('invite')?.attrs['from']?.includes('alice') === true ||
        x?.child('invite')?.attrs['from'] === hall.of('Alice'),
      'who invites',
    );
    checkEqual(x?.child('invite')?.child('reason')?.text(), 'come in', 'the reason');
    checkEqual(x?.child('password')?.text(), 'cauldronburn', 'the password');
  });

  test('§7.8.2 who is invited may say no', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await stage.settle();
    const message = await nextMessage(bob.phone, undefined, () => invite(alice.phone, hall, bob.jid));
    const from = message.child('x', NS.mucUser)?.child('invite')?.attrs['from'] ?? '';
    const busy = xml('decline', { to: from }, xml('reason', null, 'busy'));
    const refuse = () => void bob.phone.message({ to: hall.jid }, xml('x', { xmlns: NS.mucUser }, busy));
    const answer = await nextMessage(alice.phone, undefined, refuse);
    const decline = answer.child('x', NS.mucUser)?.child('decline');
    checkEqual(decline?.child('reason')?.text(), 'busy', 'the reason');
    check(decline?.attrs['from']?.startsWith(bob.jid) === true, 'who declines');
  });

  test(
    '§7.8.2 into a members-only room an admin invites, and makes a member by it',
    async (stage) => {
      const { alice, bob, carol } = await stage.cast({ ...two, carol: 'phone=legacy' });
      const hall = await Hall.open(alice.phone, 'Alice', { membersonly: '1' });
      await hall.admin(alice.phone, { jid: carol.jid, affiliation: 'member' });
      await hall.enter(carol.phone, 'Carol');
      await stage.settle();
      checkErrorIs(await errorOf(carol.phone, () => invite(carol.phone, hall, bob.jid)), 'forbidden');
      await nextMessage(bob.phone, undefined, () => invite(alice.phone, hall, bob.jid));
      await hall.enter(bob.phone, 'Bob');
    },
    ['muc-complete'],
  );

  test(
    "§7.10 registration: a form, membership, the nickname is one's own",
    async (stage) => {
      const { alice, bob, carol } = await stage.cast({ ...two, carol: 'phone=legacy' });
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      const asked = await bob.phone.ask('get', xml('query', { xmlns: NS.register }), hall.jid);
      check(asked.elements[0]?.child('x', NS.dataForms) !== undefined, 'no form');
      await stage.settle();
      const form = submit(NS.mucRegister, { 'muc#register_roomnick': 'Robert' });
      checkResult(await bob.phone.iq('set', xml('query', { xmlns: NS.register }, form), hall.jid));
      const seen = presenceOf((await stage.news(bob.phone)).get(alice.phone), hall.of('Bob'));
      checkEqual(itemOf(seen)?.attrs['affiliation'], 'member', 'the affiliation');
      const again = (await bob.phone.ask('get', xml('query', { xmlns: NS.register }), hall.jid)).elements[0];
      check(again?.child('registered') !== undefined, 'not registered');
      checkEqual(again?.child('username')?.text(), 'Robert', 'the nickname');
      const answer = await bob.phone.ask(
        'get',
        xml('query', { xmlns: NS.discoInfo, node: 'x-roomuser-item' }),
        hall.jid,
      );
      checkEqual(answer.elements[0]?.child('identity')?.attrs['name'], 'Robert', 'the nickname by discovery (§7.12)');
      checkErrorIs(await hall.refusal(carol.phone, 'Robert'), 'conflict');
      checkErrorIs(await carol.phone.iq('set', xml('query', { xmlns: NS.register }, form), hall.jid), 'conflict');
      checkErrorIs(await carol.phone.iq('set', xml('query', { xmlns: NS.register }), hall.jid), 'bad-request');
      checkResult(await bob.phone.iq('set', xml('query', { xmlns: NS.register }, xml('remove')), hall.jid));
      await hall.enter(carol.phone, 'Robert');
    },
    ['muc-complete'],
  );

  test(
    '§7.12 without a registered nickname the answer is empty',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice');
      const node = 'x-roomuser-item';
      const answer = await bob.phone.ask('get', xml('query', { xmlns: NS.discoInfo, node }), hall.jid);
      checkEqual(answer.elements[0]?.elements.length, 0, 'what stands in the query');
    },
    ['muc-complete'],
  );

  test(
    '§7.8.2 somebody who does not exist is not invited',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const hall = await Hall.open(alice.phone, 'Alice');
      await stage.settle();
      const nobody = `${freshLocalpart('nobody')}@${stage.domain}`;
      checkErrorIs(await errorOf(alice.phone, () => invite(alice.phone, hall, nobody)), 'item-not-found');
    },
    ['muc-complete'],
  );

  test('§7.10 membership that lets in is not to be had by registering', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice', { membersonly: '1' });
    checkErrorIs(await bob.phone.iq('get', xml('query', { xmlns: NS.register }), hall.jid), [
      'not-allowed',
      'registration-required',
      'forbidden',
    ]);
    const nowhere = await bob.phone.iq(
      'get',
      xml('query', { xmlns: NS.register }),
      `nowhere@conference.${stage.domain}`,
    );
    checkErrorIs(nowhere, 'item-not-found');
  });

  test(
    '§7.13 §8.6 voice is asked for, and given',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice', { moderatedroom: '1' });
      await hall.enter(bob.phone, 'Bob');
      await stage.settle();
      checkErrorIs(await errorOf(bob.phone, () => hall.say(bob.phone, 'may I?')), 'forbidden', 'auth');
      const ask = () => void bob.phone.message({ to: hall.jid }, submit(NS.mucRequest, { 'muc#role': 'participant' }));
      const request = await nextMessage(alice.phone, undefined, ask);
      const fields = request.child('x', NS.dataForms)?.childrenNamed('field') ?? [];
      const valueOf = (name: string) =>
        fields
          .find(({ attrs }) => attrs['var'] === name)
          ?.child('value')
          ?.text();
      checkEqual([valueOf('muc#roomnick'), valueOf('muc#jid')], ['Bob', bob.phone.jid], 'who asks');
      const given = bob.phone.expect(({ name, attrs }) => name === 'presence' && attrs['from'] === hall.of('Bob'));
      alice.phone.message(
        { to: hall.jid },
        submit(NS.mucRequest, {
          'muc#role': 'participant',
          'muc#jid': bob.phone.jid,
          'muc#roomnick': 'Bob',
          'muc#request_allow': 'true',
        }),
      );
      checkEqual(itemOf(await given)?.attrs['role'], 'participant', 'the role');
    },
    ['muc-complete'],
  );

  test('§17.4 a request to an occupant is answered, and nobody learns an address', async (stage) => {
    const { alice, bob, carol } = await stage.cast({ ...two, carol: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    await stage.settle();
    const asked = carol.phone.expect(({ name, attrs }) => name === 'iq' && attrs['type'] === 'get');
    const answer = bob.phone.iq('get', xml('query', { xmlns: NS.version }), hall.of('Carol'));
    const request = await asked;
    checkEqual(request.attrs['from'], hall.of('Bob'), 'who asks');
    carol.phone.send(
      xml(
        'iq',
        { type: 'result', id: request.attrs['id'], to: request.attrs['from'] },
        xml('query', { xmlns: NS.version }, xml('name', null, 'Carola')),
      ),
    );
    const result = await answer;
    checkEqual(result.attrs['from'], hall.of('Carol'), 'who answers');
    checkEqual(result.elements[0]?.child('name')?.text(), 'Carola', 'the answer');
  });
});

function invite(device: Device, hall: Hall, to: string): void {
  device.message(
    { to: hall.jid },
    xml('x', { xmlns: NS.mucUser }, xml('invite', { to }, xml('reason', null, 'come in'))),
  );
}
