import { type Element, NS, xml } from '@tutti/xmpp';
import type { Row } from '../log/log.ts';
import { formatDateTime } from './datetime.ts';
import type { ArchivePage } from './page.ts';

/** XEP-0313 §4.2: one message of the archive on its way to a session. `archived` is the message as it was delivered live (A4, I2). */
export function writeResult(
  row: Row,
  archived: Element,
  from: string,
  to: string,
  queryId: string | undefined,
): Element {
  const delay = xml('delay', { xmlns: NS.delay, stamp: formatDateTime(row.at) });
  const forwarded = xml('forwarded', { xmlns: NS.forward }, delay, archived);
  return xml('message', { from, to }, xml('result', { xmlns: NS.mam, queryid: queryId, id: row.id }, forwarded));
}

/** XEP-0313 §4.3.2: the end of a page. A row never changes once it is committed: results are stable. */
export function writeFin({ rows, complete, count, index }: ArchivePage): Element {
  const first = rows[0];
  const last = rows.at(-1);
  const set = xml(
    'set',
    { xmlns: NS.rsm },
    first !== undefined && xml('first', { index }, first.id),
    last !== undefined && xml('last', null, last.id),
    xml('count', null, String(count)),
  );
  return xml('fin', { xmlns: NS.mam, complete: complete ? 'true' : undefined, stable: 'true' }, set);
}
