import type { JID } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import type { FastToken, TokenStore } from '../stream/sasl/credentials.ts';
import type { AccountTables } from './schema.ts';

/** Installations of clients that may hold tokens of one account; those that have not been used longest give way. */
const CLIENTS_PER_ACCOUNT = 100;

/** FAST tokens (XEP-0484) of accounts that exist and may log in. */
export class StoredTokens implements TokenStore {
  readonly #db: Kysely<AccountTables>;

  constructor(db: Kysely<AccountTables>) {
    this.#db = db;
  }

  async find(account: JID, client: string): Promise<readonly FastToken[]> {
    return this.#db
      .selectFrom('fast_token')
      .innerJoin('account', 'account.jid', 'fast_token.account')
      .select(['slot', 'seed', 'mechanism', 'issued', 'expires', 'count'])
      .where('account.jid', '=', account.bare.toString())
      .where('account.disabled', '=', 0)
      .where('account.removed_at', 'is', null)
      .where('client', '=', client)
      .orderBy('slot')
      .execute();
  }

  async replace(account: JID, client: string, tokens: readonly FastToken[], incarnation?: number): Promise<void> {
    const jid = account.bare.toString();
    await this.#db.transaction().execute(async (trx) => {
      // Removed meanwhile: a token for nobody, or for somebody else of that name, must not come into being.
      const owner = trx
        .selectFrom('account')
        .select('created_at')
        .where('jid', '=', jid)
        .where('removed_at', 'is', null);
      const found = await owner.executeTakeFirst();
      if (found === undefined || (incarnation !== undefined && found.created_at !== incarnation)) return;
      await trx.deleteFrom('fast_token').where('account', '=', jid).where('client', '=', client).execute();
      if (tokens.length === 0) return;
      const rows = tokens.map(({ slot, seed, mechanism, issued, expires, count }) => {
        return { account: jid, client, slot, seed, mechanism, issued, expires, count };
      });
      await trx.insertInto('fast_token').values(rows).execute();
      const kept = trx.selectFrom('fast_token').select('client').where('account', '=', jid).groupBy('client');
      const newest = kept.orderBy((eb) => eb.fn.max('issued'), 'desc').limit(CLIENTS_PER_ACCOUNT);
      await trx.deleteFrom('fast_token').where('account', '=', jid).where('client', 'not in', newest).execute();
    });
  }

  /** Deletes tokens whose time had ended at `now` (ms). Gives their number. */
  async expire(now: number): Promise<number> {
    const { numDeletedRows } = await this.#db.deleteFrom('fast_token').where('expires', '<=', now).executeTakeFirst();
    return Number(numDeletedRows);
  }
}
