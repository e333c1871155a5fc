import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Element, NS, writeForm, xml } from '@tutti/xmpp';
import { expect, test } from 'vitest';
import { openAccounts } from '../../packages/server/src/accounts/open.ts';
import { loadConfig } from '../../packages/server/src/config/load.ts';
import type { Logger } from '../../packages/server/src/environment.ts';
import type { Device } from '../client/device.ts';
import { authenticate2, openStream } from '../client/login.ts';
import { Hall, itemOf, presenceOf, submit } from '../hall.ts';
import { create, eventsIn, publish, pubsub, pubsubOwner } from '../pep.ts';
import { presencesIn, pushesIn, setContact } from '../roster.ts';
import { askForSlot, putFile } from '../xep-0363/slot.ts';
import { OwnServer, until } from './own-server.ts';

const JULIET = 'juliet@localhost';
const ROMEO = 'romeo@localhost';
const NODES = 'pubsub.localhost';
const PUSH = 'gateway.localhost';

/** The text of the day, and what migrations remember. */
const OF_NOBODY: ReadonlySet<string> = new Set(['migration', 'migration_lock', 'motd']);

const settings = [
  `admins=["${ROMEO}"]`,
  `components.domains."${PUSH}".secrets=["secret"]`,
  'components.port=0',
  'invitations.accounts=everyone',
];

test('XEP-0077 §3.2 a removed account leaves nothing behind, and its contacts, rooms and subscribers are told', async () => {
  await using server = await OwnServer.start(...settings);
  const { juliet, romeo, halls, file } = await live(server);
  const start = romeo.transcript.length;
  juliet.send(xml('iq', { type: 'set', id: 'end' }, xml('query', { xmlns: NS.register }, xml('remove'))));
  await juliet.wire.waitClosed();
  const heard = (): Element[] => romeo.transcript.slice(start);
  await until(() => presencesIn(heard()).includes(`unsubscribed ${JULIET}`));
  await romeo.fence();
  // RFC 6121 §3.2, §3.3: both directions end, and the contact's roster says so.
  expect(presencesIn(heard())).toEqual(
    expect.arrayContaining([`unavailable ${juliet.jid}`, `unsubscribe ${JULIET}`, `unsubscribed ${JULIET}`]),
  );
  expect(pushesIn(heard()).at(-1)).toMatchObject({ jid: JULIET, subscription: 'none' });
  // She has left the rooms, the members' lists among them.
  expect(itemOf(presenceOf(heard(), halls.his.of('Juliet'), 'unavailable'))?.attrs['role']).toBe('none');
  expect((await halls.his.list(romeo, { affiliation: 'member' })).elements[0]?.elements).toEqual([]);
  // What she has published at others' nodes is gone, and subscribers are told (XEP-0060 §7.2).
  await until(() => eventsIn(heard()).includes('his -hers'));
  await until(() => !traces(server.data).has('store.db account.jid'));
  // The room that she made, and the node, are his now.
  await romeo.ask('get', xml('query', { xmlns: NS.mucOwner }), halls.hers.jid);
  await romeo.ask('get', pubsubOwner(xml('configure', { node: 'shared' })), NODES);
  expect((await fetch(file)).status).toBe(404);
  expectNothingOfHers(server.data, halls);
  expect(underWay(server.data)).toEqual([PUSH]);
  // Whoever has her name later is somebody else.
  await server.add('juliet');
  const another = await server.connect('juliet.phone');
  expect((await another.archive()).rows).toEqual([]);
  expect((await another.ask('get', xml('query', { xmlns: NS.roster }))).elements[0]?.elements).toEqual([]);
  await hallRefuses(another, halls.hers);
});

test('XEP-0077 §3.2 tutti user remove, while no server runs, leaves no more', async () => {
  const server = await OwnServer.start(...settings);
  const { halls } = await live(server);
  await server.stop();
  const { config } = loadConfig({ settings: [...settings, `data=${server.data}`] });
  const problems: string[] = [];
  const write = (fields: object, message: string): void => void problems.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug() {}, info() {}, warn: write, error: write, child: () => logger };
  const accounts = await openAccounts(config, logger);
  await accounts.remove(JULIET);
  await accounts.close();
  expect(problems).toEqual([]);
  expectNothingOfHers(server.data, halls);
  const files = readdirSync(join(server.data, 'upload'), { recursive: true, withFileTypes: true });
  expect(files.filter((one) => one.isFile())).toEqual([]);
  rmSync(server.data, { recursive: true });
});

interface Scene {
  readonly juliet: Device;
  readonly romeo: Device;
  readonly halls: { hers: Hall; his: Hall };
  /** Where a file of hers is. */
  readonly file: string;
}

