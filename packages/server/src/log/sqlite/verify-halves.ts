import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Element, JID, NS } from '@tutti/xmpp';
import type { Report } from './fault.ts';
import { FLAG } from './schema.ts';
import { readStanza } from './verify-stanza.ts';

/** One row of a unit of two. */
interface Half {
  readonly account: string;
  readonly seq: number;
  readonly flags: number;
  readonly stanza: number;
  readonly peer: string;
}

/** In the order of their commits: the sender's half stands right before the recipient's. */
const HALVES = `SELECT a.jid AS account, e.seq, e.flags, e.stanza, p.jid AS peer FROM entry e
  JOIN account a ON a.id = e.account JOIN peer p ON p.id = e.peer
  WHERE e.flags & ${FLAG.half} AND a.jid IS NOT NULL ORDER BY e.stanza, e.flags & ${FLAG.outgoing} DESC`;
const OLDEST = `SELECT e.stanza FROM entry e JOIN account a ON a.id = e.account
  WHERE a.jid = ? AND e.flags & ${FLAG.transient} = ? ORDER BY e.seq LIMIT 1`;

/**
 * A6: checks that of every unit of two rows both are there, with the same stanza. The other row may be missing when it has expired, or when its
 * account was removed (it may be there again): then that log has no row of the same kind from before.
 */
export function verifyHalves(db: DatabaseSync, report: Report, step: () => void): void {
  const oldest = db.prepare(OLDEST);
  let first: Half | undefined;
  for (const half of db.prepare(HALVES).iterate() as Iterable<unknown> as Iterable<Half>) {
    step();
    if (first === undefined) first = half;
    else if (arePair(first, half) && isSameMessage(db, first, half)) first = undefined;
    else {
      reportMissing(oldest, first, report);
      first = half;
    }
  }
  if (first !== undefined) reportMissing(oldest, first, report);
}

function arePair(sent: Half, received: Half): boolean {
  const isSent = (sent.flags & FLAG.outgoing) !== 0 && (received.flags & FLAG.outgoing) === 0;
  const isNext = received.stanza === sent.stanza || received.stanza === sent.stanza + 1;
  return isSent && isNext && sent.account === received.peer && sent.peer === received.account;
}

function reportMissing(oldest: StatementSync, { account, seq, flags, stanza, peer }: Half, report: Report): void {
  const found = oldest.get(peer, flags & FLAG.transient)?.['stanza'];
  if (typeof found !== 'number' || found > stanza) return;
  const side = (flags & FLAG.outgoing) === 0 ? 'sender' : 'recipient';
  report({ rule: 'A6', account, seq, found: `the ${side}'s half, with the same stanza, is not in the log of ${peer}` });
}

/** A4: two copies differ in their address, and in the ids that either account does not take from others. */
function isSameMessage(db: DatabaseSync, sent: Half, received: Half): boolean {
  if (sent.stanza === received.stanza) return true;
  const accounts = [sent.account, received.account];
  const [one, other] = [sent, received].map(({ stanza }) => reduce(db, stanza, accounts));
  return one === other;
}

function reduce(db: DatabaseSync, id: number, accounts: readonly string[]): string | undefined {
  const bytes = db.prepare('SELECT bytes FROM stanza WHERE id = ?').get(id)?.['bytes'];
  const stanza = bytes instanceof Uint8Array ? readStanza(bytes) : undefined;
  if (stanza === undefined || typeof stanza === 'string') return undefined; // reported with its row
  const isOwnId = (child: Element): boolean => {
    const by = JID.tryParse(child.attrs['by'] ?? '')?.toString();
    return child.is('stanza-id', NS.sid) && by !== undefined && accounts.includes(by);
  };
  return stanza.with({ to: undefined }).without(isOwnId).toString();
}
