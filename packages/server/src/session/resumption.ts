import type { AccountLog } from '../log/log.ts';
import { Outgoing } from './outgoing.ts';
import type { Session } from './session.ts';

const ROWS_PER_READ = 100;

/**
 * XEP-0198 §5: sends again, in order, what the client has not acknowledged. Rows are read from the log, not remembered; one that has expired
 * meanwhile (A7) is forgotten. Everything stays unacknowledged until the client counts it, so a connection that is lost half-way loses nothing.
 */
export async function resendUnacknowledged(session: Session, log: AccountLog): Promise<void> {
  const { outbox, account, connection } = session;
  const entries = [...(outbox.sm?.unacknowledged ?? [])];
  // I8: as fast as the client reads.
  const isCurrent = (): Promise<boolean> => session.whenWritable(connection);
  let next = 0;
  while (next < entries.length && (await isCurrent())) {
    const entry = entries[next];
    if (entry instanceof Outgoing) {
      outbox.repeat(entry);
      next += 1;
      continue;
    }
    const end = endOfRun(entries, next);
    const run = entries.slice(next, end) as number[];
    const rows = await log.read(account.name, (run[0] as number) - 1, run.length);
    const found = new Map(rows.map((row) => [row.seq, row]));
    for (const seq of run) {
      if (!(await isCurrent())) return;
      const row = found.get(seq);
      if (row === undefined) outbox.sm?.forget(seq);
      else outbox.repeat(account.present(row));
    }
    next = end;
  }
}

/** The end of the run of consecutive rows that begins at `start`. */
function endOfRun(entries: readonly (number | Outgoing)[], start: number): number {
  const first = entries[start] as number;
  let end = start + 1;
  while (end < entries.length && end - start < ROWS_PER_READ && entries[end] === first + (end - start)) end += 1;
  return end;
}
