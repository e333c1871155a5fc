import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs, checkResult } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { check } from '../failure.ts';
import { codes, Hall, presenceOf, type RoomFields, submit } from '../hall.ts';
import { section } from '../suite.ts';

const COMMANDS = `${NS.hats}:commands`;
const HOST = { 'hats#title': 'Host', 'hats#uri': 'urn:example:hats#host', 'hats#hue': '327.255249' };

export default section('xep-0317', '3', 'Hats', { needs: ['muc', 'muc-complete'] }, ({ test }) => {
  test('§2 §3.2 §3.5 §3.1 a hat is made, assigned, and seen; §3.6 §3.3 taken, and destroyed', async (stage) => {
    const { alice, bob, carol } = await stage.cast({
      alice: 'phone=legacy',
      bob: 'phone=legacy',
      carol: 'phone=legacy',
    });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    await hall.enter(carol.phone, 'Carol');
    const info = (await bob.phone.disco(hall.jid)).elements[0];
    check(info?.elements.some(({ attrs }) => attrs['var'] === NS.hats) === true, 'the room does not support hats');
    await stage.settle();
    checkResult(await run(hall, alice.phone, 'create', HOST));
    check((await stage.news(alice.phone)).get(bob.phone)?.some((one) => codes(one).includes(104)) === true, 'no 104');
    const assign = { 'hats#jid': bob.jid, 'hats#uri': HOST['hats#uri'] };
    checkResult(await run(hall, alice.phone, 'assign', assign));
    const hatsIn = (stanza: Element | undefined) =>
      stanza?.child('hats', NS.hats)?.elements.map(({ attrs }) => ({ ...attrs }));
    const seen = async () => hatsIn(presenceOf((await stage.news(alice.phone)).get(carol.phone), hall.of('Bob')));
    checkEqual(await seen(), [{ uri: HOST['hats#uri'], title: 'Host', hue: '327.255249' }], 'what Carol sees');
    checkEqual(
      rowsOf(await run(hall, alice.phone, 'list-assigned')),
      [[bob.jid, HOST['hats#uri'], 'Host', '327.255249']],
      'the list',
    );
    checkEqual(rowsOf(await run(hall, bob.phone, 'list')), [['Host', HOST['hats#uri'], '327.255249']], 'the hats');
    checkResult(await run(hall, alice.phone, 'unassign', assign));
    checkEqual(await seen(), undefined, 'what Carol sees after it was taken');
    checkResult(await run(hall, alice.phone, 'assign', assign));
    await stage.settle();
    checkResult(await run(hall, alice.phone, 'destroy', { 'hats#uri': HOST['hats#uri'] }));
    checkEqual(await seen(), undefined, 'what Carol sees after the hat was destroyed');
    checkEqual(rowsOf(await run(hall, alice.phone, 'list-assigned')), [], 'the list without it');
  });

  test("§3 hats are the admins' business", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    await hall.enter(bob.phone, 'Bob');
    for (const command of ['create', 'destroy', 'assign', 'unassign', 'list-assigned'])
      checkErrorIs(await run(hall, bob.phone, command, HOST), 'forbidden');
    checkErrorIs(
      await run(hall, alice.phone, 'assign', { 'hats#jid': bob.jid, 'hats#uri': 'urn:example:none' }),
      'item-not-found',
    );
  });

  test('§3.2 XEP-0050 a form is given to those who ask for one', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const hall = await Hall.open(alice.phone, 'Alice');
    const command = (await run(hall, alice.phone, 'create')).elements[0];
    checkEqual(command?.attrs['status'], 'executing', 'the status');
    const fields = command
      ?.child('x', NS.dataForms)
      ?.childrenNamed('field')
      .map(({ attrs }) => attrs['var']);
    checkEqual(fields, ['FORM_TYPE', 'hats#title', 'hats#uri', 'hats#hue'], 'the fields');
    const items = await alice.phone.ask('get', xml('query', { xmlns: NS.discoItems, node: NS.commands }), hall.jid);
    check(
      items.elements[0]?.elements.some(({ attrs }) => attrs['node'] === `${COMMANDS}:create`) === true,
      'not listed',
    );
  });
});

function run(hall: Hall, device: Device, command: string, fields?: RoomFields): Promise<Element> {
  const form = fields === undefined ? undefined : submit(COMMANDS, fields);
  return device.iq(
    'set',
    xml('command', { xmlns: NS.commands, action: 'execute', node: `${COMMANDS}:${command}` }, form),
    hall.jid,
  );
}

function rowsOf(answer: Element): (string | undefined)[][] {
  const items = answer.elements[0]?.child('x', NS.dataForms)?.childrenNamed('item') ?? [];
  return items.map((item) => item.elements.map((field) => field.child('value')?.text()));
}
