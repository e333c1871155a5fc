import type { Element } from '@tutti/xmpp';
import type { Clock, Logger } from '../environment.ts';
import type { AccountLog } from '../log/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Session } from './session.ts';

/** What a session needs of the core. */
export interface SessionCore {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: AccountLog;
  readonly limits: SessionLimits;
  readonly metrics: Metrics;
  readonly hooks: {
    sessionResumed(session: Session): void;
    messageKept(session: Session, message: Element): void;
  };
  /** A stanza, in order. The promise, if any, is settled when the next one may be handled; it never rejects. */
  handleStanza(session: Session, stanza: Element): Promise<void> | undefined;
  handleNonza(session: Session, element: Element): void;
  /** Gives the id that `<resume/>` names. */
  registerResumable(session: Session): string;
  sessionEnded(session: Session): void;
}

/** Seconds, bytes, counts; 0 = none. */
export interface SessionLimits {
  readonly outboxBytes: number;
  readonly sessionsPerAccount: number;
  readonly smUnackedMax: number;
  readonly smResumeTimeout: number;
  readonly smLostSessions: number;
  readonly offlineMessages: number;
  readonly iqTimeout: number;
  readonly stanzasPerSecond: number;
  readonly stanzasBurst: number;
}
