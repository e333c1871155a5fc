/** What features may do. */
import type { AccountAdmin } from '../accounts/admin.ts';
import type { Config } from '../config/schema.ts';
import type { Clock, Logger, Random } from '../environment.ts';
import type { FeatureDefinition } from '../feature.ts';
import type { Hooks } from '../hooks.ts';
import type { AccountLog, Row } from '../log/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { PepChange } from '../pubsub/model.ts';
import type { ServiceDesk } from '../service-desk.ts';
import type { WrittenMessages } from '../session/written.ts';
import type { TokenStore } from '../stream/sasl/credentials.ts';
import type { FileVault, UploadDesk } from '../uploads/uploads.ts';
import type {
  AdHocCommand,
  Contact,
  DiscoProvider,
  Doorkeeper,
  EarlyService,
  EntityCaps,
  IqHandler,
  IqRoute,
  PeerFact,
  PersonalEvents,
  PortableData,
  PresenceHandler,
  RosterFacts,
  ServiceReceiver,
} from './contributions.ts';
import type { AccountView, SessionChange, SessionView, StateKey } from './views.ts';
import type { Element, JID } from '@tutti/xmpp';
import type { Kysely } from 'kysely';

export interface FeatureApi {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** As it is now: a reload changes it, so read it when it is needed. */
  readonly config: Config;
  readonly metrics: Metrics;
  readonly log: AccountLog;
  /** The server's own version. */
  readonly version: string;
  /** Every feature's declaration, in order; for disco, caps and the tables. */
  readonly features: readonly FeatureDefinition[];

  /** SHA-1 or SHA-256, for protocols that name a hash; no security of ours rests on SHA-1. */
  digest(algorithm: 'sha-1' | 'sha-256', data: Uint8Array): Uint8Array;
  /** The database, typed with the tables that the feature's migrations make. */
  store<Tables>(): Kysely<Tables>;
  /** Declares per-account state: loaded before a stanza of the account is handled, kept while the account is in memory, then read at once. */
  accountState<T>(load: (account: JID) => Promise<T>): StateKey<T>;

  /** Handles IQ requests. One handler per type, payload and target; a second one is a programming error and throws. */
  iq(route: IqRoute, handler: IqHandler): void;
  on<Name extends keyof Hooks>(name: Name, hook: Hooks[Name]): void;
  presence(handler: PresenceHandler): void;
  /** Handles a top-level element that is not a stanza, such as XEP-0352's `<active/>`. */
  nonza(name: string, ns: string, handler: (session: SessionView, element: Element) => void): void;
  /** Advertised after login, before bind. */
  streamFeature(make: (domain: string) => Element): void;
  /** Answers IQ requests with a payload of this namespace that come before login, over a channel that one may log in on. */
  beforeLogin(ns: string, service: EarlyService): void;
  /** Lets invited people register. One feature does. */
  doorkeeper(doorkeeper: Doorkeeper): void;
  /** Who lets invited people register, if anybody does. */
  readonly door: Doorkeeper | undefined;
  /** XEP-0379: is this request to subscribe to the account's presence approved before it is asked? Any "yes" counts. */
  approves(fact: (account: AccountView, request: Element) => boolean): void;
  /** Is it approved, as the features' facts have it? */
  isApproved(account: AccountView, request: Element): boolean;
  /** The roster feature, for those that change rosters; undefined where nobody provides rosters. */
  readonly roster: RosterFacts | undefined;
  /** Answers a method of the control socket, for the command line. Gives what can be written as JSON; a StanzaError or AccountError refuses. */
  control(method: string, handler: (params: Readonly<Record<string, unknown>>) => unknown): void;
  /** Says how the feature's data of accounts are exported and imported. */
  portable(data: PortableData): void;
  /** XEP-0386: handles an inline element of `<bind/>`; the answer, if any, goes into `<bound/>`. Handlers run in the order of the features. */
  bind2(
    name: string,
    ns: string,
    handler: (session: SessionView, element: Element) => Promise<Element | undefined> | Element | undefined,
  ): void;

