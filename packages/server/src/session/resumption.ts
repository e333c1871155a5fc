import type { AccountLog, Row } from '../log/log.ts';
import { Outgoing } from './outgoing.ts';
import { PageSize } from './page-size.ts';
import type { Session } from './session.ts';

/**
 * XEP-0198 §5: sends again, in order, what the client has not acknowledged. Rows are read from the log, not remembered; one that has expired
 * meanwhile (A7) is forgotten. Everything stays unacknowledged until the client counts it, so a connection that is lost half-way loses nothing.
 */
export async function resendUnacknowledged(session: Session, log: AccountLog): Promise<void> {
  const { outbox, account, connection } = session;
  const entries = [...(outbox.sm?.unacknowledged ?? [])];
  const isCurrent = (): boolean => session.connection === connection && !session.ended;
  const page = new PageSize();
  let next = 0;
  // I8: as fast as the client reads.
  while (next < entries.length && (await session.whenWritable(connection))) {
    if (!isCurrent()) return;
    const entry = entries[next];
    if (entry instanceof Outgoing) {
      outbox.repeat(entry);
      next += 1;
      continue;
    }
    const run = entries.slice(next, endOfRun(entries, next, page.rows)) as number[];
    const rows = await log.read(account.name, (run[0] as number) - 1, run.length);
    if (!isCurrent()) return;
    const sent = sendRun(session, run, rows);
    page.sent(sent, run.length);
    next += sent;
  }
}

/** Sends a run of rows as long as the connection takes more; gives how many of the run are done with. */
function sendRun({ outbox, account }: Session, run: readonly number[], rows: readonly Row[]): number {
  const found = new Map(rows.map((row) => [row.seq, row]));
  let done = 0;
  for (const seq of run) {
    if (!outbox.isWritable) return done;
    const row = found.get(seq);
    if (row === undefined) outbox.sm?.forget(seq);
    else outbox.repeat(account.present(row));
    done += 1;
  }
  return done;
}

/** The end of the run of consecutive rows that begins at `start`, at most so many. */
function endOfRun(entries: readonly (number | Outgoing)[], start: number, rows: number): number {
  const first = entries[start] as number;
  let end = start + 1;
  while (end < entries.length && end - start < rows && entries[end] === first + (end - start)) end += 1;
  return end;
}
