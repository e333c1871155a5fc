import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { Archive } from './archive.ts';
import { type Incoming, readIncoming, type Row } from './incoming.ts';

const own = 'alice@example.org';

interface Server {
  /** Ids, oldest first. */
  readonly ids: readonly string[];
  /** Whether it tells how many there are. */
  readonly counts: boolean;
}

/** An archive on a server that says as much as `server` does, and what was asked of it. */
function serve({ ids, counts }: Server, pageSize: number): { archive: Archive; asked: string[] } {
  const asked: string[] = [];
  const archive = new Archive(
    (iq) => {
      const query = iq.child('query', NS.mam)!;
      const set = query.child('set', NS.rsm)!;
      const afterId = query
        .child('x', NS.dataForms)
        ?.childrenNamed('field')
        .find(({ attrs }) => attrs['var'] === 'after-id');
      const read = (name: string): string | undefined => set.child(name)?.text();
      const from = afterId?.child('value')?.text();
      asked.push(
        `${from === undefined ? '' : `form ${from} `}${['after', 'before', 'max']
          .filter((name) => read(name) !== undefined)
          .map((name) => `${name} ${read(name)}`)
          .join(' ')}`,
      );
      for (const id of [from, read('after')]) {
        if (id !== undefined && !ids.includes(id)) return Promise.reject(new StanzaError('item-not-found'));
      }
      const selection = from === undefined ? ids : ids.slice(ids.indexOf(from) + 1);
      const before = read('before');
      const rest = read('after') === undefined ? selection : selection.slice(selection.indexOf(read('after')!) + 1);
      const max = Number(read('max') ?? 1000);
      const until = before === undefined || before === '' ? rest : rest.slice(0, rest.indexOf(before));
      const page = before === undefined ? until.slice(0, max) : until.slice(-max);
      for (const id of page)
        archive.take(readIncoming(result(query.attrs['queryid']!, id), own) as Extract<Incoming, { kind: 'result' }>);
      const count = counts ? xml('count', null, String(selection.length)) : undefined;
      const fin = xml(
        'fin',
        { xmlns: NS.mam, complete: page.length === until.length ? 'true' : undefined },
        xml('set', { xmlns: NS.rsm }, count),
      );
      return Promise.resolve(xml('iq', { type: 'result' }, fin));
    },
    own,
    pageSize,
  );
  return { archive, asked };
}

function result(query: string, id: string): Element {
  const message = xml('message', { xmlns: NS.client, from: 'bob@example.org', to: own });
  return xml(
    'message',
    { from: own },
    xml('result', { xmlns: NS.mam, queryid: query, id }, xml('forwarded', { xmlns: NS.forward }, message)),
  );
}

async function readAll(
  archive: Archive,
  cursor: string,
  extended: boolean,
): Promise<(string | number | undefined)[][]> {
  const pages: (string | number | undefined)[][] = [];
  await archive.readAfter(cursor, extended, (rows, behind) => pages.push([...idsOf(rows), behind]));
  return pages;
}

const idsOf = (rows: readonly Row[]): string[] => rows.map(({ id }) => id);
const ids = ['a', 'b', 'c', 'd', 'e'];

describe('XEP-0313: reading what lies behind a place', () => {
  it.each([
    [
      'from the beginning',
      '',
      true,
      true,
      [
        ['a', 'b', 3],
        ['c', 'd', 1],
        ['e', 0],
      ],
      ['max 2', 'after b max 2', 'after d max 2'],
    ],
    [
      'behind an id, counted by the form',
      'b',
      true,
      true,
      [
        ['c', 'd', 1],
        ['e', 0],
      ],
      ['form b max 2', 'form b after d max 2'],
    ],
    [
      'behind an id, where there is no form to count by',
      'b',
      false,
      true,
      [
        ['c', 'd', undefined],
        ['e', 0],
      ],
      ['after b max 2', 'after d max 2'],
    ],
    [
      'where nothing is counted',
      '',
      true,
      false,
      [
        ['a', 'b', undefined],
        ['c', 'd', undefined],
        ['e', 0],
      ],
      ['max 2', 'after b max 2', 'after d max 2'],
    ],
    ['at the end', 'e', true, true, [[0]], ['form e max 2']],
    [
      'behind an id that has expired: everything',
      'gone',
      true,
      true,
      [
        ['a', 'b', 3],
        ['c', 'd', 1],
        ['e', 0],
      ],
      ['form gone max 2', 'max 2', 'after b max 2', 'after d max 2'],
    ],
    [
      'the same without the form',
      'gone',
      false,
      true,
      [
        ['a', 'b', 3],
        ['c', 'd', 1],
        ['e', 0],
      ],
      ['after gone max 2', 'max 2', 'after b max 2', 'after d max 2'],
    ],
  ])('%s', async (_, cursor, extended, counts, pages, queries) => {
    const { archive, asked } = serve({ ids, counts }, 2);
    expect(await readAll(archive, cursor, extended)).toEqual(pages);
    expect(asked).toEqual(queries);
  });

  it('a page size of 0 leaves it to the server', async () => {
    const { archive, asked } = serve({ ids, counts: true }, 0);
    expect(await readAll(archive, '', true)).toEqual([[...ids, 0]]);
    expect(asked).toEqual(['']);
  });

  it('a page that is exactly full is the last one when the server says so', async () => {
    const { archive, asked } = serve({ ids: ['a', 'b'], counts: true }, 2);
    expect(await readAll(archive, '', true)).toEqual([['a', 'b', 0]]);
    expect(asked).toHaveLength(1);
  });

  it('what is refused for any other reason is refused', async () => {
    const archive = new Archive(() => Promise.reject(new StanzaError('forbidden')), own, 2);
    await expect(readAll(archive, 'a', true)).rejects.toMatchObject({ condition: 'forbidden' });
    const missing = new Archive(() => Promise.reject(new StanzaError('item-not-found')), own, 2);
    await expect(readAll(missing, '', true)).rejects.toMatchObject({ condition: 'item-not-found' });
  });

  it('a result that nobody asked for is none', async () => {
    const { archive } = serve({ ids, counts: true }, 0);
    archive.take(readIncoming(result('other', 'x'), own) as Extract<Incoming, { kind: 'result' }>);
    expect(await readAll(archive, '', true)).toEqual([[...ids, 0]]);
  });
});

describe('XEP-0313: reading the newest', () => {
  it.each([
    [1, ['e'], ['before  max 1']],
    [3, ['c', 'd', 'e'], ['before  max 2', 'before d max 1']],
    [9, ids, ['before  max 2', 'before d max 2', 'before b max 2']],
  ])('%i', async (limit, expected, queries) => {
    const { archive, asked } = serve({ ids, counts: true }, 2);
    expect(idsOf(await archive.readNewest(limit))).toEqual(expected);
    expect(asked).toEqual(queries);
  });

  it('of an empty archive there are none', async () => {
    expect(await serve({ ids: [], counts: true }, 2).archive.readNewest(3)).toEqual([]);
  });
});
