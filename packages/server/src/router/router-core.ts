import type { Element, JID } from '@tutti/xmpp';
import type { Clock, Logger } from '../environment.ts';
import type { AccountView, ServiceReceiver, SessionView } from '../feature.ts';
import type { AccountLog } from '../log/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { LocalAccounts } from './accounts.ts';

/** What the router needs of the core. */
export interface RouterCore {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: AccountLog;
  readonly accounts: LocalAccounts;
  readonly metrics: Metrics;
  /** A7. */
  readonly archivePolicy: 'everything' | 'content';
  /** Domains that hold accounts. */
  readonly isLocalDomain: (domain: string) => boolean;
  /** Services of this server by domain, such as rooms; not the served domains themselves. */
  readonly services: ReadonlyMap<string, ServiceReceiver>;
  /** Takes stanzas to other servers; gives false where it can't, for `<remote-server-not-found/>`. */
  readonly remote: (stanza: Element, from: JID, to: JID) => boolean;
  /** What the features change about a message or an available presence of a session's before it is routed. */
  readonly enrichMessage: (session: SessionView, message: Element) => Element | Promise<Element>;
  readonly enrichPresence: (session: SessionView, presence: Element) => Element;
  /** XEP-0191. */
  readonly blocks: (account: AccountView, peer: JID) => boolean;
  /** XEP-0441. */
  readonly archives: (account: AccountView, peer: JID) => boolean;
}

/** Calls back when a stanza is done with: committed, delivered, and any answer to it too. */
export type Done = () => void;
