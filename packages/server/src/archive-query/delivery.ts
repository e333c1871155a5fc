import { StanzaError } from '@tutti/xmpp';
import type { Clock } from '../environment.ts';
import type { FeatureApi, SessionView } from '../feature.ts';
import type { AccountLog, Page, Row } from '../log/log.ts';

/** Whom a page is sent to. */
export interface Recipient {
  readonly clock: Clock;
  /** There is room for more. */
  readonly hasRoom: () => boolean;
  /** Resolves when there is; false: nobody is there any more. */
  readonly whenRoom: () => Promise<boolean>;
}

/** Bytes of messages that are handed on at a time, one more row than fits. */
const PIECE_BYTES = 65_536;
/** Milliseconds that a page waits in memory: a client that reads takes less for what is before it. */
const PATIENCE_MS = 1000;

/** A session, with as much room as its client makes. */
export function recipientOf(api: Pick<FeatureApi, 'clock' | 'hasRoom' | 'whenRoom'>, session: SessionView): Recipient {
  return { clock: api.clock, hasRoom: () => api.hasRoom(session), whenRoom: () => api.whenRoom(session) };
}

/** A page to be sent. */
export interface Deliverable {
  readonly rows: Row[];
  /** See `Page`; called when the rows of the last piece are done with. Absent: their stanzas may be looked at later, too. */
  readonly discard?: Page['discard'];
}

/**
 * I8: the rows of a page by pieces, each when there is room for more. A page that has to wait for a slow or lost client waits in the log and is read
 * again, so that many of them cost next to no memory. Empties `rows`. Throws StanzaError where nobody is there any more.
 */
export async function* deliverRows(
  log: AccountLog,
  account: string,
  page: Deliverable,
  recipient: Recipient,
): AsyncGenerator<readonly Row[]> {
  let { discard } = page;
  let left = page.rows.splice(0);
  while (left.length > 0) {
    if (recipient.hasRoom()) {
      yield left.splice(0, countPiece(left));
      continue;
    }
    const seqs = left.map(({ seq }) => seq);
    let isThere = await waitPatiently(recipient);
    if (isThere === undefined) {
      left = [];
      discard?.();
      isThere = await recipient.whenRoom();
      const again = isThere ? await readAgain(log, account, seqs) : { rows: left };
      left = again.rows;
      discard &&= again.discard;
    }
    if (!isThere) throw new StanzaError('recipient-unavailable');
  }
  discard?.();
}

function countPiece(rows: readonly Row[]): number {
  let bytes = 0;
  const last = rows.findIndex(({ stanza }) => (bytes += stanza.length) >= PIECE_BYTES);
  return last < 0 ? rows.length : last + 1;
}

/** Undefined: there is no room yet. */
async function waitPatiently({ clock, whenRoom }: Recipient): Promise<boolean | undefined> {
  let timer: ReturnType<Clock['after']> | undefined;
  const tooLong = new Promise<undefined>((resolve) => {
    timer = clock.after(PATIENCE_MS, () => resolve(undefined));
  });
  try {
    return await Promise.race([whenRoom(), tooLong]);
  } finally {
    timer?.cancel();
  }
}

/** In the order of the numbers; those that have expired meanwhile are missing. */
async function readAgain(log: AccountLog, account: string, seqs: readonly number[]): Promise<Deliverable> {
  const { rows, discard } = await log.query(account, { seqs, includeGroupchat: true }, seqs.length, true);
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  return { rows: seqs.flatMap((seq) => bySeq.get(seq) ?? []), discard };
}