  /** XEP-0191 (D4): does this account block that peer? Any "yes" counts. */
  blocks(fact: PeerFact): void;
  /** Tells the other features that the account's blocks have changed; see the hook. */
  blockChanged(account: AccountView, blocked: boolean, concerns: (peer: JID) => boolean): void;
  /** XEP-0377: tells the other features that the account has blocked somebody, and why; see the hook. */
  contactReported(account: AccountView, peer: JID, report: Element): void;
  /** XEP-0441 (A8): does this account archive messages with that peer? Any "no" counts. */
  archives(fact: PeerFact): void;
  /** Does this account block that peer, as the features' facts have it? */
  isBlocked(account: AccountView, peer: JID): boolean;
  /** RFC 6121: the roster belongs to one feature, which answers for it. */
  provideRoster(facts: RosterFacts): void;
  /** Is the peer in the account's roster? No, where nobody provides rosters. */
  isContact(account: AccountView, peer: JID): boolean;
  /** Does the account share its presence with that peer? Itself it does always. */
  maySeePresence(account: AccountView, peer: JID): boolean;
  /** Everybody in the account's roster. */
  contacts(account: AccountView): Iterable<Contact>;
  /** What the account's roster says of that peer. */
  contact(account: AccountView, peer: JID): Contact | undefined;
  /** XEP-0115: one feature knows what clients can do. */
  provideCaps(caps: EntityCaps): void;
  /** Undefined where no feature provides them. */
  caps(): EntityCaps | undefined;
  /** XEP-0163: one feature keeps the accounts' nodes. */
  providePersonalEvents(events: PersonalEvents): void;
  /** Throws where no feature provides them; not before all features are set up. */
  personalEvents(): PersonalEvents;
  /** Tells the other features of presence from somebody else; see the hook. */
  presenceReceived(account: AccountView, presence: Element, from: JID): void;
  /** Tells the other features that a contact gets the account's presence from now on; see the hook. */
  presenceShared(account: AccountView, contact: JID): void;
  /** Tells the other features of changes at an account's nodes; see the hook. */
  eventsChanged(account: AccountView, changes: readonly PepChange[]): void;
  /** Asks the other features what else changes with these; see the hook. */
  convertEvents(account: AccountView, change: PepChange): Promise<readonly PepChange[]>;

  /** Changes what a session gets from now on. */
  update(session: SessionView, change: SessionChange): void;
  /** Every session of the server. */
  sessions(): Iterable<SessionView>;
  /** A session by its full JID. */
  session(jid: JID): SessionView | undefined;
  /** A local account, loaded; undefined when there is none. */
  account(jid: JID): Promise<AccountView | undefined>;
  /** The same, if it is in memory already. */
  loadedAccount(jid: JID): AccountView | undefined;
  /** Keeps an account in memory while a change of its state is under way: otherwise one without sessions may be loaded anew meanwhile, as it was. */
  hold<T>(account: AccountView, work: Promise<T>): Promise<T>;
  isLocalDomain(domain: string): boolean;

