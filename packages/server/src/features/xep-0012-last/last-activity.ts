import type { JID } from '@tutti/xmpp';
import type { Kysely, Migration } from 'kysely';
import type { AccountView, FeatureApi, StateKey } from '../../feature.ts';

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

/** When each account was last seen: in the database, and in memory with the account. */
export class LastActivity {
  readonly #db: Kysely<LastActivityTables>;
  readonly #state: StateKey<{ last: Departure | undefined }>;

  constructor(api: FeatureApi) {
    this.#db = api.store<LastActivityTables>();
    this.#state = api.accountState((account) => this.#load(account));
  }

  /** Undefined: never. */
  of(account: AccountView): Departure | undefined {
    return account.state(this.#state).last;
  }

  async record(account: AccountView, departure: Departure): Promise<void> {
    await this.#db
      .insertInto('last_activity')
      .values({ account: account.jid.toString(), ...departure })
      .onConflict((conflict) => conflict.column('account').doUpdateSet({ ...departure }))
      .execute();
    account.state(this.#state).last = departure;
  }

  async #load(account: JID): Promise<{ last: Departure | undefined }> {
    const query = this.#db
      .selectFrom('last_activity')
      .select(['at', 'status'])
      .where('account', '=', account.toString());
    return { last: await query.executeTakeFirst() };
  }
}
