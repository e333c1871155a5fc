/**
 * All that a feature may see of the server. A feature is a folder under `features/` with one `defineFeature()`; it imports this file and
 * nothing else of the server. It contributes IQ handlers, hooks, storage and facts; it never decides a delivery (that is `@tutti/routing`).
 */
import type { DataForm, Element, JID } from '@tutti/xmpp';
import type { Kysely, Migration } from 'kysely';
import type { AccountAdmin } from './accounts/admin.ts';
import type { Config } from './config/schema.ts';
import type { Clock, Logger, Random } from './environment.ts';
import type { Hooks } from './hooks.ts';
import type { AccountLog, Row } from './log/log.ts';
import type { Metrics } from './observe/metrics.ts';
import type { FileVault, UploadDesk } from './uploads/uploads.ts';
import type { TokenStore } from './stream/sasl/credentials.ts';
import type { NodeConfig, PepChange, PepItem } from './pubsub/model.ts';
import type { ServiceDesk, ServiceInfo } from './service-desk.ts';

export { type AccountAdmin, AccountError, type AccountErrorCode } from './accounts/admin.ts';
export type { Config } from './config/schema.ts';
export { type Clock, type Logger, type Random, randomId } from './environment.ts';
export type { Hooks } from './hooks.ts';
export { Gate } from './archive-query/gate.ts';
export { readMetadata } from './archive-query/metadata.ts';
export { PageReader } from './archive-query/page.ts';
export { writeForm as writeArchiveForm } from './archive-query/form.ts';
export { readQuery as readArchiveQuery } from './archive-query/query.ts';
export { writeFin, writeResult } from './archive-query/results.ts';
export type { AccountLog, Row } from './log/log.ts';
export {
  type FileVault,
  type UploadAttempt,
  type UploadDesk,
  type UploadedFile,
  UploadRefusal,
} from './uploads/uploads.ts';
export { AnswerTurns } from './pubsub/answer-turns.ts';
export { type PubsubEngine, createPubsub } from './pubsub/engine.ts';
export type { MayReceive, PubsubHost, PubsubLimits } from './pubsub/host.ts';
export type { NodeConfig, NodeRecord, PepChange, PepItem } from './pubsub/model.ts';
export type { NodeRules } from './pubsub/node-config.ts';
export { pubsubMigrations } from './pubsub/schema.ts';
export type { ServiceDesk, ServiceInfo, ServiceRequest } from './service-desk.ts';

/** What a feature may see of a session. The object lives as long as the session, resumptions included: a good key for a WeakMap. */
export interface SessionView {
  /** Full JID. */
  readonly jid: JID;
  readonly resource: string;
  readonly account: AccountView;
  readonly imNg: boolean;
  /** E4: the place in the log where IM-NG was enabled; undefined for legacy sessions. */
  readonly barrier: number | undefined;
  readonly carbons: boolean;
  /** I7: this legacy session had that row before its first presence. */
  hasHad(seq: number): boolean;
  /** Priority of the available presence; undefined when the session has sent none. */
  readonly priority: number | undefined;
  /** The last available presence that it broadcast. */
  readonly presence: Element | undefined;
  /** Address of the peer, for limits. */
  readonly address: string;
  /** Encrypted, or both ends on this machine. */
  readonly secure: boolean;
  /** Milliseconds since 1970 UTC when something last came from the client. */
  readonly lastActive: number;
  /** It is over: nothing reaches its client any more. */
  readonly ended: boolean;
  /** A client is connected. It may be gone without a word: what it acknowledges tells. */
  readonly connected: boolean;
  /** What the client has said of itself on this connection (XEP-0352); undefined: nothing. */
  readonly clientActive: boolean | undefined;
  /** Stable id of the client's installation (XEP-0388 §2.3), if it gave one. */
  readonly agent: string | undefined;
  /** The client has this row of its account's log, as far as the server can know: acknowledged (XEP-0198), or written where there is no XEP-0198. */
  hasRow(seq: number): boolean;
}

export interface AccountView {
  /** Bare JID. */
  readonly jid: JID;
  readonly sessions: readonly SessionView[];
  /** Number of the last row of its log that sessions have been shown (E4: the barrier). */
  readonly head: number;
  /** D5: up to where legacy sessions have been served from the log. */
  readonly legacyCursor: number;
  /** What `api.accountState` loaded for this account. */
  state<T>(key: StateKey<T>): T;
}

/** A row of an account's log, as it is archived. */
export interface ArchivedMessage {
  /** Its place in the account's log. */
  readonly seq: number;
  /** Its stanza-id. */
  readonly id: string;
  readonly stanza: Element;
  /** The other party. */
  readonly peer: JID;
  /** The account has sent it. */
  readonly outgoing: boolean;
  /** A7. */
  readonly transient: boolean;
}

/** Names a piece of per-account state; made by `api.accountState`. */
export interface StateKey<T> {
  readonly load: (account: JID) => Promise<T>;
}

