import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './device.ts';

/** What to ask an archive for (XEP-0313 §4). */
export interface ArchiveQuery {
  /** Fields of the form, a list for `ids`. */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  /** RSM (XEP-0059): `max`, `after`, `before`, `index`. */
  readonly rsm?: Readonly<Record<string, string | number>>;
  readonly flip?: boolean;
  /** Another archive than one's own. */
  readonly to?: string;
}

/** A row as the archive shows it. */
export interface ArchivedMessage {
  /** The row's id: the stanza-id of the message. */
  readonly id: string;
  /** The forwarded stanza. */
  readonly stanza: Element;
  /** When it was archived (XEP-0203). */
  readonly at: string;
}

export interface ArchivePage {
  readonly rows: readonly ArchivedMessage[];
  readonly complete: boolean;
  /** The answer's `<set/>`. */
  readonly count: number | undefined;
  readonly first: string | undefined;
  readonly last: string | undefined;
}

/** The archive refused. */
class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
  readonly answer: Element;

  constructor(answer: Element) {
    super(answer.toString());
    this.answer = answer;
  }
}

let queries = 0;

/** One page, when `rsm` has a `max`; otherwise everything that matches, page by page. */
export async function queryArchive(device: Device, query: ArchiveQuery): Promise<ArchivePage> {
  if (query.rsm?.['max'] !== undefined) return queryPage(device, query);
  const rows: ArchivedMessage[] = [];
  let after: Record<string, string> = {};
  for (;;) {
    const page = await queryPage(device, { ...query, rsm: { ...query.rsm, ...after, max: 250 } });
    rows.push(...page.rows);
    if (page.complete || page.last === undefined) return { ...page, rows, first: rows[0]?.id };
    after = { after: page.last };
  }
}

async function queryPage(device: Device, query: ArchiveQuery): Promise<ArchivePage> {
  queries += 1;
  const queryid = `q${queries}`;
  const start = device.transcript.length;
  const answer = await device.iq('set', archiveRequest(query, queryid), query.to);
  if (answer.attrs['type'] !== 'result') throw new ArchiveRefused(answer);
  const fin = answer.child('fin', NS.mam);
  if (fin === undefined) throw new Error(`the archive answered without <fin/>: ${answer.toString()}`);
  const rows: ArchivedMessage[] = [];
  for (const message of device.transcript.slice(start)) {
    const result = message.child('result', NS.mam);
    if (result?.attrs['queryid'] === queryid) rows.push(readResult(result));
  }
  const set = fin.child('set', NS.rsm);
  const count = set?.child('count')?.text();
  return {
    rows,
    complete: fin.attrs['complete'] === 'true',
    count: count === undefined ? undefined : Number(count),
    first: set?.child('first')?.text(),
    last: set?.child('last')?.text(),
  };
}

/** The `<query/>` for it. */
export function archiveRequest(query: ArchiveQuery, queryid: string): Element {
  const fields = Object.entries(query.fields ?? {}).map(([name, values]) => field(name, values));
  const form =
    fields.length > 0 &&
    xml('x', { xmlns: NS.dataForms, type: 'submit' }, field('FORM_TYPE', NS.mam, 'hidden'), ...fields);
  const set =
    query.rsm !== undefined &&
    xml('set', { xmlns: NS.rsm }, ...Object.entries(query.rsm).map(([name, value]) => xml(name, null, String(value))));
  return xml('query', { xmlns: NS.mam, queryid }, form, set, query.flip === true && xml('flip-page'));
}

function field(name: string, values: string | readonly string[], type?: string): Element {
  const list = typeof values === 'string' ? [values] : values;
  return xml('field', { var: name, type }, ...list.map((value) => xml('value', null, value)));
}

function readResult(result: Element): ArchivedMessage {
  const forwarded = result.child('forwarded', NS.forward);
  const stanza = forwarded?.child('message', NS.client);
  const { id } = result.attrs;
  if (stanza === undefined || id === undefined) throw new Error(`not an archive result: ${result.toString()}`);
  return { id, stanza, at: forwarded?.child('delay', NS.delay)?.attrs['stamp'] ?? '' };
}
