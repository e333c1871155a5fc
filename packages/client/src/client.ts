import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { bareOf } from './address.ts';
import { Archive } from './archive.ts';
import { answerInfo, writeCaps } from './caps.ts';
import { composeReceipt } from './compose.ts';
import { waitBefore } from './connection/backoff.ts';
import { Connection } from './connection/connection.ts';
import type { Added, Conversation } from './conversation.ts';
import { Devices } from './devices.ts';
import { Displayed } from './displayed.ts';
import type { ClientEvents, Status } from './client-events.ts';
import { asError, TuttiError } from './errors.ts';
import { Listeners } from './events.ts';
import { Expected } from './expected.ts';
import { Inbox } from './inbox.ts';
import type { ChatState } from './incoming.ts';
import { Journal } from './journal.ts';
import { People } from './people/people.ts';
import { type ClientOptions, completeOptions, type Settings } from './options.ts';
import { Outbox } from './outbox.ts';
import { Poller } from './poller.ts';
import { Requests } from './requests.ts';
import { type Mode, Session } from './session.ts';
import { Timelines } from './timelines.ts';

/** Makes a client of one account; it connects when it is started. */
export function createClient(options: ClientOptions): Client {
  return new Client(completeOptions(options));
}

/** One device of an account. */
export class Client {
  /** The account's bare JID. */
  readonly account: string;
  /** Contacts, their presence, and who is blocked. */
  readonly people: People;
  /** Where the account is logged in. */
  readonly devices: Devices;
  readonly #settings: Settings;
  readonly #listeners = new Listeners<ClientEvents>();
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #archive: Archive;
  readonly #journal: Journal;
  readonly #outbox: Outbox;
  readonly #timelines: Timelines;
  readonly #expected: Expected;
  readonly #inbox: Inbox;
  readonly #displayed: Displayed;
  readonly #started = Promise.withResolvers<void>();
  #phase: 'new' | 'running' | 'ended' = 'new';
  #status: Status = 'offline';
  #mode: Mode | undefined;
  #address: string | undefined;
  #session: Session | undefined;
  #poller: Poller | undefined;
  #stopping: Promise<void> | undefined;
  #isCaughtUp = false;
  #endPause: () => void = () => undefined;

