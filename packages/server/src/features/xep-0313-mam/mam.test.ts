import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World, type WorldOptions } from '../../../test/world.ts';

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
const HOUR = 60 * 60 * 1000;

const chat = (to: string, body: string): Element =>
  xml('message', { to, type: 'chat', id: body }, xml('body', null, body));
const typing = (to: string): Element =>
  xml('message', { to, type: 'chat' }, xml('composing', { xmlns: NS.chatStates }));

type Fields = Readonly<Record<string, string | readonly string[]>>;
interface Page {
  readonly max?: number | string;
  readonly before?: string;
  readonly after?: string;
}

function form(fields: Fields, type = 'submit', formType: string = NS.mam): Element {
  const all = { FORM_TYPE: formType, ...fields };
  const written = Object.entries(all).map(([name, values]) =>
    xml('field', { var: name }, ...[values].flat().map((value) => xml('value', null, value))),
  );
  return xml('x', { xmlns: NS.dataForms, type }, ...written);
}

function rsm({ max, before, after }: Page): Element {
  return xml(
    'set',
    { xmlns: NS.rsm },
    max !== undefined && xml('max', null, String(max)),
    before !== undefined && xml('before', null, before),
    after !== undefined && xml('after', null, after),
  );
}

function queryOf(fields?: Fields, page?: Page, flip = false): Element {
  return xml(
    'query',
    { xmlns: NS.mam, queryid: 'q1' },
    fields && form(fields),
    page && rsm(page),
    flip && xml('flip-page'),
  );
}

interface Answer {
  readonly results: readonly Element[];
  readonly ids: readonly (string | undefined)[];
  readonly bodies: readonly (string | undefined)[];
  readonly first: string | undefined;
  readonly index: string | undefined;
  readonly last: string | undefined;
  readonly count: string | undefined;
  readonly complete: boolean;
  readonly error: string | undefined;
}

const archivedOf = (result: Element): Element | undefined =>
  result.child('result', NS.mam)?.child('forwarded', NS.forward)?.child('message', NS.client);

/** The device asks for a page; the results that came before the answer. */
async function read(device: Device, query: Element, to?: string): Promise<Answer> {
  device.take();
  const answer = await device.ask('set', query, to);
  const results = device.takeMessages().filter((message) => message.child('result', NS.mam) !== undefined);
  const fin = answer.child('fin', NS.mam);
  const set = fin?.child('set', NS.rsm);
  return {
    results,
    ids: results.map((result) => result.child('result', NS.mam)?.attrs['id']),
    bodies: results.map((result) => archivedOf(result)?.child('body')?.text()),
    first: set?.child('first')?.text(),
    index: set?.child('first')?.attrs['index'],
    last: set?.child('last')?.text(),
    count: set?.child('count')?.text(),
    complete: fin?.attrs['complete'] === 'true',
    error: answer.child('error')?.elements[0]?.name,
  };
}