/** Whom an IQ is addressed to: this server's domain, the sender's own account (own bare JID or no `to`), or another local account's bare JID. */
export type IqTarget = 'domain' | 'own' | 'account';

export interface IqRequest {
  readonly iq: Element;
  /** The one child of the IQ. */
  readonly payload: Element;
  /** Full JID of a session, or whatever a remote server vouches for. */
  readonly from: JID;
  readonly target: IqTarget;
  /** The served domain that is addressed, or that of the account addressed. */
  readonly domain: string;
  /** Set when a session of this server asks. */
  readonly session: SessionView | undefined;
  /** The account addressed: always for `own` and, when it exists, for `account`. */
  readonly account: AccountView | undefined;
}

/** Gives the payload of the result (undefined: an empty one) or throws a StanzaError; the core replies. */
export type IqHandler = (request: IqRequest) => Promise<Element | undefined> | Element | undefined;

export interface IqRoute {
  readonly type: 'get' | 'set';
  /** Name and namespace of the payload. */
  readonly name: string;
  readonly ns: string;
  readonly target: readonly IqTarget[];
}

/** RFC 6121 presence belongs to one feature; the core hands it every presence stanza. */
export interface PresenceHandler {
  /** From a session of this server; `from` is the full JID. */
  fromSession(session: SessionView, presence: Element): Promise<void> | void;
  /** For a local account that exists, from anybody else; `to` is its bare JID or a full one. */
  toAccount(account: AccountView, presence: Element, from: JID): Promise<void> | void;
}

/** A fact for the planner about two parties; must answer at once, from account state. */
export type PeerFact = (account: AccountView, peer: JID) => boolean;

/** What the roster says about an account's peers; their resources make no difference. */
export interface RosterFacts {
  /** The peer is in the account's roster. */
  readonly isContact: PeerFact;
  /** The peer gets the account's presence (subscription `from` or `both`), or is the account itself. */
  readonly maySeePresence: PeerFact;
  /** Everybody in the roster. */
  readonly contacts: (account: AccountView) => Iterable<Contact>;
  /** Sends a subscription stanza in the account's name, as though a session of its had (RFC 6121 §3). Rejects with StanzaError. */
  readonly subscribe: (account: AccountView, peer: JID, type: 'subscribe' | 'subscribed') => Promise<void>;
  /** Somebody in the roster. */
  readonly contact: (account: AccountView, peer: JID) => Contact | undefined;
}

/** Somebody in an account's roster (RFC 6121 §2.1.2). */
export interface Contact {
  readonly jid: JID;
  readonly groups: readonly string[];
  readonly subscription: 'both' | 'from' | 'none' | 'to';
}

/** XEP-0115: what clients can do, by the caps of their available presence. */
export interface EntityCaps {
  /** The features, where they are known. */
  known(presence: Element): ReadonlySet<string> | undefined;
  /** The features; `ask` sends the client a disco#info query where they are not known. None where there are no caps, or no answer that fits. */
  learn(presence: Element, ask: (query: Element) => Promise<Element>): Promise<ReadonlySet<string>>;
}

/** XEP-0163: the accounts' own nodes, for the features that keep something there. Access is theirs to check. */
export interface PersonalEvents {
  /** How a node is configured; undefined: there is none. */
  config(account: JID, node: string): Promise<NodeConfig | undefined>;
  /** Items of a node, oldest first: those named, or all. None where there is no such node. */
  items(account: JID, node: string, ids?: readonly string[]): Promise<readonly PepItem[]>;
  /** Names of the account's nodes. */
  nodes(account: JID): Promise<readonly string[]>;
  /** May this peer read the node? */
  mayRead(account: AccountView, node: string, peer: JID): Promise<boolean>;
  /** Makes changes in the name of the account, all or none, and tells subscribers of them. Rejects with StanzaError where limits are exceeded. */
  apply(account: AccountView, changes: readonly PepChange[]): Promise<void>;
}

/** What `api.update` changes. */
export interface SessionChange {
  /** Takes the place of the barrier (E4). */
  readonly imNg?: true;
  readonly carbons?: boolean;
  readonly priority?: number | undefined;
  readonly presence?: Element | undefined;
  /** XEP-0352. */
  readonly active?: boolean;
  /** With this presence of type `unavailable` an available session becomes unavailable; the hook `sessionUnavailable` gets it. */
  readonly unavailable?: Element;
}

export interface DiscoIdentity {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
}

/** A request of a client that has not logged in. */
export interface EarlyRequest {
  readonly iq: Element;
  readonly payload: Element;
  /** The served domain of its stream. */
  readonly domain: string;
  /** Where it comes from, for limits: an IPv4 address, or the /64 of an IPv6 one. */
  readonly address: string;
  /** The connection: a key for what is remembered of it. */
  readonly connection: object;
}