/** Juliet has something of everything. */
async function live(server: OwnServer): Promise<Scene> {
  await server.add('juliet', 'romeo', 'paris');
  await (await server.connect('juliet.old')).close();
  await until(() => traces(server.data).has('store.db last_activity.account'));
  const juliet = await server.connect('juliet.phone');
  const romeo = await server.connect('romeo.desk');
  await befriend(juliet, romeo);
  const halls = await beInRooms(juliet, romeo);
  await publishThings(juliet, romeo);
  const file = await keepThings(juliet, romeo, server);
  await talk(juliet, romeo);
  // What is kept of a device is written in its own time.
  await until(() => !untouched(server.data).includes('device'));
  // A table that is new has to be filled here, or is of nobody's.
  expect(untouched(server.data)).toEqual([]);
  return { juliet, romeo, halls, file };
}

/** What others have said and heard stays theirs, and so does what they think of her. */
function expectNothingOfHers(data: string, halls: Scene['halls']): void {
  expect([...traces(data).keys()].toSorted()).toEqual([
    'log.db peer.jid',
    'log.db stanza.bytes',
    'store.db blocked.jid',
    'store.db muc_tombstone.stanza',
    'store.db report.peer',
    'store.db roster_item.jid',
  ]);
  expect(archivesWith(data)).toEqual([ROMEO, halls.hers.jid, halls.his.jid].toSorted());
}

/** She is nobody in the room that was hers. */
async function hallRefuses(device: Device, hall: Hall): Promise<void> {
  const answer = await device.iq('get', xml('query', { xmlns: NS.mucOwner }), hall.jid);
  expect(answer.child('error')?.child('forbidden', NS.stanzas)).toBeDefined();
}

/** Both see each other's presence. */
async function befriend(juliet: Device, romeo: Device): Promise<void> {
  for (const device of [juliet, romeo]) {
    await device.ask('get', xml('query', { xmlns: NS.roster }));
    await device.available();
  }
  await setContact(romeo, { jid: JULIET, name: 'My love' }, 'Lovers');
  for (const [one, other] of [
    [juliet, ROMEO],
    [romeo, JULIET],
  ] as const) {
    one.presence({ to: other, type: 'subscribe' });
    await one.fence();
  }
  for (const [one, other] of [
    [juliet, ROMEO],
    [romeo, JULIET],
  ] as const)
    one.presence({ to: other, type: 'subscribed' });
  await juliet.fence();
  await romeo.fence();
  await setContact(juliet, { jid: 'tybalt@localhost' });
  await setContact(juliet, { jid: 'tybalt@localhost', subscription: 'remove' });
  juliet.presence({ to: 'paris@localhost', type: 'subscribe' });
  await juliet.fence();
}

/** A room of hers with an admin, one of his that she is a member of, one that has banned her, and one that she asks to be let into. */
async function beInRooms(juliet: Device, romeo: Device): Promise<{ hers: Hall; his: Hall }> {
  const hers = await Hall.open(juliet, 'Juliet', { persistentroom: '1', roomadmins: ROMEO });
  juliet.message({ to: hers.jid, type: 'groupchat' }, xml('subject', null, 'Balconies'));
  const his = await Hall.open(romeo, 'Romeo', { persistentroom: '1' });
  await his.enter(juliet, 'Juliet');
  const register = (nick: string): Element =>
    xml('query', { xmlns: NS.register }, submit(NS.mucRegister, { 'muc#register_roomnick': nick }));
  await juliet.ask('set', register('Juliet'), his.jid);
  his.say(juliet, 'hello');
  const regretted = his.say(juliet, 'regretted').attrs['id'];
  const heard = await juliet.receive(({ attrs, name }) => name === 'message' && attrs['id'] === regretted);
  const { id } = heard.child('stanza-id', NS.sid)?.attrs ?? {};
  juliet.message({ to: his.jid, type: 'groupchat' }, xml('retract', { xmlns: NS.messageRetract, id }));
  const banning = await Hall.open(romeo, 'Romeo', { persistentroom: '1' });
  await banning.admin(romeo, { jid: JULIET, affiliation: 'outcast', reason: 'no' });
  const asking = await Hall.open(romeo, 'Romeo', { persistentroom: '1', '{tutti:muc:0}registration': 'approval' });
  await juliet.ask('set', register('Giulietta'), asking.jid);
  return { hers, his };
}

/** Nodes of hers and of others, with items and subscriptions. */
async function publishThings(juliet: Device, romeo: Device): Promise<void> {
  const item = (id: string): Element => xml('entry', { xmlns: 'urn:test' }, xml('id', null, id));
  await juliet.ask('set', publish(NS.nick, 'current', xml('nick', { xmlns: NS.nick }, 'Juliet')));
  await romeo.ask('set', create('list', { access_model: 'whitelist' }));
  const affiliate = (affiliation: string): Element => xml('affiliation', { jid: JULIET, affiliation });
  await romeo.ask('set', pubsubOwner(xml('affiliations', { node: 'list' }, affiliate('member'))));
  await juliet.ask('set', pubsub(xml('subscribe', { node: 'list', jid: JULIET })), ROMEO);
  await romeo.ask('set', create('his', { publish_model: 'open' }), NODES);
  await romeo.ask('set', pubsub(xml('subscribe', { node: 'his', jid: ROMEO })), NODES);
  await juliet.ask('set', pubsub(xml('subscribe', { node: 'his', jid: juliet.jid })), NODES);
  await juliet.ask('set', publish('his', 'hers', item('x')), NODES);
  await juliet.ask('set', create('hers'), NODES);
  await juliet.ask('set', create('shared'), NODES);
  const share = xml('affiliation', { jid: ROMEO, affiliation: 'owner' });
  await juliet.ask('set', pubsubOwner(xml('affiliations', { node: 'shared' }, share)), NODES);
}

