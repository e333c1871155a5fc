import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import {
  ALICE,
  archivedOf,
  archiveOf,
  BOB,
  chat,
  type Fields,
  form,
  queryOf,
  read,
  rsm,
} from '../../../test/archive.ts';
import { createWorld } from '../../../test/world.ts';

describe('XEP-0313 §4 querying an archive', () => {
  it('§4.2 I2 the results come before the end, in order, exactly as delivered live', async () => {
    const { world, bob } = await archiveOf(0);
    const live = await world.connect(`${ALICE}/tablet`, { imNg: true });
    for (const body of ['one', 'two', 'three']) bob.send(chat(`${ALICE}/tablet`, body));
    await world.settle();
    const delivered = live.takeMessages();
    const { results, ids, complete } = await read(live, queryOf());
    expect(results.map((result) => archivedOf(result)?.toString())).toEqual(delivered.map(String));
    expect(ids).toEqual(delivered.map((message) => message.child('stanza-id', NS.sid)?.attrs['id']));
    expect(complete).toBe(true);
    for (const result of results) {
      expect(result.attrs).toEqual({ from: ALICE, to: `${ALICE}/tablet` });
      expect(result.child('result', NS.mam)?.attrs['queryid']).toBe('q1');
      const stamp = result.child('result', NS.mam)?.child('forwarded', NS.forward)?.child('delay', NS.delay)?.attrs[
        'stamp'
      ];
      expect(stamp).toBe('2026-01-01T00:00:00.000Z');
    }
    expect(world.problems).toEqual([]);
  });

  it('§4.2 without a queryid there is none in the results', async () => {
    const { alice } = await archiveOf(1);
    const { results } = await read(alice, xml('query', { xmlns: NS.mam }));
    expect(results[0]?.child('result', NS.mam)?.attrs['queryid']).toBeUndefined();
  });

  it('an empty archive has one empty, complete page', async () => {
    const { alice } = await archiveOf(0);
    expect(await read(alice, queryOf())).toMatchObject({
      ids: [],
      complete: true,
      count: '0',
      first: undefined,
      error: undefined,
    });
  });

  it('A2 the archive is the same with and without devices', async () => {
    const world = await createWorld();
    await world.account(ALICE);
    const bob = await world.connect(`${BOB}/phone`, { imNg: true });
    bob.send(chat(ALICE, 'nobody is there'));
    await world.settle();
    const alice = await world.connect(`${ALICE}/phone`);
    expect((await read(alice, queryOf())).bodies).toEqual(['nobody is there']);
    expect((await read(bob, queryOf())).bodies).toEqual(['nobody is there']);
  });

  it('D5 §6.1.1 who has read the archive gets no offline messages on top of it', async () => {
    const world = await createWorld();
    await world.account(ALICE);
    const bob = await world.connect(`${BOB}/phone`);
    bob.send(chat(ALICE, 'missed'));
    await world.settle();
    const reader = await world.connect(`${ALICE}/reader`);
    expect((await read(reader, queryOf())).bodies).toEqual(['missed']);
    reader.send(xml('presence'));
    await world.settle();
    expect(reader.takeMessages()).toEqual([]);
    reader.close();
    await world.settle();
    const asker = await world.connect(`${ALICE}/asker`);
    await asker.ask('get', xml('query', { xmlns: NS.mam }));
    asker.send(xml('presence'));
    await world.settle();
    expect(asker.takeMessages().map((message) => message.child('body')?.text())).toEqual(['missed']);
  });

  it("§8.1 others' archives are forbidden, whether there is such an account or not", async () => {
    const { alice } = await archiveOf(1);
    for (const to of [BOB, 'nobody@localhost']) {
      expect((await read(alice, queryOf(), to)).error).toBe('forbidden');
      for (const name of ['query', 'metadata']) {
        const answer = await alice.ask('get', xml(name, { xmlns: NS.mam }), to);
        expect(answer.child('error')?.child('forbidden', NS.stanzas)).toBeDefined();
      }
    }
    expect((await read(alice, queryOf(), 'localhost')).error).toBe('service-unavailable');
    expect((await read(alice, queryOf(), ALICE)).bodies).toEqual(['1']);
  });
});

