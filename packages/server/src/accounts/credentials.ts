import type { JID } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import {
  CREDENTIAL_NAMES,
  type Credentials,
  type CredentialStore,
  type OwnedCredentials,
  type ScramKeys,
} from '../stream/sasl/credentials.ts';
import type { HashName } from '../stream/sasl/crypto.ts';
import type { AccountTables } from './schema.ts';

const HASHES = ['sha1', 'sha256', 'sha512'] as const satisfies readonly (keyof Credentials)[];

/** Reads what is kept of passwords: for accounts that exist and may log in. One query, found or not. */
export class StoredCredentials implements CredentialStore {
  readonly #db: Kysely<AccountTables>;

  constructor(db: Kysely<AccountTables>) {
    this.#db = db;
  }

  async incarnation(account: JID): Promise<number | undefined> {
    const query = this.#db.selectFrom('account').select('created_at').where('jid', '=', account.bare.toString());
    return (await query.where('removed_at', 'is', null).executeTakeFirst())?.created_at;
  }

  async find(account: JID, hash?: HashName): Promise<OwnedCredentials | undefined> {
    const query = this.#db
      .selectFrom('credentials')
      .innerJoin('account', 'account.jid', 'credentials.account')
      .select(['hash', 'salt', 'iterations', 'stored_key', 'server_key', 'created_at'])
      .where('account.jid', '=', account.bare.toString())
      .where('account.disabled', '=', 0)
      .where('account.removed_at', 'is', null);
    const rows = await (hash === undefined ? query : query.where('hash', '=', CREDENTIAL_NAMES[hash])).execute();
    const incarnation = rows[0]?.created_at;
    if (incarnation === undefined) return undefined;
    const credentials: Partial<Record<keyof Credentials, ScramKeys>> = {};
    for (const { hash, salt, iterations, stored_key, server_key } of rows) {
      const name = HASHES.find((known) => known === hash);
      if (name) credentials[name] = { salt, iterations, storedKey: stored_key, serverKey: server_key };
    }
    return { ...credentials, incarnation };
  }
}

/** Replaces an account's password, and with it the tokens that were given out for the old one. */
export async function writeCredentials(
  trx: Kysely<AccountTables>,
  account: string,
  credentials: Credentials,
): Promise<void> {
  await deleteSecrets(trx, account);
  const rows = HASHES.flatMap((hash) => {
    const keys = credentials[hash];
    if (!keys) return [];
    const { salt, iterations, storedKey, serverKey } = keys;
    return [{ account, hash, salt, iterations, stored_key: storedKey, server_key: serverKey }];
  });
  await trx.insertInto('credentials').values(rows).execute();
}

/** Nothing that an account could log in with is left. */
export async function deleteSecrets(trx: Kysely<AccountTables>, account: string): Promise<void> {
  await trx.deleteFrom('credentials').where('account', '=', account).execute();
  await trx.deleteFrom('fast_token').where('account', '=', account).execute();
}
