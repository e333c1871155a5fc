import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import type { Incoming, Row } from './incoming.ts';

/** One page of the archive: XEP-0313 §4.3. */
interface Page {
  readonly rows: readonly Row[];
  /** Nothing lies behind it, in the direction that was asked for. */
  readonly complete: boolean;
  /** How many messages the whole selection has, where the server says so. */
  readonly count: number | undefined;
}

interface PageRequest {
  /** Only what is newer than this id, by the server's own form (`urn:xmpp:mam:2#extended`): the count then counts these. */
  readonly afterId?: string | undefined;
  /** The page behind this id. */
  readonly after?: string | undefined;
  /** The page before this id; '' for the last one. */
  readonly before?: string | undefined;
}

/** Reads the account's archive page by page. */
export class Archive {
  readonly #request: (iq: Element) => Promise<Element>;
  /** The account's bare JID. */
  readonly #own: string;
  readonly #pageSize: number;
  readonly #queries = new Map<string, Row[]>();

  constructor(request: (iq: Element) => Promise<Element>, own: string, pageSize: number) {
    this.#request = request;
    this.#own = own;
    this.#pageSize = pageSize;
  }

  /** Takes a result that belongs to a query. */
  take({ query, row }: Extract<Incoming, { kind: 'result' }>): void {
    this.#queries.get(query)?.push(row);
  }

  /**
   * Reads everything after an id ('' reads all) and hands it on page by page, with the number of rows that are still to come,
   * where the server tells. An id that the archive has no more (its row has expired on a server that forgets its place)
   * means that everything there is newer.
   */
  async readAfter(
    cursor: string,
    extended: boolean,
    take: (rows: readonly Row[], behind: number | undefined) => void,
  ): Promise<void> {
    const afterId = extended && cursor !== '' ? cursor : undefined;
    let after = afterId === undefined && cursor !== '' ? cursor : undefined;
    let done = 0;
    let total: number | undefined;
    for (;;) {
      const page = await this.#read({ afterId, after }).catch((error: unknown) => {
        if (error instanceof StanzaError && error.condition === 'item-not-found' && cursor !== '' && done === 0) {
          return undefined;
        }
        throw error;
      });
      if (page === undefined) return this.readAfter('', extended, take);
      done += page.rows.length;
      // Without the form the count is that of the whole archive, which says nothing about a part of it.
      if (afterId !== undefined || cursor === '')
        total = page.count === undefined ? undefined : Math.max(page.count, done);
      const last = page.rows.at(-1);
      const atEnd = page.complete || last === undefined;
      take(page.rows, atEnd ? 0 : total === undefined ? undefined : total - done);
      if (atEnd) return;
      after = last.id;
    }
  }

  /** The newest `limit` rows, oldest first. */
  async readNewest(limit: number): Promise<readonly Row[]> {
    let rows: readonly Row[] = [];
    for (let before = ''; rows.length < limit; before = rows[0]?.id ?? '') {
      const page = await this.#read({ before }, limit - rows.length);
      rows = [...page.rows, ...rows];
      if (page.complete || page.rows.length === 0) break;
    }
    return rows;
  }

  async #read({ afterId, after, before }: PageRequest, limit = Infinity): Promise<Page> {
    const id = crypto.randomUUID();
    const rows: Row[] = [];
    this.#queries.set(id, rows);
    const max = Math.min(limit, this.#pageSize === 0 ? Infinity : this.#pageSize);
    const set = xml(
      'set',
      { xmlns: NS.rsm },
      max !== Infinity && xml('max', null, String(max)),
      after !== undefined && xml('after', null, after),
      before !== undefined && xml('before', null, before),
    );
    const form = afterId === undefined ? undefined : writeForm(afterId);
    const query = xml('query', { xmlns: NS.mam, queryid: id }, form, set);
    try {
      const answer = await this.#request(xml('iq', { type: 'set', to: this.#own }, query));
      return readPage(answer, rows);
    } finally {
      this.#queries.delete(id);
    }
  }
}

function readPage(answer: Element, rows: readonly Row[]): Page {
  const fin = answer.child('fin', NS.mam);
  const count = Number.parseInt(fin?.child('set', NS.rsm)?.child('count')?.text() ?? '', 10);
  return {
    rows,
    complete: fin?.attrs['complete'] === 'true',
    count: Number.isNaN(count) ? undefined : count,
  };
}

/** XEP-0313 §4.1.3. */
function writeForm(afterId: string): Element {
  const field = (name: string, value: string, type?: string): Element =>
    xml('field', { var: name, type }, xml('value', null, value));
  return xml(
    'x',
    { xmlns: NS.dataForms, type: 'submit' },
    field('FORM_TYPE', NS.mam, 'hidden'),
    field('after-id', afterId),
  );
}
