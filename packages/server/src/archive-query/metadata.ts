import { type Element, type JID, NS, xml } from '@tutti/xmpp';
import type { AccountLog, Row } from '../log/log.ts';
import { formatDateTime } from './datetime.ts';

/** XEP-0313 §5: the first and the last message of an archive; of its rows up to number `head`, if given (E5). */
export async function readMetadata(log: AccountLog, account: JID, head = Infinity): Promise<Element> {
  const filter = { before: head + 1, includeGroupchat: true };
  const [oldest, newest] = await Promise.all([
    log.query(account.toString(), filter, 1, true),
    log.query(account.toString(), filter, 1, false),
  ]);
  const [start] = oldest.rows;
  const [end] = newest.rows;
  return xml('metadata', { xmlns: NS.mam }, start && writeEntry('start', start), end && writeEntry('end', end));
}

function writeEntry(name: 'start' | 'end', row: Row): Element {
  return xml(name, { id: row.id, timestamp: formatDateTime(row.at) });
}
