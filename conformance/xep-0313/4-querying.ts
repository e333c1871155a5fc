import { NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import { type ArchiveQuery, archiveRequest } from '../client/archive.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';
import { type Archive, fillArchive, numbersOf } from './archive-fixture.ts';

/** What a query asks for, and which of the ten messages it gets. */
type Case = readonly [title: string, query: (archive: Archive) => ArchiveQuery, wanted: readonly number[]];

const at = ({ rows }: Archive, number: number) => rows[number - 1]?.at ?? '';

const FILTERS: readonly Case[] = [
  ['§4.1.1 with a bare JID', ({ bob }) => ({ fields: { with: bob.bare } }), [1, 3, 5, 7, 9]],
  ['§4.1.1 with a full JID', ({ carol }) => ({ fields: { with: carol.jid } }), [2, 4, 6, 8, 10]],
  ['§4.1.1 with a full JID that nobody had', ({ carol }) => ({ fields: { with: `${carol.bare}/other` } }), []],
  ['§4.1.1 with a stranger', () => ({ fields: { with: 'stranger@remote.invalid' } }), []],
  ['§4.1.2 start in the past', () => ({ fields: { start: '2020-01-01T00:00:00Z' } }), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ['§4.1.2 start in the future', () => ({ fields: { start: '2100-01-01T00:00:00Z' } }), []],
  ['§4.1.2 end in the past', () => ({ fields: { end: '2020-01-01T00:00:00Z' } }), []],
  ['§4.1.2 end in the future', () => ({ fields: { end: '2100-01-01T00:00:00Z' } }), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  [
    '§4.1.2 start and end of all',
    (archive) => ({ fields: { start: at(archive, 1), end: '2100-01-01T00:00:00Z' } }),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  ],
];

const EXTENDED: readonly Case[] = [
  ['§4.1.3 after-id', ({ id }) => ({ fields: { 'after-id': id(7) } }), [8, 9, 10]],
  ['§4.1.3 before-id', ({ id }) => ({ fields: { 'before-id': id(3) } }), [1, 2]],
  ['§4.1.3 after-id of the last', ({ id }) => ({ fields: { 'after-id': id(10) } }), []],
  ['§4.1.3 before-id of the first', ({ id }) => ({ fields: { 'before-id': id(1) } }), []],
  ['§4.1.3 between two ids', ({ id }) => ({ fields: { 'after-id': id(2), 'before-id': id(6) } }), [3, 4, 5]],
  ['§4.1.3 ids', ({ id }) => ({ fields: { ids: [id(2), id(9)] } }), [2, 9]],
  [
    '§4.1.3 ids in another order come in the order of the archive',
    ({ id }) => ({ fields: { ids: [id(9), id(2), id(5)] } }),
    [2, 5, 9],
  ],
  ['§4.1.3 after-id and with', ({ id, bob }) => ({ fields: { 'after-id': id(4), with: bob.bare } }), [5, 7, 9]],
  ['§4.3.3 after-id and RSM', ({ id }) => ({ fields: { 'after-id': id(4) }, rsm: { max: 2 } }), [5, 6]],
];

const UNKNOWN: readonly (readonly [string, ArchiveQuery])[] = [
  ['after-id', { fields: { 'after-id': 'no-such-id' } }],
  ['before-id', { fields: { 'before-id': 'no-such-id' } }],
  ['ids', { fields: { ids: ['no-such-id'] } }],
  ['RSM after', { rsm: { after: 'no-such-id' } }],
  ['RSM before', { rsm: { before: 'no-such-id' } }],
];

export default section('xep-0313', '4', 'Querying an archive', { needs: ['mam'] }, ({ test }) => {
  for (const [title, query, wanted] of [...FILTERS, ...EXTENDED]) {
    const extended = EXTENDED.some(([other]) => other === title);
    test(
      title,
      async (stage) => {
        const archive = await fillArchive(stage);
        checkEqual(numbersOf((await archive.alice.archive(query(archive))).rows), wanted, 'the result');
      },
      extended ? ['mam-extended'] : [],
    );
  }

  for (const [what, query] of UNKNOWN) {
    test(
      `§4.1.3 §4.3.2 ${what} that is not in the archive: <item-not-found/>`,
      async (stage) => {
        const { alice } = await fillArchive(stage);
        checkErrorIs(await alice.iq('set', archiveRequest(query, 'q')), 'item-not-found');
      },
      query.rsm === undefined ? ['mam-extended'] : [],
    );
  }

  test(
    '§4.1.3 one unknown among known ids: <item-not-found/>, and no result',
    async (stage) => {
      const { alice, id } = await fillArchive(stage);
      alice.mark();
      checkErrorIs(
        await alice.iq('set', archiveRequest({ fields: { ids: [id(1), 'no-such-id'] } }, 'q')),
        'item-not-found',
      );
      check(
        !alice.transcript.some((stanza) => stanza.child('result', NS.mam)?.attrs['queryid'] === 'q'),
        'there were results',
      );
    },
    ['mam-extended'],
  );

  test(
    '§4.1.4 groupchat is left out, or included, as asked for',
    async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      bob.phone.message({ to: alice.jid, type: 'groupchat' }, '1');
      bob.phone.message({ to: alice.jid, type: 'chat' }, '2');
      await bob.phone.fence();
      const including = await alice.phone.archive({ fields: { 'include-groupchat': 'true' } });
      const excluding = await alice.phone.archive({ fields: { 'include-groupchat': 'false' } });
      checkEqual([numbersOf(including.rows), numbersOf(excluding.rows)], [[1, 2], [2]], 'with and without');
    },
    ['mam-groupchat'],
  );

  test('§4.1.5 the form of the supported fields', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const answer = await alice.phone.ask('get', xml('query', { xmlns: NS.mam }));
    const form = answer.child('query', NS.mam)?.child('x', NS.dataForms);
    const fields = new Map(
      (form?.childrenNamed('field') ?? []).map((field) => [field.attrs['var'], field.attrs['type']]),
    );
    checkEqual(form?.attrs['type'], 'form', 'the type of the form');
    checkEqual(
      [fields.get('with'), fields.get('start'), fields.get('end')],
      ['jid-single', 'text-single', 'text-single'],
      'the basic fields',
    );
    check(!form?.toString().includes('<required'), 'a field is required');
  });

  test('§4.2 results: queryid, forwarded, delay; all of them before the <fin/>', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    const sent = bob.phone.message({ to: alice.jid, type: 'chat' }, 'hello');
    await bob.phone.fence();
    const answer = await alice.phone.iq('set', xml('query', { xmlns: NS.mam, queryid: 'f27' }));
    const index = alice.phone.transcript.indexOf(answer);
    const message = alice.phone.transcript.findIndex((stanza) => stanza.child('result', NS.mam) !== undefined);
    check(message >= 0 && message < index, 'the result does not stand before the answer');
    const stanza = alice.phone.transcript[message];
    const result = stanza?.child('result', NS.mam);
    const forwarded = result?.child('forwarded', NS.forward);
    const inner = forwarded?.child('message', NS.client);
    checkEqual(
      [result?.attrs['queryid'], inner?.attrs['from'], inner?.attrs['id']],
      ['f27', bob.phone.jid, sent.attrs['id']],
      'the result',
    );
    check(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(forwarded?.child('delay', NS.delay)?.attrs['stamp'] ?? ''),
      'no time',
    );
    check([undefined, alice.jid].includes(stanza?.attrs['from']), `results come from ${stanza?.attrs['from']}`);
  });

  test('§4.3 an empty archive is a result without messages, and complete', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const page = await alice.phone.archive({ rsm: { max: 10 } });
    checkEqual([page.rows.length, page.complete], [0, true], 'the result');
  });

  test('§4.3.1 max limits a page, which is not complete; the last one is', async (stage) => {
    const { alice } = await fillArchive(stage);
    const pages: number[][] = [];
    let after: string | undefined;
    for (let complete = false; !complete && pages.length < 10; ) {
      const page = await alice.archive({ rsm: { max: 4, ...(after === undefined ? {} : { after }) } });
      pages.push(numbersOf(page.rows));
      checkEqual([page.first, page.last], [page.rows[0]?.id, page.rows.at(-1)?.id], 'first and last');
      ({ complete } = page);
      after = page.last;
    }
    checkEqual(
      pages,
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10],
      ],
      'the pages',
    );
  });

  test('§4.3.2 backwards, page by page', async (stage) => {
    const { alice } = await fillArchive(stage);
    const pages: number[][] = [];
    let before = '';
    for (let complete = false; !complete && pages.length < 10; ) {
      const page = await alice.archive({ rsm: { max: 4, before } });
      pages.push(numbersOf(page.rows));
      ({ complete } = page);
      before = page.first ?? '';
    }
    checkEqual(
      pages,
      [
        [7, 8, 9, 10],
        [3, 4, 5, 6],
        [1, 2],
      ],
      'the pages',
    );
  });

  test('§4.3.1 max 0 gives the count, where there is one, and nothing else', async (stage) => {
    const { alice } = await fillArchive(stage);
    const page = await alice.archive({ rsm: { max: 0 } });
    checkEqual(page.rows.length, 0, 'the number of results');
    check(page.count === undefined || page.count === 10, `count ${page.count}`);
  });

  test(
    '§4.3.4 a flipped page has the same messages the other way round',
    async (stage) => {
      const { alice, id } = await fillArchive(stage);
      const flipped = await alice.archive({ rsm: { max: 3, after: id(2) }, flip: true });
      checkEqual(numbersOf(flipped.rows), [5, 4, 3], 'forwards');
      const back = await alice.archive({ rsm: { max: 3, before: '' }, flip: true });
      checkEqual(numbersOf(back.rows), [10, 9, 8], 'backwards');
    },
    ['mam-extended'],
  );

  test("§4.1 somebody else's archive is closed", async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    checkErrorIs(await alice.phone.iq('set', xml('query', { xmlns: NS.mam }), bob.jid), [
      'forbidden',
      'service-unavailable',
      'not-allowed',
      'item-not-found',
    ]);
  });

  test('§4 several queries at once do not get into each other', async (stage) => {
    const { alice } = await fillArchive(stage);
    const queries = Array.from({ length: 3 }, () => alice.archive({ rsm: { max: 10 } }));
    for (const page of await Promise.all(queries)) checkEqual(page.rows.length, 10, 'the number of results');
  });
});
