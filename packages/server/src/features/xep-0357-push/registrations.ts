import { type Element, type JID, parseXml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, SessionView, StateKey } from '../../feature.ts';
import type { PushTables, RegistrationRow } from './schema.ts';

/** Where messages are counted whose senders are not remembered: those from before the start of this process, and of too many. */
export const OTHERS = '';

/** An app server that a device has named, and what it has been told. */
export class Registration {
  readonly account: string;
  readonly service: string;
  readonly node: string;
  options: Element | undefined;
  resource: string;
  agent: string | undefined;
  enabledAt: number;
  errors: number;
  /** Unseen messages by whom they are from. */
  readonly unread = new Map<string, number>();
  /** The session of its device, if it has one. */
  session: SessionView | undefined;
  /** It is to be told nothing more. */
  isOver = false;

  constructor(row: RegistrationRow) {
    this.account = row.account;
    this.service = row.service;
    this.node = row.node;
    this.options = row.options === null ? undefined : parseXml(row.options);
    this.resource = row.resource;
    this.agent = row.agent ?? undefined;
    this.enabledAt = row.enabled_at;
    this.errors = row.errors;
    if (row.unread > 0) this.unread.set(OTHERS, row.unread);
  }

  get count(): number {
    let sum = 0;
    for (const messages of this.unread.values()) sum += messages;
    return sum;
  }

  /** Is it this session's device? */
  isOf(session: SessionView): boolean {
    return session.agent !== undefined && this.agent !== undefined
      ? session.agent === this.agent
      : session.resource === this.resource;
  }
}

/** What a client asks for (§5). */
export interface Wanted {
  readonly service: JID;
  readonly node: string;
  readonly options: Element | undefined;
}

/** The registrations of accounts: in the database, and in memory with their accounts. */
export class Registrations {
  readonly #api: FeatureApi;
  readonly #state: StateKey<Registration[]>;

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#state = api.accountState((account) => this.#load(account));
  }

  of(account: AccountView): readonly Registration[] {
    return account.state(this.#state);
  }

  /** §5.1: the same service and node again takes the place of what was. */
  async enable(session: SessionView, { service, node, options }: Wanted): Promise<void> {
    const { account } = session;
    const row: RegistrationRow = {
      account: account.jid.toString(),
      service: service.toString(),
      node,
      options: options?.toString() ?? null,
      resource: session.resource,
      agent: session.agent ?? null,
      enabled_at: this.#api.clock.now(),
      errors: 0,
      unread: 0,
    };
    await this.#db.replaceInto('push_registration').values(row).execute();
    const registration = new Registration(row);
    registration.session = session;
    this.#forget(account, (one) => one.service === row.service && one.node === node);
    const list = account.state(this.#state);
    list.push(registration);
    const { registrations } = this.#api.config.push;
    const tooMany = registrations === 0 ? [] : list.slice(0, Math.max(0, list.length - registrations));
    for (const oldest of tooMany) await this.remove(account, oldest);
  }

  /** §5.2: one node of a service, or all of them. */
  async disable(account: AccountView, service: JID, node: string | undefined): Promise<void> {
    const isMeant = (one: Registration): boolean =>
      one.service === service.toString() && (node === undefined || one.node === node);
    for (const one of this.of(account).filter(isMeant)) await this.remove(account, one);
  }

  /** The account goes: nobody is told anything more of it. */
  end(account: AccountView): void {
    this.#forget(account, () => true);
  }

  async remove(account: AccountView, { service, node }: Registration): Promise<void> {
    this.#forget(account, (one) => one.service === service && one.node === node);
    await this.#rows({ account: account.jid.toString(), service, node }).execute();
  }

  /** Writes down what has become of it. */
  async keep(one: Registration): Promise<void> {
    await this.#db
      .updateTable('push_registration')
      .set({ errors: one.errors, unread: one.count })
      .where('account', '=', one.account)
      .where('service', '=', one.service)
      .where('node', '=', one.node)
      .execute();
  }

  get #db() {
    return this.#api.store<PushTables>();
  }

  #rows({ account, service, node }: Pick<RegistrationRow, 'account' | 'service' | 'node'>) {
    return this.#db
      .deleteFrom('push_registration')
      .where('account', '=', account)
      .where('service', '=', service)
      .where('node', '=', node);
  }

  #forget(account: AccountView, isMeant: (one: Registration) => boolean): void {
    const list = account.state(this.#state);
    for (const one of list.filter(isMeant)) {
      one.isOver = true;
      list.splice(list.indexOf(one), 1);
    }
  }

  async #load(account: JID): Promise<Registration[]> {
    const rows = await this.#db
      .selectFrom('push_registration')
      .selectAll()
      .where('account', '=', account.toString())
      .orderBy('enabled_at')
      .execute();
    return rows.map((row) => new Registration(row));
  }
}
