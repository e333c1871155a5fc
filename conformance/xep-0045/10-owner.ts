import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import { check } from '../failure.ts';
import { codes, Hall, heard, itemOf, presenceOf, submit } from '../hall.ts';
import { section } from '../suite.ts';
import { freshLocalpart } from '../target.ts';

const two = { alice: 'phone=legacy', bob: 'phone=legacy' } as const;

export default section('xep-0045', '10', 'Owner use cases', { needs: ['muc'] }, ({ test }) => {
  test('§10.1.1 who creates a room owns it: 201', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const hall = new Hall(`${freshLocalpart('room')}@conference.${stage.domain}`);
    const own = presenceOf(await hall.enter(alice.phone, 'Alice'), hall.of('Alice'));
    check(codes(own).includes(201) && codes(own).includes(110), `the codes: ${codes(own).join(', ')}`);
    checkEqual([itemOf(own)?.attrs['affiliation'], itemOf(own)?.attrs['role']], ['owner', 'moderator'], 'who one is');
  });

  test('§10.1.2 an instant room', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = new Hall(`${freshLocalpart('room')}@conference.${stage.domain}`);
    await hall.enter(alice.phone, 'Alice');
    const instant = xml('query', { xmlns: NS.mucOwner }, xml('x', { xmlns: NS.dataForms, type: 'submit' }));
    checkResult(await alice.phone.iq('set', instant, hall.jid));
    await hall.enter(bob.phone, 'Bob');
  });

  test(
    '§10.1.3 the form has the registered fields, with the values of now',
    async (stage) => {
      const { alice } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice', { roomname: 'The Balcony', moderatedroom: '1' });
      const answer = await alice.phone.ask('get', xml('query', { xmlns: NS.mucOwner }), hall.jid);
      const fields = answer.elements[0]?.child('x', NS.dataForms)?.childrenNamed('field') ?? [];
      const values = new Map(fields.map((field) => [field.attrs['var'], field.child('value')?.text()]));
      checkEqual(
        [values.get('FORM_TYPE'), values.get('muc#roomconfig_roomname')],
        [NS.mucRoomConfig, 'The Balcony'],
        'the form',
      );
      check(['1', 'true'].includes(values.get('muc#roomconfig_moderatedroom') ?? ''), 'moderated');
      const names =
        'changesubject membersonly moderatedroom passwordprotectedroom persistentroom publicroom roomdesc roomname roomsecret whois';
      for (const name of names.split(' ')) check(values.has(`muc#roomconfig_${name}`), `no field ${name}`);
    },
    ['muc-complete'],
  );

  test(
    '§10.1.3 who cancels the first configuration has no room',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = new Hall(`${freshLocalpart('room')}@conference.${stage.domain}`);
      await hall.enter(alice.phone, 'Alice');
      await stage.settle();
      const cancel = xml('query', { xmlns: NS.mucOwner }, xml('x', { xmlns: NS.dataForms, type: 'cancel' }));
      checkResult(await alice.phone.iq('set', cancel, hall.jid));
      const gone = presenceOf((await stage.news(alice.phone)).get(alice.phone), hall.of('Alice'), 'unavailable');
      check(gone?.child('x', NS.mucUser)?.child('destroy') !== undefined, 'nothing says that the room is gone');
      checkErrorIs(await bob.phone.iq('get', xml('query', { xmlns: NS.discoInfo }), hall.jid), 'item-not-found');
    },
    ['muc-complete'],
  );

  test('§10.2 the configuration is for owners', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    for (const type of ['get', 'set'] as const)
      checkErrorIs(
        await bob.phone.iq(type, xml('query', { xmlns: NS.mucOwner }, submit(NS.mucRoomConfig, {})), hall.jid),
        'forbidden',
        'auth',
      );
  });

  test('§10.2 §10.2.1 changes are told: 104, 172, 173', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await stage.settle();
    for (const [fields, code] of [
      [{ roomname: 'The Balcony' }, 104],
      [{ whois: 'anyone' }, 172],
      [{ whois: 'moderators' }, 173],
    ] as const) {
      await hall.configure(alice.phone, fields);
      const told = (await stage.news(alice.phone))
        .get(bob.phone)
        ?.find(({ name, attrs }) => name === 'message' && attrs['type'] === 'groupchat');
      check(codes(told).includes(code), `no ${code} for ${JSON.stringify(fields)}: ${told?.toString() ?? 'nothing'}`);
    }
  });

  test(
    '§10.2 what cannot be is not acceptable, and changes nothing',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice');
      const set = (fields: Record<string, string>) =>
        alice.phone.iq(
          'set',
          xml('query', { xmlns: NS.mucOwner }, submit(NS.mucRoomConfig, fields, 'muc#roomconfig_')),
          hall.jid,
        );
      checkErrorIs(
        await set({ passwordprotectedroom: '1', roomsecret: '', moderatedroom: '1' }),
        'not-acceptable',
        'modify',
      );
      checkErrorIs(await set({ whois: 'everybody', moderatedroom: '1' }), 'not-acceptable', 'modify');
      const own = presenceOf(await hall.enter(bob.phone, 'Bob'), hall.of('Bob'));
      checkEqual(itemOf(own)?.attrs['role'], 'participant', 'the role in a room that is not moderated');
    },
    ['muc-complete'],
  );

  test(
    '§10.2 who is not a member leaves a room that becomes members-only: 322',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      await stage.settle();
      await hall.configure(alice.phone, { membersonly: '1' });
      const news = await stage.news(alice.phone);
      checkEqual(codes(presenceOf(news.get(bob.phone), hall.of('Bob'), 'unavailable')), [110, 322], 'the codes');
      checkEqual(
        codes(presenceOf(news.get(alice.phone), hall.of('Bob'), 'unavailable')),
        [322],
        'the codes for others',
      );
    },
    ['muc-complete'],
  );

  test(
    '§10.2 admins and owners by the form',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice');
      await hall.enter(bob.phone, 'Bob');
      await stage.settle();
      await hall.configure(alice.phone, { roomadmins: [bob.jid] });
      const seen = presenceOf((await stage.news(alice.phone)).get(alice.phone), hall.of('Bob'));
      checkEqual([itemOf(seen)?.attrs['affiliation'], itemOf(seen)?.attrs['role']], ['admin', 'moderator'], 'Bob');
      const none = xml(
        'query',
        { xmlns: NS.mucOwner },
        submit(NS.mucRoomConfig, { roomowners: [] }, 'muc#roomconfig_'),
      );
      checkErrorIs(await alice.phone.iq('set', none, hall.jid), 'conflict', 'cancel');
    },
    ['muc-complete'],
  );

  test(
    '§10.9 the end of a room is told once, with where to go',
    async (stage) => {
      const { alice, bob } = await stage.cast(two);
      const hall = await Hall.open(alice.phone, 'Alice', { persistentroom: '1' });
      await hall.enter(bob.phone, 'Bob');
      hall.say(alice.phone, 'before');
      await stage.settle();
      const destroy = xml(
        'destroy',
        { jid: `next@conference.${stage.domain}` },
        xml('reason', null, 'Macbeth doth come.'),
      );
      checkErrorIs(await bob.phone.iq('set', xml('query', { xmlns: NS.mucOwner }, destroy), hall.jid), 'forbidden');
      await stage.settle();
      checkResult(await alice.phone.iq('set', xml('query', { xmlns: NS.mucOwner }, destroy), hall.jid));
      const news = await stage.news(alice.phone);
      for (const [device, nick] of [
        [alice.phone, 'Alice'],
        [bob.phone, 'Bob'],
      ] as const) {
        const came = news.get(device) ?? [];
        const told = presenceOf(came, hall.of(nick), 'unavailable')?.child('x', NS.mucUser)?.child('destroy');
        checkEqual(
          [told?.attrs['jid'], told?.child('reason')?.text()],
          [`next@conference.${stage.domain}`, 'Macbeth doth come.'],
          device.name,
        );
      }
      // A room of the same name is another room.
      await hall.enter(bob.phone, 'Bob');
      await hall.configure(bob.phone);
      checkEqual(heard(await hall.enter(alice.phone, 'Alice')), [], 'the history of the new room');
    },
    ['muc-complete'],
  );

  test('§7.14 §10.1 a persistent room stays, a temporary one goes with the last', async (stage) => {
    const { alice, bob } = await stage.cast(two);
    for (const persistentroom of ['0', '1']) {
      const hall = await Hall.open(alice.phone, 'Alice', { persistentroom });
      alice.phone.presence({ type: 'unavailable', to: hall.of('Alice') });
      await stage.settle();
      const answer = await bob.phone.iq('get', xml('query', { xmlns: NS.discoInfo }), hall.jid);
      checkEqual(
        answer.attrs['type'],
        persistentroom === '1' ? 'result' : 'error',
        `a room with persistentroom=${persistentroom}`,
      );
    }
  });
});