describe('XEP-0313 §4.1 filters', () => {
  it('§4.1.1 with: a bare address matches all resources, a full one only its own', async () => {
    const { world, alice, bob } = await archiveOf(1);
    const tablet = await world.connect(`${BOB}/tablet`);
    const carol = await world.connect('carol@localhost/phone');
    tablet.send(chat(ALICE, 'from the tablet'));
    carol.send(chat(ALICE, 'from carol'));
    await world.settle();
    alice.send(chat(BOB, 'to bob'));
    alice.send(chat(ALICE, 'to myself'));
    await world.settle();
    const bodies = async (peer: string): Promise<unknown> => (await read(alice, queryOf({ with: peer }))).bodies;
    expect(await bodies(BOB)).toEqual(['1', 'from the tablet', 'to bob']);
    expect(await bodies('Bob@LOCALHOST/tablet')).toEqual(['from the tablet']);
    expect(await bodies('carol@localhost')).toEqual(['from carol']);
    // The own address means what is from oneself and to oneself.
    expect(await bodies(ALICE)).toEqual(['to myself']);
    expect(await bodies('stranger@example.org')).toEqual([]);
    expect((await read(bob, queryOf({ with: ALICE }))).bodies).toEqual(['1', 'from the tablet', 'to bob']);
  });

  it('§4.1.2 start and end are inclusive, in any time zone', async () => {
    const { alice } = await archiveOf(3);
    const bodies = async (fields: Fields): Promise<unknown> => (await read(alice, queryOf(fields))).bodies;
    expect(await bodies({ start: '2026-01-01T00:01:00Z' })).toEqual(['2', '3']);
    expect(await bodies({ start: '2026-01-01T00:01:00.001Z' })).toEqual(['3']);
    expect(await bodies({ end: '2026-01-01T00:01:00Z' })).toEqual(['1', '2']);
    expect(await bodies({ start: '2026-01-01T02:01:00+02:00', end: '2025-12-31T22:01:00-02:00' })).toEqual(['2']);
    expect(await bodies({ start: '2026-02-01T00:00:00Z' })).toEqual([]);
  });

  it('§4.1.3 before-id, after-id and ids', async () => {
    const { alice } = await archiveOf(5);
    const { ids } = await read(alice, queryOf());
    const bodies = async (fields: Fields): Promise<unknown> => (await read(alice, queryOf(fields))).bodies;
    expect(await bodies({ 'after-id': ids[1]! })).toEqual(['3', '4', '5']);
    expect(await bodies({ 'before-id': ids[1]! })).toEqual(['1']);
    expect(await bodies({ 'after-id': ids[0]!, 'before-id': ids[3]! })).toEqual(['2', '3']);
    expect(await bodies({ ids: ids[2]! })).toEqual(['3']);
    expect(await bodies({ ids: [ids[4]!, ids[0]!, ids[4]!] })).toEqual(['1', '5']);
    expect(await bodies({ ids: [ids[4]!, ids[0]!], 'after-id': ids[1]! })).toEqual(['5']);
  });

  it('§4.1.3 an id that the archive never gave => item-not-found', async () => {
    const { alice, bob } = await archiveOf(2);
    const own = (await read(alice, queryOf())).ids[0]!;
    const foreign = (await read(bob, queryOf())).ids[0]!;
    for (const id of [foreign, 'nonsense', `${own.slice(0, -1)}9`]) {
      for (const field of ['before-id', 'after-id', 'ids']) {
        expect(await read(alice, queryOf({ [field]: id }))).toMatchObject({ error: 'item-not-found', results: [] });
      }
      for (const position of ['before', 'after']) {
        expect((await read(alice, queryOf({}, { [position]: id }))).error).toBe('item-not-found');
      }
    }
    expect((await read(alice, queryOf({ ids: [own, foreign] }))).error).toBe('item-not-found');
  });

  it('§4.1.4 include-groupchat', async () => {
    const { world, alice, bob } = await archiveOf(1);
    bob.send(xml('message', { to: ALICE, type: 'groupchat' }, xml('body', null, 'to the group')));
    await world.settle();
    const bodies = async (fields: Fields): Promise<unknown> => (await read(alice, queryOf(fields))).bodies;
    expect(await bodies({})).toEqual(['1', 'to the group']);
    for (const yes of ['true', '1']) expect(await bodies({ 'include-groupchat': yes })).toEqual(['1', 'to the group']);
    for (const no of ['false', '0']) expect(await bodies({ 'include-groupchat': no })).toEqual(['1']);
  });

  it('§4.1.5 the form has all fields, none required, and an open list of ids', async () => {
    const { alice } = await archiveOf(0);
    const answer = await alice.ask('get', xml('query', { xmlns: NS.mam }));
    const told = answer.child('query', NS.mam)?.child('x', NS.dataForms);
    expect(told?.attrs['type']).toBe('form');
    const fields = told?.childrenNamed('field') ?? [];
    expect(fields.map(({ attrs }) => `${attrs['var']} ${attrs['type']}`)).toEqual([
      'FORM_TYPE hidden',
      'with jid-single',
      'start text-single',
      'end text-single',
      'before-id text-single',
      'after-id text-single',
      'ids list-multi',
      'include-groupchat boolean',
    ]);
    expect(fields[0]?.child('value')?.text()).toBe(NS.mam);
    expect(fields[6]?.child('validate', NS.dataFormValidate)?.child('open')).toBeDefined();
    expect(String(told)).not.toContain('required');
  });

  it('§4.1.5 fields that a generic client leaves empty select nothing away', async () => {
    const { alice } = await archiveOf(1);
    const fields = { with: '', start: [], end: '', 'before-id': '', 'after-id': [], ids: [], 'include-groupchat': '' };
    expect((await read(alice, queryOf(fields))).bodies).toEqual(['1']);
  });

  it.each<[string, Element, string]>([
    ['an unknown field', queryOf({ '{http://example.org/}text': 'x' }), 'feature-not-implemented'],
    ['no address', queryOf({ with: 'a@b@c' }), 'jid-malformed'],
    ['two addresses', queryOf({ with: [ALICE, BOB] }), 'bad-request'],
    ['a date alone', queryOf({ start: '2026-01-01' }), 'bad-request'],
    ['no time zone', queryOf({ end: '2026-01-01T00:00:00' }), 'bad-request'],
    ['30 February', queryOf({ start: '2026-02-30T00:00:00Z' }), 'bad-request'],
    ['25 o’clock', queryOf({ start: '2026-02-03T25:00:00Z' }), 'bad-request'],
    ['neither true nor false', queryOf({ 'include-groupchat': 'perhaps' }), 'bad-request'],
    ['a form of another type', xml('query', { xmlns: NS.mam }, form({}, 'result')), 'bad-request'],
    ['a form about something else', xml('query', { xmlns: NS.mam }, form({}, 'submit', 'urn:x')), 'bad-request'],
    ['no FORM_TYPE', xml('query', { xmlns: NS.mam }, xml('x', { xmlns: NS.dataForms, type: 'submit' })), 'bad-request'],
    ['two forms', xml('query', { xmlns: NS.mam }, form({}), form({})), 'bad-request'],
    [
      'a field without a name',
      xml('query', { xmlns: NS.mam }, form({}).append(xml('field', { xmlns: NS.dataForms }))),
      'bad-request',
    ],
    [
      'a field twice',
      xml('query', { xmlns: NS.mam }, form({}).append(xml('field', { xmlns: NS.dataForms, var: 'FORM_TYPE' }))),
      'bad-request',
    ],
    ['max is no number', queryOf({}, { max: 'many' }), 'bad-request'],
    ['max is negative', queryOf({}, { max: -1 }), 'bad-request'],
    ['two sets', xml('query', { xmlns: NS.mam }, rsm({}), rsm({})), 'bad-request'],
    [
      'a page by number',
      xml('query', { xmlns: NS.mam }, rsm({}).append(xml('index', { xmlns: NS.rsm }, '2'))),
      'feature-not-implemented',
    ],
    ['a node', xml('query', { xmlns: NS.mam, node: 'n' }), 'item-not-found'],
  ])('%s => its error', async (_, query, condition) => {
    const { alice } = await archiveOf(1);
    expect(await read(alice, query)).toMatchObject({ error: condition, results: [] });
  });
});