/** All that the server keeps of an account. */
async function keepThings(juliet: Device, romeo: Device, server: OwnServer): Promise<string> {
  await juliet.ask('set', xml('vCard', { xmlns: NS.vcardTemp }, xml('FN', null, 'Juliet')));
  await juliet.ask('set', xml('query', { xmlns: NS.privateXml }, xml('x', { xmlns: 'urn:test' })));
  const block = (jid: string): Element => {
    const report = xml('report', { xmlns: NS.reporting, reason: 'urn:xmpp:reporting:abuse' });
    return xml('block', { xmlns: NS.blocking }, xml('item', { jid }, report));
  };
  await juliet.ask('set', block('paris@localhost'));
  const paris = await server.connect('paris.pc');
  await paris.ask('set', block(JULIET));
  await paris.close();
  await juliet.ask('set', xml('enable', { xmlns: NS.push, jid: PUSH, node: 'n' }));
  const never = xml('never', null, xml('jid', null, 'paris@localhost'));
  await juliet.ask('set', xml('prefs', { xmlns: NS.mam, default: 'always' }, xml('always'), never));
  const run = (device: Device, node: string, form?: Element): Promise<Element> =>
    device.ask('set', xml('command', { xmlns: NS.commands, node }, form), 'localhost');
  await run(juliet, `${NS.invite}#invite`);
  await run(romeo, `${NS.admin}#set-motd`, writeForm('submit', NS.admin, [{ var: 'motd', value: 'Hello' }]));
  const slot = await askForSlot(juliet, 'x.txt', 5, 'text/plain');
  expect((await putFile(slot, 'hello', 'text/plain')).status).toBe(201);
  const { wire } = await openStream(server.address());
  const agent = xml('user-agent', { id: randomUUID() }, xml('software', null, 'test'));
  const token = xml('request-token', { xmlns: NS.fast, mechanism: 'HT-SHA-256-NONE' });
  const bind = xml('bind', { xmlns: NS.bind2 }, xml('tag', null, 'Test'));
  await authenticate2(wire, server.account('juliet'), 'SCRAM-SHA-256', agent, token, bind);
  await wire.close();
  return slot.get;
}

async function talk(juliet: Device, romeo: Device): Promise<void> {
  juliet.message({ to: ROMEO, type: 'chat' }, 'Wherefore art thou');
  romeo.message({ to: JULIET, type: 'chat' }, 'Call me but love');
  juliet.message({ to: PUSH, type: 'chat' }, 'It is a gateway that is away');
  await juliet.fence();
  await romeo.fence();
}

/** Tables of the features that know nothing of her. */
function untouched(data: string): string[] {
  const db = new DatabaseSync(join(data, 'store.db'), { readOnly: true });
  const tables = db.prepare("select name from sqlite_schema where type = 'table' order by name").all() as {
    name: string;
  }[];
  db.close();
  const touched = [...traces(data).keys()].join(' ');
  return tables.map(({ name }) => name).filter((name) => !touched.includes(` ${name}.`) && !OF_NOBODY.has(name));
}

/** Whose archives have messages with her address. */
function archivesWith(data: string): string[] {
  return query(
    data,
    `select distinct account.jid as found from entry join stanza on stanza.id = entry.stanza join account on account.id = entry.account
     where instr(cast(bytes as text), ?) order by 1`,
    JULIET,
  );
}

/** Where messages with her address are on their way to: what she has sent is delivered. */
function underWay(data: string): string[] {
  const sql = 'select distinct target as found from parcel join stanza on stanza.id = parcel.stanza';
  return query(data, `${sql} where instr(cast(bytes as text), ?)`, JULIET);
}

function query(data: string, sql: string, value: string): string[] {
  const db = new DatabaseSync(join(data, 'log.db'), { readOnly: true });
  try {
    return (db.prepare(sql).all(value) as { found: string }[]).map(({ found }) => found);
  } finally {
    db.close();
  }
}

/** Where in the databases her address stands: table and column, and how often. */
function traces(data: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const file of readdirSync(data).filter((name) => name.endsWith('.db'))) {
    const db = new DatabaseSync(join(data, file), { readOnly: true });
    const tables = db.prepare("select name from sqlite_schema where type = 'table'").all() as { name: string }[];
    for (const { name } of tables) {
      for (const column of db.prepare(`select name from pragma_table_info('${name}')`).all() as { name: string }[]) {
        const query = `select count(*) as n from "${name}" where instr(cast("${column.name}" as text), ?)`;
        const { n } = db.prepare(query).get(JULIET) as { n: number };
        if (n > 0) found.set(`${file} ${name}.${column.name}`, n);
      }
    }
    db.close();
  }
  return found;
}
