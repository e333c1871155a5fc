import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { Hall } from '../hall.ts';
import { section } from '../suite.ts';

export default section('xep-0045', '6', 'Entity use cases', { needs: ['muc'] }, ({ test }) => {
  test('§6.1 §6.2 the service is found, and says that it is one', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const service = `conference.${stage.domain}`;
    const items = (await alice.phone.ask('get', xml('query', { xmlns: NS.discoItems }), stage.domain)).elements[0];
    check(items?.elements.some(({ attrs }) => attrs['jid'] === service) === true, `no ${service} among the items`);
    const info = (await alice.phone.disco(service)).elements[0];
    check(featuresOf(info).includes(NS.muc), 'the service does not support MUC');
    check(
      info?.elements.some(({ attrs }) => attrs['category'] === 'conference' && attrs['type'] === 'text') === true,
      'no identity conference/text',
    );
  });

  test('§6.3 public rooms are listed, hidden ones are not', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const shown = await Hall.open(alice.phone, 'A', { roomname: 'The Balcony', publicroom: '1' });
    const hidden = await Hall.open(alice.phone, 'A', { publicroom: '0' });
    const items = await listRooms(alice.phone);
    checkEqual(items.get(shown.jid), 'The Balcony', 'the name of the public room');
    check(!items.has(hidden.jid), 'the hidden room is listed');
  });

  test(
    '§6.3 XEP-0059 the list of rooms in pages',
    async (stage) => {
      const { alice } = await stage.cast({ alice: 'phone=legacy' });
      const own = [];
      for (let n = 0; n < 3; n += 1) own.push((await Hall.open(alice.phone, 'A')).jid);
      const found: string[] = [];
      let after: string | undefined;
      for (let page = 0; page < 200; page += 1) {
        const set = xml(
          'set',
          { xmlns: NS.rsm },
          xml('max', null, '2'),
          after !== undefined && xml('after', null, after),
        );
        const answer = await alice.phone.ask(
          'get',
          xml('query', { xmlns: NS.discoItems }, set),
          `conference.${stage.domain}`,
        );
        const items = answer.elements[0]?.childrenNamed('item') ?? [];
        check(items.length <= 2, `${items.length} items in a page of two`);
        if (items.length === 0) break;
        found.push(...items.map(({ attrs }) => attrs['jid'] ?? ''));
        after = answer.elements[0]?.child('set', NS.rsm)?.child('last')?.text();
      }
      for (const jid of own) checkEqual(found.filter((one) => one === jid).length, 1, `how often ${jid} is listed`);
    },
    ['muc-complete'],
  );

  test(
    '§6.4 a room says what kind of room it is',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const open = await Hall.open(alice.phone, 'A', { roomname: 'The Balcony', roomdesc: 'Up there' });
      const info = (await bob.phone.disco(open.jid)).elements[0];
      checkEqual(info?.child('identity')?.attrs['name'], 'The Balcony', 'the name');
      for (const feature of [
        'muc_public',
        'muc_temporary',
        'muc_open',
        'muc_unmoderated',
        'muc_semianonymous',
        'muc_unsecured',
        NS.muc,
      ])
        check(featuresOf(info).includes(feature), `no feature ${feature}`);
      const fields = new Map(
        info
          ?.child('x', NS.dataForms)
          ?.childrenNamed('field')
          .map((field) => [field.attrs['var'], field.child('value')?.text()]),
      );
      checkEqual(fields.get('muc#roominfo_description'), 'Up there', 'the description');
      checkEqual(fields.get('muc#roominfo_occupants'), '1', 'the number of occupants');
      const closed = await Hall.open(alice.phone, 'A', {
        publicroom: '0',
        persistentroom: '1',
        membersonly: '1',
        moderatedroom: '1',
        whois: 'anyone',
        passwordprotectedroom: '1',
        roomsecret: 'cauldronburn',
      });
      const secret = featuresOf((await bob.phone.disco(closed.jid)).elements[0]);
      for (const feature of [
        'muc_hidden',
        'muc_persistent',
        'muc_membersonly',
        'muc_moderated',
        'muc_nonanonymous',
        'muc_passwordprotected',
      ])
        check(secret.includes(feature), `no feature ${feature}`);
      await closed.configure(alice.phone, { persistentroom: '0' });
    },
    ['muc-complete'],
  );

  test('§6.4 a room that is not there is not found', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const answer = await alice.phone.iq(
      'get',
      xml('query', { xmlns: NS.discoInfo }),
      `nowhere@conference.${stage.domain}`,
    );
    checkErrorIs(answer, 'item-not-found');
  });

  test('§6.6 §17.4 who is not in the room asks nobody in it', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    const answer = await bob.phone.iq('get', xml('query', { xmlns: NS.discoInfo }), hall.of('Alice'));
    checkErrorIs(answer, ['bad-request', 'not-acceptable']);
  });
});

function featuresOf(info: Element | undefined): string[] {
  return (info?.childrenNamed('feature') ?? []).map(({ attrs }) => attrs['var'] ?? '');
}

/** All rooms by address, with their names. */
async function listRooms(device: Device): Promise<Map<string, string | undefined>> {
  const set = xml('set', { xmlns: NS.rsm }, xml('max', null, '1000'));
  const answer = await device.ask('get', xml('query', { xmlns: NS.discoItems }, set), `conference.${device.domain}`);
  const items = answer.elements[0]?.childrenNamed('item') ?? [];
  return new Map(items.map(({ attrs }) => [attrs['jid'] ?? '', attrs['name']]));
}
