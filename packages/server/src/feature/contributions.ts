/** What features contribute. */
import type { NodeConfig, PepChange, PepItem } from '../pubsub/model.ts';
import type { ServiceInfo } from '../service-desk.ts';
import type { AccountView, SessionView } from './views.ts';
import type { DataForm, Element, JID } from '@tutti/xmpp';

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
  /** Is there an invitation to get an account on this domain? */
  isInviting(domain: string): Promise<boolean>;
  /** The connection shows its invitation. Rejects with StanzaError where that is not good. */
  show(request: EarlyRequest, token: string): Promise<void>;
  /** The one username that the connection is invited under; undefined: any. */
  nameFor(request: EarlyRequest): string | undefined;
  /**
   * May the connection register this account, though registration is closed? Rejects with StanzaError where somebody else is to have that name. When it
   * may, `registered` or `notRegistered` is called next.
   */
  admits(request: EarlyRequest, account: JID): Promise<boolean>;
  /** May the connection ask what is needed to register? */
  admitsAny(request: EarlyRequest): boolean;
  /** It has registered that account. */
  registered(request: EarlyRequest, account: JID): Promise<void>;
  /** Nothing came of it. */
  notRegistered(request: EarlyRequest): void;
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
