import {
  type Client,
  type Conversation,
  createClient,
  type Message,
  type Progress,
  type Status,
  TuttiError,
} from '@tutti/client';
import { indexedDbStore } from '@tutti/client/indexeddb';
import { NS, StanzaError, xml } from '@tutti/xmpp';
import { type Account, forgetAccount, loadNames, nameStore, saveAccount, saveNames, tokenKeeper } from './account.ts';
import { describeBrowser } from './devices.ts';
import { findServices, type Services } from './services.ts';
import { uploadFile } from './upload.ts';

export interface ChatOptions {
  readonly account: Account;
  /** Undefined: with the token of an earlier login. */
  readonly password?: string;
  readonly service: string;
}

/** A change is shown at once with all others of a moment. */
const MOMENT_MS = 16;

/** What the page shows: the client of this browser's account, and what is known beside it. */
export class Chat {
  readonly account: Account;
  readonly client: Client;
  /** How far catching up is; undefined when there is nothing to tell. */
  progress: Progress | undefined;
  /** Why the client ended, if it did not end by the user's wish. */
  failure: TuttiError | undefined;
  /** Whether the server knew this browser since the page was opened. */
  hasLoggedIn = false;
  /** What the server offers; undefined until it was asked. */
  services: Services | undefined;
  #names = loadNames();
  #uploads = 0;
  readonly #listeners = new Set<() => void>();
  readonly #arrivals = new Set<(message: Message) => void>();
  #isTelling = false;

  constructor({ account, password, service }: ChatOptions) {
    this.account = account;
    const { username, domain, deviceId } = account;
    this.client = createClient({
      service,
      domain,
      username,
      deviceId,
      token: tokenKeeper,
      store: indexedDbStore(nameStore(account)),
      receipts: true,
      reconnect: { firstMs: 500, maxMs: 30_000 },
      limits: { answerMs: 15_000, pageSize: 100 },
      ...(password !== undefined && { password }),
    });
    const changed = (): void => this.#changed();
    this.client.on('status', (status) => this.#tookStatus(status));
    this.client.on('progress', (progress) => {
      this.progress = progress;
      changed();
    });
    this.client.on('people', () => {
      this.#keepNames();
      this.#acceptExpected();
      changed();
    });
    this.client.on('change', changed);
    this.client.on('chatState', changed);
    this.client.on('message', (message, _conversation, live) => {
      if (live && !message.outgoing) for (const tell of this.#arrivals) tell(message);
    });
    this.client.on('error', (error) => {
      if (error instanceof TuttiError && this.client.status === 'offline') this.failure = error;
      // For who looks into the browser's console; what concerns the user shows in states.
      else console.warn(error);
      changed();
    });
  }

  /** Bare JID. */
  get address(): string {
    return this.client.account;
  }

  get status(): Status {
    return this.client.status;
  }

  /** Whether what is known of others is as it is now. */
  get isConnected(): boolean {
    return this.status === 'online' || this.status === 'catching-up';
  }

  /** Whether there may be more than is shown yet: what this browser has is being read, or what it missed. */
  get isFilling(): boolean {
    return this.status === 'offline' || this.status === 'catching-up';
  }

  /** Starts; what comes of it shows in `status` and `failure`. */
  start(): void {
    this.client.start().catch(() => undefined);
  }

  /** Calls a listener after changes; gives what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls a listener for each message that comes live from somebody else; gives what ends that. */
  onArrival(listener: (message: Message) => void): () => void {
    this.#arrivals.add(listener);
    return () => this.#arrivals.delete(listener);
  }

  /** What to call somebody: the name in the contacts, else the address, without the domain where it is the own one. */
  nameOf(jid: string): string {
    const name = this.client.people.contacts.get(jid)?.name ?? this.#names[jid];
    if (name !== undefined && name !== '') return name;
    const [local = '', domain] = jid.split('@');
    return domain === this.account.domain ? local : jid;
  }

  /** Gives the account another password: XEP-0077 §3.3. Rejects with the StanzaError of the server. */
  async changePassword(password: string): Promise<void> {
    const { username, domain } = this.account;
    const fields = [xml('username', null, username), xml('password', null, password)];
    await this.client.request(xml('iq', { type: 'set', to: domain }, xml('query', { xmlns: NS.register }, ...fields)));
  }

  /** Whether files are on their way, which end with the page. */
  get isUploading(): boolean {
    return this.#uploads > 0;
  }

  /** Sends a file, where the server takes any; rejects like `uploadFile`. What comes of its message shows there. */
  async sendFile(conversation: Conversation, file: File): Promise<void> {
    const { upload } = this.services ?? {};
    if (upload === undefined) throw new StanzaError('service-unavailable');
    this.#uploads += 1;
    try {
      const address = await uploadFile(this.client, upload, file);
      void conversation.send({ body: address, attachments: [address] }).catch(() => undefined);
    } finally {
      this.#uploads -= 1;
    }
  }

  /** Leaves the server, which forgets this browser, and leaves nothing behind here. */
  async logOut(): Promise<void> {
    if (this.client.status === 'online' && this.services?.devices === true) {
      // Without the server the token ends with its lifetime.
      await this.client.devices.revoke(this.account.deviceId).catch((error: unknown) => console.warn(error));
    }
    await this.client.stop();
    await forgetAccount(this.account);
  }

  #tookStatus(status: Status): void {
    if (status === 'catching-up' || status === 'online') {
      if (!this.hasLoggedIn) {
        saveAccount(this.account);
        // The browser may say no, and then makes room at our cost when the disk is full: the archive has it all.
        void navigator.storage.persist();
      }
      this.hasLoggedIn = true;
    }
    if (status !== 'catching-up') this.progress = undefined;
    if (status === 'online') void this.#findServices();
    this.#changed();
  }

  async #findServices(): Promise<void> {
    try {
      this.services = await findServices(this.client, this.account.domain);
      if (this.services.devices) await this.client.devices.nameThis(describeBrowser(navigator.userAgent));
      this.#changed();
    } catch (error) {
      // It is asked again with the next connection.
      warnUnlessLost(error);
    }
  }

  /** Whom the user asked to be a contact may ask back: the answer is known. */
  #acceptExpected(): void {
    const { people } = this.client;
    for (const jid of people.asking) {
      const contact = people.contacts.get(jid);
      const isExpected = contact?.asked === true || contact?.subscription === 'to';
      // Where the connection is lost it comes again with the next one.
      if (isExpected) void people.accept(jid).catch(warnUnlessLost);
    }
  }

  #keepNames(): void {
    const named = [...this.client.people.contacts.values()].filter(({ name }) => name !== undefined);
    this.#names = Object.fromEntries(named.map(({ jid, name }) => [jid, name ?? '']));
    saveNames(this.#names);
  }

  #changed(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => {
      this.#isTelling = false;
      for (const listener of this.#listeners) listener();
    }, MOMENT_MS);
  }
}

/** A lost connection is no news: the page shows it. */
function warnUnlessLost(error: unknown): void {
  if (!(error instanceof TuttiError)) console.warn(error);
}
