import type { Kysely } from 'kysely';
import type { AccountView, FeatureApi } from '../../feature.ts';
import type { DeviceTables } from './schema.ts';

/** An installation of a client that has been seen. */
export interface SeenDevice {
  readonly client: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly seenAt: number;
}

/** What is remembered of the devices of accounts. */
export class DeviceRegistry {
  readonly #api: FeatureApi;
  readonly #db: Kysely<DeviceTables>;

  constructor(api: FeatureApi) {
    this.#api = api;
    this.#db = api.store<DeviceTables>();
  }

  /** The one seen last comes first. */
  async list({ jid }: AccountView): Promise<readonly SeenDevice[]> {
    const rows = await this.#db
      .selectFrom('device')
      .select(['client', 'name', 'seen_at'])
      .where('account', '=', jid.toString())
      .orderBy('seen_at', 'desc')
      .orderBy('client')
      .execute();
    return rows.map(({ client, name, seen_at }) => ({ client, name, seenAt: seen_at }));
  }

  /** It is there. Beyond `limits.devices` those not seen for longest are forgotten. One that is known costs one statement. */
  async see(account: AccountView, client: string): Promise<void> {
    if (await this.leave(account, client)) return;
    const name = account.jid.toString();
    const { devices: most } = this.#api.config.limits;
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .insertInto('device')
        .values({ account: name, client, name: '', seen_at: this.#api.clock.now() })
        .onConflict((conflict) => conflict.columns(['account', 'client']).doNothing())
        .execute();
      if (most === 0) return;
      const kept = trx.selectFrom('device').select('client').where('account', '=', name);
      const newest = kept.orderBy('seen_at', 'desc').orderBy('client').limit(most);
      await trx.deleteFrom('device').where('account', '=', name).where('client', 'not in', newest).execute();
    });
  }

  /** It was there until now; false: it is not known, or was forgotten, and stays so. */
  async leave({ jid }: AccountView, client: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('device')
      .set({ seen_at: this.#api.clock.now() })
      .where('account', '=', jid.toString())
      .where('client', '=', client)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async name({ jid }: AccountView, client: string, name: string): Promise<void> {
    await this.#db
      .updateTable('device')
      .set({ name })
      .where('account', '=', jid.toString())
      .where('client', '=', client)
      .execute();
  }

  /** It needs the password from now on. */
  async forget({ jid }: AccountView, client: string): Promise<void> {
    await this.#api.accounts.tokens?.replace(jid, client, []);
    await this.#db.deleteFrom('device').where('account', '=', jid.toString()).where('client', '=', client).execute();
  }
}