/** Bob has said 1, 2, 3 … to Alice, a minute apart; Alice has a device. */
async function archiveOf(
  count: number,
  options: WorldOptions = {},
): Promise<{ world: World; alice: Device; bob: Device }> {
  const world = await createWorld(options);
  const alice = await world.connect(`${ALICE}/phone`);
  const bob = await world.connect(`${BOB}/phone`);
  for (let n = 1; n <= count; n += 1) {
    bob.send(chat(ALICE, String(n)));
    await world.settle();
    world.clock.advance(60_000);
  }
  return { world, alice, bob };
}

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

  it('A2 D5 the archive is the same with and without devices; a query tells the other features', async () => {
    const world = await createWorld();
    await world.account(ALICE);
    const bob = await world.connect(`${BOB}/phone`, { imNg: true });
    bob.send(chat(ALICE, 'nobody is there'));
    await world.settle();
    const alice = await world.connect(`${ALICE}/phone`);
    expect((await read(alice, queryOf())).bodies).toEqual(['nobody is there']);
    expect((await read(bob, queryOf())).bodies).toEqual(['nobody is there']);
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

describe('XEP-0313 §4.3 paging', () => {
  it('§4.3.2 forwards: every message once, and the last page is complete', async () => {
    const { alice } = await archiveOf(7);
    const seen: unknown[] = [];
    let after: string | undefined;
    for (let page = 1; ; page += 1) {
      const answer = await read(alice, queryOf({}, { max: 3, ...(after === undefined ? {} : { after }) }));
      seen.push(...answer.bodies);
      expect(answer).toMatchObject({ first: answer.ids[0], last: answer.ids.at(-1), count: '7', complete: page === 3 });
      expect(answer.index).toBe(page === 1 ? '0' : undefined);
      if (answer.complete) break;
      after = answer.last;
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });

  it('§4.3.3 backwards from the last page, each page in chronological order', async () => {
    const { alice } = await archiveOf(7);
    const last = await read(alice, queryOf({}, { max: 3, before: '' }));
    expect(last).toMatchObject({ bodies: ['5', '6', '7'], index: '4', count: '7', complete: false });
    const middle = await read(alice, queryOf({}, { max: 3, before: last.first! }));
    expect(middle).toMatchObject({ bodies: ['2', '3', '4'], index: undefined, count: '7', complete: false });
    const first = await read(alice, queryOf({}, { max: 3, before: middle.first! }));
    expect(first).toMatchObject({ bodies: ['1'], index: '0', count: '7', complete: true });
  });

  it('a page that ends with the selection is complete, also when it is full', async () => {
    const { alice } = await archiveOf(3);
    expect(await read(alice, queryOf({}, { max: 3 }))).toMatchObject({ complete: true, count: '3' });
    expect(await read(alice, queryOf({}, { max: 2 }))).toMatchObject({ complete: false, count: '3' });
    const { last } = await read(alice, queryOf({}, {}));
    expect(await read(alice, queryOf({}, { after: last! }))).toMatchObject({
      ids: [],
      first: undefined,
      complete: true,
      count: '3',
    });
  });

  it('XEP-0059 §2.7 max=0 counts, and sends nothing', async () => {
    const { alice } = await archiveOf(3);
    expect(await read(alice, queryOf({}, { max: 0 }))).toMatchObject({
      ids: [],
      first: undefined,
      count: '3',
      complete: false,
    });
    expect(await read(alice, queryOf({ start: '2026-01-01T00:01:00Z' }, { max: 0 }))).toMatchObject({ count: '2' });
    expect(await read(alice, queryOf({ with: 'nobody@localhost' }, { max: 0 }))).toMatchObject({
      count: '0',
      complete: true,
    });
  });

  it('pages and filters combine', async () => {
    const { alice } = await archiveOf(6);
    const { ids } = await read(alice, queryOf());
    const fields = { 'after-id': ids[0]!, 'before-id': ids[5]! };
    expect(await read(alice, queryOf(fields, { max: 2 }))).toMatchObject({
      bodies: ['2', '3'],
      count: '4',
      index: '0',
    });
    expect(await read(alice, queryOf(fields, { max: 2, after: ids[2]! }))).toMatchObject({
      bodies: ['4', '5'],
      complete: true,
    });
    expect(await read(alice, queryOf(fields, { before: '', max: 1 }))).toMatchObject({ bodies: ['5'], index: '3' });
    expect(await read(alice, queryOf({}, { after: ids[0]!, before: ids[4]!, max: 2 }))).toMatchObject({
      bodies: ['3', '4'],
      index: undefined,
    });
  });

  it('§4.3.4 a flipped page has the same messages, newest first', async () => {
    const { alice } = await archiveOf(4);
    const straight = await read(alice, queryOf({}, { max: 3 }));
    const flipped = await read(alice, queryOf({}, { max: 3 }, true));
    expect(flipped).toEqual({
      ...straight,
      results: flipped.results,
      ids: straight.ids.toReversed(),
      bodies: ['3', '2', '1'],
    });
  });

  it('limits.mam_page_max: one page has no more, and 0 takes the bound away', async () => {
    const bounded = await archiveOf(5, { settings: ['limits.mam_page_max=4'] });
    expect(await read(bounded.alice, queryOf())).toMatchObject({ bodies: ['1', '2', '3', '4'], complete: false });
    expect(await read(bounded.alice, queryOf({}, { max: 100 }))).toMatchObject({
      bodies: ['1', '2', '3', '4'],
      complete: false,
    });
    const { ids } = await read(bounded.alice, queryOf({}, { max: 4 }));
    expect((await read(bounded.alice, queryOf({ ids: ids as string[] }))).bodies).toHaveLength(4);
    expect((await read(bounded.alice, queryOf({ ids: [...(ids as string[]), 'fifth'] }))).error).toBe(
      'policy-violation',
    );
    const free = await archiveOf(120, { settings: ['limits.mam_page_max=0'] });
    expect(await read(free.alice, queryOf())).toMatchObject({ complete: true, count: '120' });
    expect((await read(free.alice, queryOf({}, { before: '', max: 110 }))).bodies).toHaveLength(110);
  });

  it('limits.mam_page_bytes: a full page ends early, with one message at least', async () => {
    const { world, alice, bob } = await archiveOf(0, { settings: ['limits.mam_page_bytes=5000'] });
    for (const body of ['a', 'b', 'c']) bob.send(chat(ALICE, body.repeat(2000)));
    bob.send(chat(ALICE, 'd'.repeat(6000)));
    await world.settle();
    const initials = (answer: Answer): unknown => answer.bodies.map((body) => body?.[0]);
    const first = await read(alice, queryOf());
    expect(initials(first)).toEqual(['a', 'b'].slice(0, first.bodies.length));
    expect(first).toMatchObject({ complete: false, count: '4' });
    const last = await read(alice, queryOf({}, { before: '' }));
    expect(initials(last)).toEqual(['d']);
    expect(last.complete).toBe(false);
  });

  it('limits.mam_queries: one more at the same time => resource-constraint', async () => {
    const { world, alice } = await archiveOf(3, { settings: ['limits.mam_queries=2'] });
    for (const id of ['a', 'b', 'c']) alice.send(xml('iq', { type: 'set', id }, queryOf()));
    await world.settle();
    const answers = alice.take().filter(({ name }) => name === 'iq');
    expect(answers.map(({ attrs }) => `${attrs['id']} ${attrs['type']}`).toSorted()).toEqual([
      'a result',
      'b result',
      'c error',
    ]);
    expect((await read(alice, queryOf())).bodies).toHaveLength(3);
  });

  it('I8 a page waits for a client that does not read, and goes on when it does', async () => {
    const { world, alice } = await archiveOf(20);
    alice.connection.buffered = 10_000_000;
    alice.send(xml('iq', { type: 'set', id: 'slow' }, queryOf()));
    await world.settle();
    expect(alice.take()).toEqual([]);
    alice.connection.buffered = 0;
    alice.session.drained();
    await world.settle();
    expect(alice.take()).toHaveLength(21);
    alice.connection.buffered = 10_000_000;
    alice.send(xml('iq', { type: 'set', id: 'gone' }, queryOf()));
    await world.settle();
    alice.close();
    await world.settle();
    expect(world.problems).toEqual([]);
  });
});

describe('A7 retention', () => {
  const pass = async (world: World, hours: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour += 1) {
      world.clock.advance(HOUR);
      await world.settle();
    }
  };

  it('the id of an expired row keeps its place; the row itself is not there any more', async () => {
    const { world, alice, bob } = await archiveOf(0);
    bob.send(chat(ALICE, 'first'));
    bob.send(typing(ALICE));
    bob.send(chat(ALICE, 'second'));
    await world.settle();
    const [, expired] = (await read(alice, queryOf())).ids as string[];
    expect((await read(alice, queryOf({ ids: expired! }))).ids).toEqual([expired]);
    await pass(world, 24);
    expect((await read(alice, queryOf())).results).toHaveLength(3);
    await pass(world, 1);
    expect((await read(alice, queryOf())).bodies).toEqual(['first', 'second']);
    expect((await read(alice, queryOf({ 'after-id': expired! }))).bodies).toEqual(['second']);
    expect((await read(alice, queryOf({ 'before-id': expired! }))).bodies).toEqual(['first']);
    expect((await read(alice, queryOf({}, { after: expired! }))).bodies).toEqual(['second']);
    expect((await read(alice, queryOf({ ids: expired! }))).error).toBe('item-not-found');
    expect(world.problems).toEqual([]);
  });

  it('archive.retention: messages go when they are older, swept every hour', async () => {
    const { world, alice } = await archiveOf(2, { settings: ['archive.retention=2 hours'] });
    await pass(world, 1);
    expect((await read(alice, queryOf())).bodies).toEqual(['1', '2']);
    await pass(world, 2);
    expect((await read(alice, queryOf())).bodies).toEqual([]);
  });

  it('archive.transient_retention = forever keeps everything', async () => {
    const { world, alice, bob } = await archiveOf(1, { settings: ['archive.transient_retention=forever'] });
    bob.send(typing(ALICE));
    await world.settle();
    await pass(world, 100);
    expect((await read(alice, queryOf())).results).toHaveLength(2);
  });
});

describe('XEP-0313 §5 metadata', () => {
  it('the first and the last message; nothing for an empty archive', async () => {
    const { world, alice, bob } = await archiveOf(0);
    const ask = async (): Promise<Element | undefined> =>
      (await alice.ask('get', xml('metadata', { xmlns: NS.mam }))).child('metadata', NS.mam);
    expect((await ask())?.elements).toEqual([]);
    for (const body of ['1', '2', '3']) {
      bob.send(chat(ALICE, body));
      await world.settle();
      world.clock.advance(60_000);
    }
    const { ids } = await read(alice, queryOf());
    const metadata = await ask();
    expect(metadata?.child('start')?.attrs).toEqual({ id: ids[0], timestamp: '2026-01-01T00:00:00.000Z' });
    expect(metadata?.child('end')?.attrs).toEqual({ id: ids[2], timestamp: '2026-01-01T00:02:00.000Z' });
  });
});

describe('E5 XEP-0386 §4', () => {
  it('<bound/> has the metadata as of the barrier', async () => {
    const { world, alice } = await archiveOf(2);
    const { ids } = await read(alice, queryOf());
    const device = await world.connect(`${ALICE}/spare`);
    const identity = { account: device.jid.bare, mechanism: 'TEST' };
    for (const wanted of [xml('enable', { xmlns: NS.imNg }), undefined]) {
      const inline = xml('bind', { xmlns: NS.bind2 }, wanted);
      const bound = await world.host.bind(identity, { inline }, device.connection);
      const metadata = bound.inline.find((element) => element.is('metadata', NS.mam));
      expect(metadata?.child('start')?.attrs['id']).toBe(ids[0]);
      expect(metadata?.child('end')?.attrs['id']).toBe(ids[1]);
    }
  });
});
