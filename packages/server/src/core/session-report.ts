import { LAGS, type Metrics } from '../observe/metrics.ts';
import type { Session } from '../session/session.ts';

/** What the server knows of how far one session has come. */
export interface SessionReport {
  /** Full JID. */
  readonly jid: string;
  readonly kind: 'im-ng' | 'legacy';
  /** `hibernating`: without a connection, waiting to be resumed (XEP-0198 §5). */
  readonly state: 'connected' | 'hibernating';
  /** `ip` of the last connection. */
  readonly address: string;
  /** Milliseconds since 1970 UTC. */
  readonly lastActive: number;
  /** Bytes that wait in memory for the client to read. */
  readonly buffered: number;
  /** Of an IM-NG session: its places in the account's log. */
  readonly log?: {
    /** The account's last row. */
    readonly head: number;
    /** The last row that was written to the connection. */
    readonly sent: number;
    /** The last row that the client has acknowledged; absent without stream management. */
    readonly acknowledged?: number;
    /** Rows that the client lacks, as far as the server knows. */
    readonly lag: number;
  };
}

/** Tells of a session. */
export function reportSession(session: Session): SessionReport {
  const { cursor, account, outbox } = session;
  const report = {
    jid: session.jid.toString(),
    kind: session.imNg ? 'im-ng' : 'legacy',
    state: session.hibernating ? 'hibernating' : 'connected',
    address: session.address,
    lastActive: session.lastActive,
    buffered: session.connection?.buffered ?? 0,
  } as const;
  if (cursor === undefined) return report;
  const { acknowledged } = cursor.ledger;
  const places = { head: account.head, sent: cursor.seq, lag: lagOf(session) };
  return { ...report, log: outbox.sm === undefined ? places : { ...places, acknowledged } };
}

/** Sets the gauges of how far sessions are behind: a number each, however many sessions there are. */
export function measureLag(sessions: Iterable<Session>, metrics: Metrics): void {
  const counts = LAGS.map((rows) => ({ rows, bound: Number(rows), count: 0 }));
  let max = 0;
  for (const session of sessions) {
    const lag = lagOf(session);
    max = Math.max(max, lag);
    for (const step of counts) if (lag >= step.bound) step.count += 1;
  }
  metrics.lagMax.set(max);
  for (const { rows, count } of counts) metrics.lagging[rows].set(count);
}

/** Rows that an IM-NG session lacks: acknowledged is what counts, where there are acknowledgements. */
function lagOf({ cursor, account, outbox }: Session): number {
  if (cursor === undefined) return 0;
  return account.head - (outbox.sm === undefined ? cursor.seq : cursor.ledger.acknowledged);
}
