import { type Element, NS, xml } from '@tutti/xmpp';
import { Archive } from '../src/archive.ts';
import { Expected } from '../src/expected.ts';
import { readIncoming } from '../src/incoming.ts';
import { Journal } from '../src/journal.ts';
import { Outbox } from '../src/outbox.ts';
import { Session } from '../src/session.ts';
import type { TimelineStore } from '../src/store/store.ts';
import { Timelines } from '../src/timelines.ts';

const own = 'alice@example.org';

/** A row of an archive without IM-NG: the server stamps it, and some time later it is there, at the place of its stamp. */
export interface ScriptedRow {
  /** Milliseconds since 1970; its id, too. */
  readonly stamp: number;
  /** Milliseconds between the stamp and the row. */
  readonly delay: number;
  readonly peer: string;
  readonly kind: 'text' | 'own' | 'state';
}

/** A server without IM-NG, whose archive is as a script says; its time passes when the test says so, and with every page that is read. */
export class ScriptedArchive {
  readonly #rows: readonly ScriptedRow[];
  readonly #msPerPage: number;
  now: number;

  constructor(rows: readonly ScriptedRow[], msPerPage: number) {
    this.#rows = rows.toSorted((a, b) => a.stamp - b.stamp);
    this.#msPerPage = msPerPage;
    this.now = rows.reduce((first, { stamp }) => Math.min(first, stamp), Infinity);
  }

  /** What is there now, in archive order. */
  get rows(): readonly ScriptedRow[] {
    return this.#rows.filter(({ stamp, delay }) => stamp + delay <= this.now);
  }

  /** Answers what a session asks, and gives the results of the archive to `take`. */
  answer(iq: Element, take: (result: Element) => void): Element {
    const query = iq.child('query', NS.mam);
    if (query === undefined) {
      return xml('iq', null, xml('query', { xmlns: NS.discoInfo }, xml('feature', { var: NS.mam })));
    }
    this.now += this.#msPerPage;
    const set = query.child('set', NS.rsm);
    const [after, before] = [set?.child('after')?.text(), set?.child('before')?.text()];
    const max = Number(set?.child('max')?.text() ?? this.rows.length);
    const found = this.rows.filter(
      ({ stamp }) =>
        stamp > Number(after ?? -1) && stamp < (before === undefined || before === '' ? Infinity : Number(before)),
    );
    const page = before === undefined ? found.slice(0, max) : found.slice(-max);
    for (const row of page) take(writeResult(row, query.attrs['queryid'] ?? ''));
    const complete = page.length === found.length ? 'true' : undefined;
    return xml('iq', null, xml('fin', { xmlns: NS.mam, complete }));
  }
}

export function idOf({ stamp }: ScriptedRow): string {
  return String(stamp);
}

function writeResult(row: ScriptedRow, query: string): Element {
  const [from, to] = row.kind === 'own' ? [`${own}/x`, row.peer] : [`${row.peer}/x`, own];
  const said = row.kind === 'state' ? xml('composing', { xmlns: NS.chatStates }) : xml('body', null, idOf(row));
  const message = xml('message', { xmlns: NS.client, from, to, type: 'chat', id: `m${idOf(row)}` }, said);
  const delay = xml('delay', { xmlns: NS.delay, stamp: new Date(row.stamp).toISOString() });
  const forwarded = xml('forwarded', { xmlns: NS.forward }, delay, message);
  const result = xml('result', { xmlns: NS.mam, queryid: query, id: idOf(row) }, forwarded);
  return xml('message', { xmlns: NS.client, from: own }, result);
}

/** A device over a store, as far as reading goes. */
export interface Reader {
  readonly session: Session;
  readonly timelines: Timelines;
  readonly journal: Journal;
}

/** What `message` told of: the peer, the id, and that of the message it stands before. */
export type Tell = (peer: string, id: string, before: string | undefined) => void;

interface ReaderOptions {
  readonly store: TimelineStore;
  readonly lateMs: number;
  readonly pageSize: number;
  readonly history: 'all' | number;
  readonly tell: Tell;
}

/** Starts a device over what its store has. */
export async function startReader(server: ScriptedArchive, options: ReaderOptions): Promise<Reader> {
  const clock = { now: () => server.now, after: () => () => undefined };
  const journal = new Journal(options.store, (error) => {
    throw error;
  });
  const unused = (): Promise<void> => Promise.reject(new Error('nothing is sent'));
  const outbox = new Outbox({
    account: own,
    journal,
    clock,
    isOpen: () => false,
    send: unused,
    changed: () => undefined,
  });
  const timelines = new Timelines({
    account: own,
    journal,
    outbox,
    clock,
    sendChatState: unused,
    displayed: () => undefined,
    changed: () => undefined,
    added: ({ peer }, added) => {
      for (const { message, before } of added) options.tell(peer, message.id ?? '', before?.id);
    },
  });
  const request = (iq: Element): Promise<Element> => {
    const answer = server.answer(iq, (result) => {
      const incoming = readIncoming(result, own);
      if (incoming.kind === 'result') archive.take(incoming);
    });
    return Promise.resolve(answer);
  };
  const archive = new Archive(request, own, options.pageSize);
  timelines.load(await options.store.load());
  journal.open();
  const session = new Session({
    account: own,
    request,
    archive,
    timelines,
    expected: new Expected(own),
    history: options.history,
    lateMs: options.lateMs,
    enabled: () => undefined,
    progress: () => undefined,
    troubled: (error) => {
      throw error;
    },
  });
  return { session, timelines, journal };
}