  /** @internal */
  constructor(settings: Settings) {
    this.#settings = settings;
    const { clock, limits, store } = settings;
    // Who does not wait for the start hears of its end by `error`.
    this.#started.promise.catch(() => undefined);
    this.account = bareOf(`${settings.username}@${settings.domain}`);
    this.#connection = new Connection({ ...settings, ...limits }, this.#makeListener());
    const send = (stanza: Element): Promise<void> => this.#connection.send(stanza);
    this.#requests = new Requests(this.account, send, clock, limits.answerMs);
    this.#archive = new Archive((iq) => this.request(iq), this.account, limits.pageSize);
    this.#journal = new Journal(store, (error) => {
      void this.#end(new TuttiError('store', asError(error).message, { cause: error }));
    });
    this.#outbox = new Outbox({
      account: this.account,
      journal: this.#journal,
      clock,
      isOpen: () => this.#status === 'online',
      send: async (stanza) => {
        await send(stanza);
        this.#poller?.poke();
      },
      changed: (peer) => this.#timelines.refresh(peer),
    });
    this.#timelines = new Timelines({
      account: this.account,
      journal: this.#journal,
      outbox: this.#outbox,
      clock,
      sendChatState: (peer, state) => this.#sendChatState(peer, state),
      displayed: (peer, id) => {
        if (this.#status === 'online') this.#displayed.publish(peer, id);
      },
      added: (conversation, added, live) => this.#added(conversation, added, live),
      changed: (conversation) => this.#listeners.tell('change', conversation),
    });
    this.#expected = new Expected(this.account);
    this.#displayed = new Displayed({
      account: this.account,
      request: (iq) => this.request(iq),
      displayed: (peer, id) => this.#timelines.displayed(peer, id),
      troubled: (error) => this.#listeners.tell('error', error),
    });
    this.#inbox = this.#makeInbox();
    this.devices = new Devices((iq) => this.request(iq));
    this.people = new People({
      account: this.account,
      request: (iq) => this.request(iq),
      send,
      changed: () => this.#listeners.tell('people', this.people),
    });
    this.#connection.answer('get', NS.discoInfo, 'query', answerInfo);
    this.#connection.answer('set', NS.roster, 'query', (iq) => this.people.takePush(iq));
    for (const name of ['block', 'unblock']) {
      this.#connection.answer('set', NS.blocking, name, (iq) => this.people.takePush(iq));
    }
  }

  get status(): Status {
    return this.#status;
  }

  /** How messages come; undefined before the first session. */
  get mode(): Mode | undefined {
    return this.#mode;
  }

  /** This device's full JID, as the server named it last. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Everybody there is a conversation with. */
  get conversations(): readonly Conversation[] {
    return this.#timelines.all;
  }

  /** The conversation with an account, named by any of its JIDs. */
  conversation(jid: string): Conversation {
    return this.#timelines.conversation(bareOf(jid));
  }

  /** Calls a listener from now on; gives what ends that. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (...args: ClientEvents[Name]) => void): () => void {
    return this.#listeners.on(name, listener);
  }

  /**
   * Opens the store, connects and catches up; resolves then. Lost connections come back by themselves, also the first one.
   * Rejects with a TuttiError when there is no use in trying (refused, no-archive, wrong-account, store, gave-up) or when the client is
   * stopped first. A client is started once.
   */
  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new TypeError('a client is started once; make a new one');
    this.#phase = 'running';
    const { store } = this.#settings;
    const snapshot = await store.load().catch((error: unknown) => {
      void this.#end(new TuttiError('store', asError(error).message, { cause: error }));
    });
    if (snapshot === undefined) return this.#started.promise;
    if (snapshot.account !== undefined && snapshot.account !== this.account) {
      const reason = new TuttiError('wrong-account', `the store is that of ${snapshot.account}`);
      void this.#end(reason);
      return this.#started.promise;
    }
    this.#outbox.load(snapshot.outgoing);
    this.#timelines.load(snapshot);
    if (snapshot.account === undefined) this.#journal.add({ account: this.account });
    this.#journal.open();
    this.#connection.start();
    return this.#started.promise;
  }

  /** Logs out and closes the store. What is on its way stays there, for the next client over it. */
  stop(): Promise<void> {
    return this.#end(undefined);
  }

  /** Asks the server, or whom `to` names. Rejects with a StanzaError or TuttiError. */
  request(iq: Element): Promise<Element> {
    return this.#requests.request(iq);
  }

  /**
   * For when there is a reason to doubt, such as a network that came back or a device that woke up: tries to connect at once
   * where the next attempt is some time away, and asks whether the server is still there where it seems to be.
   */
  async checkConnection(): Promise<void> {
    if (this.#status === 'waiting') return this.#connection.hurry();
    if (this.#status !== 'online' && this.#status !== 'catching-up') return;
    await this.request(xml('iq', { type: 'get' }, xml('ping', { xmlns: NS.ping }))).catch((error: unknown) => {
      // An error is an answer, too.
      if (error instanceof TuttiError && error.condition === 'no-answer') this.#connection.drop(error);
    });
  }

  /** K2: says something to one device alone; nobody else sees it and no archive keeps it. Rejects when not connected. */
  sendPrivate(to: string, ...payload: Element[]): Promise<void> {
    const marked = [...payload, xml('im-ng', { xmlns: NS.imNg })];
    return this.#connection.send(xml('message', { to, type: 'normal', id: crypto.randomUUID() }, ...marked));
  }

  /** Sends presence: RFC 6121 §4. Rejects when not connected. */
  sendPresence(presence: Element): Promise<void> {
    return this.#connection.send(presence);
  }

  #makeInbox(): Inbox {
    const listeners = this.#listeners;
    return new Inbox({
      account: this.account,
      requests: this.#requests,
      archive: this.#archive,
      outbox: this.#outbox,
      timelines: this.#timelines,
      archived: (row) => this.#session?.take(row),
      arrived: (message) => {
        if (this.#mode !== 'im-ng') this.#expected.note(message);
      },
      poke: () => (this.#poller === undefined ? undefined : () => this.#poller?.poke()),
      private: (message) => listeners.tell('private', message),
      unarchived: (message) => {
        if (!this.#displayed.take(message)) listeners.tell('unarchived', message);
      },
      presence: (presence) => {
        this.people.takePresence(presence);
        listeners.tell('presence', presence);
      },
      chatState: (conversation, state) => listeners.tell('chatState', conversation, state),
    });
  }

  #makeListener(): ConstructorParameters<typeof Connection>[1] {
    return {
      connecting: () => this.#setStatus('connecting'),
      opened: (address) => {
        this.#address = address;
        void this.#open();
      },
      resumed: () => {
        // XEP-0198 §5: nothing was missed; a catch-up that was under way goes on.
        this.#setStatus(this.#isCaughtUp ? 'online' : 'catching-up');
        this.#outbox.flush();
        this.#poller?.poke();
      },
      received: (stanza) => this.#inbox.receive(stanza),
      waiting: (_, reason) => this.#setStatus('waiting', reason),
      ended: (reason) => void this.#end(reason),
      troubled: (error) => this.#listeners.tell('error', error),
    };
  }

  /** A new session: what was asked in the one before will not be answered, and what it was given may be lost. */
  async #open(): Promise<void> {
    this.#requests.abandon(new TuttiError('connection-lost', 'the session could not be resumed'));
    this.#endPause();
    this.#poller?.stop();
    this.#poller = undefined;
    this.#outbox.forgetHanded();
    this.#isCaughtUp = false;
    this.#setStatus('catching-up');
    const session = this.#makeSession();
    this.#session = session;
    const isCurrent = (): boolean => this.#session === session && this.#phase === 'running';
    for (let attempt = 1; isCurrent(); attempt += 1) {
      try {
        await session.run();
        // What is on its way and in the archive after all is known before anything is sent again (K6).
        await this.#journal.settle();
        if (isCurrent()) this.#caughtUp(session);
        return;
      } catch (error) {
        if (!isCurrent()) return;
        if (error instanceof TuttiError && error.condition === 'no-archive') return this.#end(error);
        this.#listeners.tell('error', asError(error));
        await this.#pause(attempt);
      }
    }
  }

  #makeSession(): Session {
    return new Session({
      account: this.account,
      request: (iq) => this.request(iq),
      archive: this.#archive,
      timelines: this.#timelines,
      expected: this.#expected,
      history: this.#settings.history,
      lateMs: this.#settings.limits.lateMs,
      enabled: (mode) => {
        this.#mode = mode;
        // RFC 6121 §2.2: the list first, so that presences have somebody to belong to.
        this.#tolerate(this.#loadPeople());
        this.#tolerate(writeCaps().then((caps) => this.#connection.send(xml('presence', null, caps))));
      },
      progress: (progress) => this.#listeners.tell('progress', progress),
      troubled: (error) => this.#listeners.tell('error', error),
    });
  }

  #caughtUp(session: Session): void {
    this.#isCaughtUp = true;
    if (this.#mode === 'legacy') this.#poller = this.#makePoller(session);
    this.#setStatus('online');
    this.#outbox.flush();
    this.#started.resolve();
    this.#displayed.load();
    // Something may have come while the archive was read.
    this.#poller?.poke();
  }

  #makePoller(session: Session): Poller {
    const { clock, limits } = this.#settings;
    return new Poller({
      clock,
      read: async () => {
        const [sent, expected] = [this.#outbox.handed, this.#expected.all];
        await session.catchUp(true);
        await this.#journal.settle();
        const isHoped = this.#expected.missed(expected, limits.archiveAttempts);
        return this.#outbox.missed(sent, limits.archiveAttempts) || isHoped;
      },
      wait: (attempt) => this.#waitBefore(attempt),
      failed: (error) => this.#listeners.tell('error', asError(error)),
    });
  }

  async #loadPeople(): Promise<void> {
    for (const error of await this.people.load()) this.#listeners.tell('error', error);
  }

  #added(conversation: Conversation, added: readonly Added[], live: boolean): void {
    for (const { message, before } of added) {
      this.#listeners.tell('message', message, conversation, live, before);
      const { outgoing, wantsReceipt, messageId } = message;
      if (!this.#settings.receipts || !live || outgoing || !wantsReceipt) continue;
      this.#tolerate(this.#outbox.send(conversation.peer, composeReceipt(messageId)));
    }
  }

  async #sendChatState(peer: string, state: ChatState): Promise<void> {
    if (this.#status !== 'online') throw new TuttiError('connection-lost', 'not online');
    const payload = [xml(state, { xmlns: NS.chatStates }), xml('no-store', { xmlns: NS.hints })];
    await this.#connection.send(xml('message', { to: peer, type: 'chat', id: crypto.randomUUID() }, ...payload));
  }

  /** Tells of a refusal; what the connection's end did to it is told by the status. */
  #tolerate(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      if (error instanceof StanzaError) this.#listeners.tell('error', error);
    });
  }

  #setStatus(status: Status, reason?: Error): void {
    if (this.#status === status || this.#phase === 'ended') return;
    this.#status = status;
    this.#listeners.tell('status', status, reason);
  }

  #waitBefore(attempt: number): number {
    return waitBefore(attempt, this.#settings.reconnect, this.#settings.random());
  }

  #pause(attempt: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.after(this.#waitBefore(attempt), resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends the client, for a reason if it was not asked for. */
  #end(reason: TuttiError | undefined): Promise<void> {
    this.#stopping ??= this.#close(reason);
    return this.#stopping;
  }

  async #close(reason: TuttiError | undefined): Promise<void> {
    this.#setStatus('offline');
    this.#phase = 'ended';
    const why = reason ?? new TuttiError('stopped', 'the client was stopped');
    this.#endPause();
    this.#poller?.stop();
    this.#requests.abandon(why);
    this.#outbox.abandon(why);
    await this.#connection.stop();
    this.#timelines.keepCursor();
    await this.#journal.settle();
    await this.#settings.store.close().catch((error: unknown) => this.#listeners.tell('error', asError(error)));
    this.#started.reject(why);
    if (reason !== undefined) this.#listeners.tell('error', reason);
  }
}
