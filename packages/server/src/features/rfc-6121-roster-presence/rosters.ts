import { type Element, type JID, StanzaError } from '@tutti/xmpp';
import {
  type AccountView,
  type FeatureApi,
  type IqRequest,
  Locks,
  type SessionView,
  type StateKey,
} from '../../feature.ts';
import { chosenBytes, type Roster, type RosterItem } from './roster.ts';
import { type ItemRequest, itemElement, readItem, removedElement, rosterElement } from './roster-items.ts';
import { type RosterChange, RosterStore } from './roster-store.ts';
import type { RosterTables } from './schema.ts';

/** A `RosterChange` of an account in memory. */
export type AccountChange = Omit<RosterChange, 'account' | 'roster'> & { readonly account: AccountView };

/** The rosters of all accounts: what clients ask of them, and roster pushes (RFC 6121 §2). */
export class Rosters {
  readonly store: RosterStore;
  readonly #locks = new Locks();
  readonly #api: FeatureApi;
  readonly #state: StateKey<Roster>;
  /** §2.2: sessions that have asked for the roster. */
  readonly #interested = new WeakSet<SessionView>();

  constructor(api: FeatureApi) {
    this.#api = api;
    this.store = new RosterStore(api.store<RosterTables>(), api.clock, api.random);
    this.#state = api.accountState((account) => this.store.load(account.toString()));
  }

  of(account: AccountView): Roster {
    return account.state(this.#state);
  }

  item(account: AccountView, peer: JID): RosterItem | undefined {
    return this.of(account).get(peer.bare);
  }

  readonly isInterested = (session: SessionView): boolean => this.#interested.has(session);

  /** §2.1.3. */
  get({ target, session, payload }: IqRequest): Element | undefined {
    if (target !== 'own' || session === undefined) throw new StanzaError('forbidden');
    const roster = this.of(session.account);
    const known = payload.attrs['ver'];
    const changes = known === undefined ? undefined : roster.changesSince(known);
    if (changes === undefined || known === undefined) {
      this.#interested.add(session);
      const items = [...roster.items.values()].map(itemElement);
      return rosterElement(known === undefined ? undefined : roster.ver, items);
    }
    // §2.6.3: an empty result, then a push for each change; those of this very moment are among them.
    queueMicrotask(() => {
      this.#interested.add(session);
      for (const change of roster.changesSince(known) ?? []) {
        const item = typeof change.jid === 'string' ? removedElement(change.jid) : itemElement(change as RosterItem);
        this.#push(session, rosterElement(roster.verAt(change.version), [item]));
      }
    });
    return undefined;
  }

  /** §2.3 and §2.4: adds an item, or changes its name and groups. */
  async set(session: SessionView, { jid, name, groups }: ItemRequest): Promise<void> {
    const { account } = session;
    if (jid.equals(account.jid)) throw new StanzaError('not-allowed', { text: 'You are no contact of your own.' });
    await this.change([account], async () => {
      const known = this.of(account).get(jid);
      if (known === undefined) this.checkSize(account);
      this.#checkBytes(account, chosenBytes({ name, groups }) - (known === undefined ? 0 : chosenBytes(known)));
      const item = known ?? { jid, subscription: 'none' as const, ask: false, approved: false, version: 0 };
      const changes = [{ account, contact: jid, item: { ...item, name, groups } }];
      await this.write(changes);
      this.pushAll(changes);
    });
  }

  /** Runs what changes the rosters of these accounts while nothing else changes them. */
  change(accounts: readonly AccountView[], task: () => Promise<void>): Promise<void> {
    const running = this.#locks.run(
      accounts.map(({ jid }) => jid.toString()),
      task,
    );
    return accounts.reduce((work, account) => this.#api.hold(account, work), running);
  }

  /** Throws StanzaError when the roster can't have another item. */
  checkSize(account: AccountView): void {
    const limit = this.#api.config.limits.rosterItems;
    if (limit > 0 && this.of(account).items.size >= limit) {
      throw new StanzaError('resource-constraint', { text: 'Your contact list is full.' });
    }
  }

  /** It is kept in memory, and sent as one stanza. Getting smaller is always possible. */
  #checkBytes(account: AccountView, more: number): void {
    const limit = this.#api.config.limits.rosterBytes;
    if (limit > 0 && more > 0 && this.of(account).bytes + more > limit) {
      throw new StanzaError('resource-constraint', { text: 'The names and groups of your contacts are too long.' });
    }
  }

  read(request: IqRequest): ItemRequest {
    if (request.target !== 'own') throw new StanzaError('forbidden'); // §2.3.3
    return readItem(request.payload, this.#api.config.limits);
  }

  /** Writes changes of one or two accounts, both or neither. Tells nobody. */
  async write(changes: readonly AccountChange[]): Promise<void> {
    await this.store.commit(
      changes.map(({ account, ...change }) => ({
        ...change,
        account: account.jid.toString(),
        roster: this.of(account),
      })),
    );
  }

  /** Tells the interested resources of the accounts what has been written. */
  pushAll(changes: readonly AccountChange[]): void {
    for (const { account, contact, item } of changes) if (item !== undefined) this.#pushItem(account, contact);
  }

  /** §2.1.6: to every interested resource. */
  #pushItem(account: AccountView, contact: JID): void {
    const roster = this.of(account);
    const item = roster.get(contact);
    const payload = rosterElement(roster.ver, [
      item === undefined ? removedElement(contact.toString()) : itemElement(item),
    ]);
    for (const session of account.sessions) if (this.isInterested(session)) this.#push(session, payload);
  }

  #push(session: SessionView, payload: Element): void {
    // §2.1.6: whatever the client answers, the roster is as it is.
    this.#api.ask(session, 'set', payload).catch((error: unknown) => {
      this.#api.logger.debug(
        { session: session.jid.toString(), error: String(error) },
        'a roster push was not accepted',
      );
    });
  }
}
