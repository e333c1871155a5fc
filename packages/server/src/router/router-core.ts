import type { Element, JID } from '@tutti/xmpp';
import type { Clock, Logger } from '../environment.ts';
import type { AccountView, ArchivedMessage, FeatureApi, ServiceReceiver, SessionView } from '../feature.ts';
import type { AccountLog } from '../log/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { LocalAccounts } from './accounts.ts';
import type { Departures } from './departures.ts';

/** What the router needs of the core. */
export interface RouterCore {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly digest: FeatureApi['digest'];
  readonly log: AccountLog;
  readonly accounts: LocalAccounts;
  readonly metrics: Metrics;
  /** A7. */
  readonly archivePolicy: 'everything' | 'content';
  /** Domains that hold accounts. */
  readonly isLocalDomain: (domain: string) => boolean;
  /** Services of this server by domain, such as rooms; not the served domains themselves. */
  readonly services: ReadonlyMap<string, ServiceReceiver>;
  /** Domains of external components (XEP-0114). */
  readonly isComponent: (domain: string) => boolean;
  /** Where stanzas leave for other servers, components and services. */
  readonly departures: Departures;
  /** What the features change about a message or an available presence of a session's before it is routed. */
  readonly enrichMessage: (session: SessionView, message: Element) => Element | Promise<Element>;
  readonly enrichPresence: (session: SessionView, presence: Element) => Element;
  /** Told of every row that has been shown. */
  readonly archived: (account: AccountView, message: ArchivedMessage) => void;
  /** XEP-0191. */
  readonly blocks: (account: AccountView, peer: JID) => boolean;
  /** XEP-0441. */
  readonly archives: (account: AccountView, peer: JID) => boolean;
}

/** Calls back when a stanza is done with: committed, delivered, and any answer to it too. */
export type Done = () => void;

/** S7: an error that ends a parcel: the row of the one goes in one commit with the end of the other. */
export interface Bounce {
  /** The parcel. */
  readonly id: number;
  /** Called once: whether that was committed. */
  readonly done: (committed: boolean) => void;
}
