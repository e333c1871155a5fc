import type { JID } from '@tutti/xmpp';
import type { Kysely, Migration } from 'kysely';
import type { AccountView, FeatureApi, StateKey, Timer } from '../../feature.ts';

export interface LastActivityTables {
  /** When the last session of an account ended (ms since 1970 UTC), and the status of its unavailable presence. */
  last_activity: { account: string; at: number; status: string };
}

export const lastActivityMigrations: Readonly<Record<string, Migration>> = {
  'xep-0012/001-last-activity': {
    async up(db) {
      await db.schema
        .createTable('last_activity')
        .addColumn('account', 'text', (column) =>
          column.primaryKey().notNull().references('account.jid').onDelete('cascade'),
        )
        .addColumn('at', 'integer', (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .execute();
    },
  },
};

/** When and how an account was last seen. */
export interface Departure {
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** '' for none. */
  readonly status: string;
}

/**
 * Milliseconds for which departures are collected, so that they are written together: after a network has failed, many go at once. A server that is
 * killed forgets those of its last moment, and says when the account was seen before.
 */
const COLLECT_MS = 1000;

/** When each account was last seen: in memory with the account, and soon after in the database. */
export class LastActivity {
  readonly #api: FeatureApi;
  readonly #db: Kysely<LastActivityTables>;
  readonly #state: StateKey<{ last: Departure | undefined }>;
  /** By name: those whose departure is still to be written. */
  readonly #unwritten = new Map<string, AccountView>();
  /** Settles when they are. */
  #batch = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #isStopping = false;

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#db = api.store<LastActivityTables>();
    this.#state = api.accountState((account) => this.#load(account));
  }

  /** Undefined: never. */
  of(account: AccountView): Departure | undefined {
    return account.state(this.#state).last;
  }

  record(account: AccountView, departure: Departure): void {
    account.state(this.#state).last = departure;
    const name = account.jid.toString();
    if (!this.#unwritten.has(name)) void this.#api.hold(account, this.#batch.promise);
    this.#unwritten.set(name, account);
    if (this.#isStopping) this.#writeAll();
    else this.#timer ??= this.#api.clock.after(COLLECT_MS, () => this.#writeAll());
  }

  /** From now on nothing waits. */
  stop(): void {
    this.#isStopping = true;
    this.#timer?.cancel();
    this.#writeAll();
  }

  /** The account has been removed. */
  forget(account: JID): void {
    this.#unwritten.delete(account.toString());
  }

  #writeAll(): void {
    const { resolve } = this.#batch;
    const writes = [...this.#unwritten].map(([name, account]) => this.#write(name, account));
    this.#unwritten.clear();
    this.#batch = Promise.withResolvers();
    this.#timer = undefined;
    void Promise.all(writes).then(() => resolve());
  }

  async #write(name: string, account: AccountView): Promise<void> {
    const departure = this.of(account);
    if (departure === undefined) return;
    try {
      await this.#db
        .insertInto('last_activity')
        .values({ account: name, ...departure })
        .onConflict((conflict) => conflict.column('account').doUpdateSet({ ...departure }))
        .execute();
    } catch (error) {
      this.#api.logger.warn({ account: name, error: String(error) }, 'the last activity was not stored');
    }
  }

  async #load(account: JID): Promise<{ last: Departure | undefined }> {
    const query = this.#db
      .selectFrom('last_activity')
      .select(['at', 'status'])
      .where('account', '=', account.toString());
    return { last: await query.executeTakeFirst() };
  }
}