  /** Hands a session, or several (serialized once), a stanza of the server's own (D7): no routing rule applies. */
  deliver(to: SessionView | readonly SessionView[], stanza: Element): void;
  /** I8: a session can take more of what need not be sent at once. */
  hasRoom(session: SessionView): boolean;
  /** I8: resolves when a session can take more of what need not be sent at once; hold a long answer back until then. False: it has ended. */
  whenRoom(session: SessionView): Promise<boolean>;
  /** Hands a session archived messages that are written already, as fast as it takes them (D7, I8). False: it has ended. */
  deliverWritten(session: SessionView, messages: WrittenMessages): Promise<boolean>;
  /** A row of an account's log as its sessions get it: the archived stanza with its stanza-id (A5, I2). */
  present(account: AccountView, row: Row): Element;
  /** D5: what comes live for a legacy session waits behind what is replayed to it, until the result is called. */
  beginReplay(session: SessionView): () => void;
  /** D5: hands a legacy session an archived message, as replayed; it is owed until the session has it. */
  replay(session: SessionView, stanza: Element, seq: number): void;
  /** D5: moves the legacy cursor to the head: what no legacy session was given so far is owed, and about to be given. */
  claimLegacy(account: AccountView): void;
  /** D5: from one row to another nothing is owed to legacy sessions any more. */
  servedLegacy(account: AccountView, rows: readonly [first: number, last: number]): void;
  /** Routes a stanza by its `to`, as though `from` had sent it here: for stanzas made on behalf of an account, a service or the server. */
  route(stanza: Element): void;
  /**
   * Sends a stanza to somebody who has no account here; resolves when it has arrived at their server, as far as is known. Rejects with StanzaError where it is
   * known not to have, and then nobody else is told.
   */
  hand(stanza: Element, from: JID, to: JID): Promise<void>;
  /** Asks a session and waits for the answer; rejects with StanzaError when it says no, is gone, or takes longer than `limits.iq_timeout`. */
  ask(session: SessionView, type: 'get' | 'set', payload: Element): Promise<Element>;
  /** Asks anybody, in the name of a local account (its bare JID) or of a served domain; as above. */
  askAs(from: JID, to: JID, type: 'get' | 'set', payload: Element): Promise<Element>;
  /** Sends an available session's presence again, as though its client had: something that is added to it has changed. */
  announce(session: SessionView): Promise<void>;
  /** Tells the other features that a session has read the archive (D5). */
  queriedArchive(session: SessionView): void;
  /** Adds an ad-hoc command to the served domains. A second one of its node is a programming error and throws. */
  command(command: AdHocCommand): void;
  /** The commands of all features, by node; for the feature that runs them. */
  commands(): ReadonlyMap<string, AdHocCommand>;
  /** Is it the address of somebody whom the configuration calls an administrator? */
  isAdministrator(jid: JID): boolean;
  /** Adds nodes and items to service discovery. */
  disco(provider: DiscoProvider): void;
  /** What the features have added with `disco`; for the feature that answers. */
  discoProviders(): readonly DiscoProvider[];
  /** What the features have to add to the domain's disco#info (XEP-0128). */
  discoForms(domain: string): readonly Element[];
  /** Ends a session with a stream error. */
  end(
    session: SessionView,
    condition: 'policy-violation' | 'not-authorized' | 'reset' | 'conflict',
    text?: string,
  ): void;
  /** Registers what runs for stanzas to a domain of this server's that is not a served domain. A promise: the stanza is done with when it settles. */
  service(domain: string, handler: ServiceReceiver): void;
  /** The same with a front desk that answers discovery, pings and IQ requests: for services such as rooms. */
  serviceDesk(domain: string): ServiceDesk;
  /** Domains of registered services. */
  serviceDomains(): readonly string[];
  /** Where users of this domain reach the HTTP server, without a slash at the end; undefined: there is none. Asked when it is needed. */
  webUrl(domain: string): string | undefined;
  /** Stops the server; `restart`: whoever supervises the process is to start it anew. Undefined: that is not ours to do. */
  readonly stop: ((how: 'restart' | 'shutdown') => void) | undefined;
  /** Where the files of users are; undefined: this server takes none. */
  readonly files: FileVault | undefined;
  /** XEP-0363: one feature knows who may upload and read what; the HTTP server asks it. */
  provideUploads(desk: UploadDesk): void;
  /** Account administration, as the command line has it. */
  readonly accounts: AccountAdmin & {
    exists(jid: JID): Promise<boolean>;
    /** XEP-0484: what installations of clients log in with instead of a password; without any they need it. Absent: nobody has any. */
    readonly tokens?: Pick<TokenStore, 'find' | 'replace'>;
  };
}