/** Lets people register who have been invited (XEP-0445), and keeps usernames for them. */
export interface Doorkeeper {
  /** May the connection register this account, though registration is closed? Rejects with StanzaError where somebody else is to have that name. */
  admits(request: EarlyRequest, account: JID): Promise<boolean>;
  /** May the connection ask what is needed to register? */
  admitsAny(request: EarlyRequest): boolean;
  /** It has registered that account. */
  registered(request: EarlyRequest, account: JID): Promise<void>;
}

/** What a client can have before it logs in (XEP-0077 §3.1). */
export interface EarlyService {
  /** The stream feature that says so; undefined: it is not advertised. */
  readonly streamFeature: () => Element | undefined;
  /** Gives the payload of the result, or throws a StanzaError. */
  readonly answer: (request: EarlyRequest) => Promise<Element | undefined> | Element | undefined;
}

/** Service discovery that declarations can't say, of the domain or of an account (XEP-0030): nodes and items. */
export interface DiscoProvider {
  /** §3.2: what a node says of itself; undefined: it is not a node of this feature's. */
  info?(request: IqRequest, node: string): ServiceInfo | undefined | Promise<ServiceInfo | undefined>;
  /** §4: items of the address itself, or of a node; undefined: none of this feature's. */
  items?(
    request: IqRequest,
    node: string | undefined,
  ): readonly Element[] | undefined | Promise<readonly Element[] | undefined>;
}

/** Somebody runs an ad-hoc command. */
export interface CommandRequest {
  /** The full JID of who runs it. */
  readonly from: JID;
  /** Set where it is a session of this server. */
  readonly session: SessionView | undefined;
  /** The served domain that is addressed. */
  readonly domain: string;
}

/** What a command has come to (XEP-0050 §2.4.1). */
export interface CommandResult {
  /** For people to read. */
  readonly note?: string;
  /** The command was understood and could not be done; the note says why. */
  readonly failed?: boolean;
  /** A form of type result. */
  readonly form?: Element;
}

/** An ad-hoc command of the served domains (XEP-0050). */
export interface AdHocCommand {
  readonly node: string;
  /** The label in lists. */
  readonly name: string;
  /** May they see and run it? */
  readonly allows: (from: JID) => boolean;
  /** What is to be filled in; without it the command runs at once. */
  readonly form?: (request: CommandRequest) => Element | Promise<Element>;
  /** Runs it with what was filled in. A StanzaError is answered as such. */
  readonly run: (request: CommandRequest, filledIn: DataForm | undefined) => CommandResult | Promise<CommandResult>;
}

/** What a feature keeps of accounts, as elements that other servers know too (XEP-0227): for `tutti export` and `tutti import`. */
export interface PortableData {
  /** Everything that the feature keeps of an account. */
  write(account: AccountView): Iterable<Element> | AsyncIterable<Element>;
  /** Takes an element of an account that is being imported, and is otherwise empty. False: it is not of this feature's. Rejects with StanzaError. */
  read(account: AccountView, element: Element): Promise<boolean>;
}

/** Takes a stanza to a domain of a service; `from` is vouched for. A promise never rejects. */
export type ServiceReceiver = (stanza: Element, from: JID) => void | Promise<void>;

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
  /** A row of an account's log as its sessions get it: the archived stanza with its stanza-id (A5, I2). */
  present(account: AccountView, row: Row): Element;
  /** D5: what comes live for a legacy session waits behind what is replayed to it, until the result is called. */
  beginReplay(session: SessionView): () => void;
  /** D5: hands a legacy session an archived message, as replayed; moves the legacy cursor when the session has it. */
  replay(session: SessionView, stanza: Element, seq: number): void;
  /** D5: moves the legacy cursor: up to here nothing is left for legacy sessions. */
  servedLegacy(account: AccountView, seq: number): void;
  /** Routes a stanza by its `to`, as though `from` had sent it here: for stanzas made on behalf of an account, a service or the server. */
  route(stanza: Element): void;
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

export interface FeatureDefinition {
  /** `XEP-0313`, or `RFC 6121` for a part of the base. */
  readonly spec: string;
  /** Version of the specification that is implemented; undefined for RFCs. */
  readonly version?: string;
  readonly name: string;
  /** One line for the tables: what is left out, if anything. */
  readonly note?: string;
  /** Service discovery (XEP-0030): features of the domain and of an account's bare JID, identities of the domain. */
  readonly disco?: {
    readonly domain?: readonly string[];
    readonly account?: readonly string[];
    readonly identities?: readonly DiscoIdentity[];
    /** Identities of an account's bare JID. */
    readonly accountIdentities?: readonly DiscoIdentity[];
  };
  /** Rules of im-ng-rules.md that this feature serves. */
  readonly rules?: readonly string[];
  /** Kysely migrations by name; prefixed with the spec, such as `xep-0191/001-blocked`. */
  readonly migrations?: Readonly<Record<string, Migration>>;
  readonly setup?: (api: FeatureApi) => void;
}

export function defineFeature(definition: FeatureDefinition): FeatureDefinition {
  return definition;
}
