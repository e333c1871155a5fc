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

  /** It is there, or was a moment ago. Beyond `limits.devices` those not seen for longest are forgotten. */
  async see({ jid }: AccountView, client: string): Promise<void> {
    const account = jid.toString();
    const seenAt = this.#api.clock.now();
    const { devices: most } = this.#api.config.limits;
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .insertInto('device')
        .values({ account, client, name: '', seen_at: seenAt })
        .onConflict((conflict) => conflict.columns(['account', 'client']).doUpdateSet({ seen_at: seenAt }))
        .execute();
      if (most === 0) return;
      const kept = trx.selectFrom('device').select('client').where('account', '=', account);
      const newest = kept.orderBy('seen_at', 'desc').orderBy('client').limit(most);
      await trx.deleteFrom('device').where('account', '=', account).where('client', 'not in', newest).execute();
    });
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
