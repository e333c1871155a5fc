import { JID } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import type { Clock, Random } from '../environment.ts';
import { Locks } from '../locks.ts';
import type { AccountLog } from '../log/log.ts';
import type { Store } from '../store/store.ts';
import { createCredentials, type Credentials, type CredentialStore } from '../stream/sasl/credentials.ts';
import { MAX_PASSWORD_LENGTH, PasswordError } from '../stream/sasl/password.ts';
import { AccountError, type AccountAdmin, type AccountInfo } from './admin.ts';
import { deleteSecrets, StoredCredentials, writeCredentials } from './credentials.ts';
import type { AccountTables } from './schema.ts';
import { StoredTokens } from './tokens.ts';

export interface AccountsOptions {
  /** With `accountMigrations` applied. */
  readonly store: Store;
  readonly log: AccountLog;
  readonly clock: Clock;
  readonly random: Random;
  /** The served domains, in normal form. */
  readonly domains: () => readonly string[];
  /** PBKDF2 iterations of new passwords; default 10,000. */
  readonly iterations?: () => number;
  /** Called when an account has been disabled: ends its sessions. */
  readonly onDisable?: (account: JID) => void;
  /** Called when nobody can log in to the account any more, again after a crash: ends its sessions, forgets what others know of it. */
  readonly onRemove?: (account: JID) => Promise<void> | void;
}

/** The accounts of this server and what they log in with. */
export interface Accounts extends AccountAdmin {
  readonly credentials: CredentialStore;
  readonly tokens: StoredTokens;
  /** Whether a bare JID is an account; a disabled one is, one whose removal has begun is not. */
  exists(account: JID): Promise<boolean>;
  /** See `CredentialStore`. */
  incarnation(account: JID): Promise<number | undefined>;
  /** Completes removals that a crash has interrupted; call it at start. Gives their number. */
  finishRemovals(): Promise<number>;
}

/** RFC 7677 §4 asks for 4096 at least. */
const DEFAULT_ITERATIONS = 10_000;

/** Accounts in the store, their messages in the log. */
export function createAccounts(options: AccountsOptions): Accounts {
  return new StoredAccounts(options);
}

class StoredAccounts implements Accounts {
  readonly credentials: CredentialStore;
  readonly tokens: StoredTokens;
  readonly #options: AccountsOptions;
  readonly #db: Kysely<AccountTables>;
  /** Changes of one account wait for each other. */
  readonly #locks = new Locks();

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.#db = options.store.tables<AccountTables>();
    this.credentials = new StoredCredentials(this.#db);
    this.tokens = new StoredTokens(this.#db);
  }

  async exists(account: JID): Promise<boolean> {
    return (await this.#find(account.bare.toString())) !== undefined;
  }

  incarnation(account: JID): Promise<number | undefined> {
    return this.credentials.incarnation(account);
  }

  async add(text: string, password: string): Promise<AccountInfo> {
    const { jid, domain } = parseAccount(text);
    this.#checkDomain(domain);
    const credentials = await this.#derive(password);
    return this.#locks.run(jid, async () => {
      if (await this.#find(jid)) throw new AccountError('account-exists', `${jid} exists already`);
      await this.#finish(jid);
      // Whatever the log has under this name, from a store that was lost or a row that came too late, is not this account's.
      await this.#options.log.remove(jid);
      const createdAt = this.#options.clock.now();
      await this.#db.transaction().execute(async (trx) => {
        const row = { jid, domain, created_at: createdAt, disabled: 0, removed_at: null };
        await trx.insertInto('account').values(row).execute();
        await writeCredentials(trx, jid, credentials);
      });
      return { jid, createdAt };
    });
  }

  async setPassword(text: string, password: string): Promise<AccountInfo> {
    const { jid } = parseAccount(text);
    const credentials = await this.#derive(password);
    return this.#locks.run(jid, async () => {
      const found = await this.#require(jid);
      await this.#db.transaction().execute((trx) => writeCredentials(trx, jid, credentials));
      return found;
    });
  }

  async setEnabled(text: string, enabled: boolean): Promise<AccountInfo> {
    const { jid } = parseAccount(text);
    return this.#locks.run(jid, async () => {
      const { disabled: _, ...found } = await this.#require(jid);
      await this.#db
        .updateTable('account')
        .set({ disabled: enabled ? 0 : 1 })
        .where('jid', '=', jid)
        .execute();
      if (enabled) return found;
      this.#options.onDisable?.(JID.parse(jid));
      return { ...found, disabled: true };
    });
  }

  /**
   * In this order: (1) mark it as removed and delete its secrets, (2) end its sessions, (3) delete its log, (4) delete the account with all
   * that references it. From (1) on it doesn't exist: no login, no message (D4). A crash after (1) loses nothing and shows nothing: `add` of the
   * same name and `finishRemovals` do the rest first, and each step can be done twice. The log goes before the account, since the account's row
   * is what remembers that there is something left to do.
   */
  async remove(text: string): Promise<AccountInfo> {
    const { jid } = parseAccount(text);
    return this.#locks.run(jid, async () => {
      const found = await this.#require(jid);
      await this.#db.transaction().execute(async (trx) => {
        await trx
          .updateTable('account')
          .set({ removed_at: this.#options.clock.now() })
          .where('jid', '=', jid)
          .execute();
        await deleteSecrets(trx, jid);
      });
      await this.#finish(jid);
      return found;
    });
  }

  async list(domain?: string): Promise<readonly AccountInfo[]> {
    const served = domain === undefined ? undefined : this.#checkDomain(JID.tryParse(domain)?.domain ?? domain);
    let query = this.#db
      .selectFrom('account')
      .select(['jid', 'created_at', 'disabled'])
      .where('removed_at', 'is', null);
    if (served !== undefined) query = query.where('domain', '=', served);
    const rows = await query.orderBy('jid').execute();
    return rows.map(({ jid, created_at, disabled }) => toInfo(jid, created_at, disabled));
  }

  async finishRemovals(): Promise<number> {
    const rows = await this.#db.selectFrom('account').select('jid').where('removed_at', 'is not', null).execute();
    for (const { jid } of rows) await this.#locks.run(jid, () => this.#finish(jid));
    return rows.length;
  }

  async #finish(jid: string): Promise<void> {
    const removed = this.#db
      .selectFrom('account')
      .select('jid')
      .where('jid', '=', jid)
      .where('removed_at', 'is not', null);
    if (!(await removed.executeTakeFirst())) return;
    await this.#options.onRemove?.(JID.parse(jid));
    await this.#options.log.remove(jid);
    await this.#db.deleteFrom('account').where('jid', '=', jid).where('removed_at', 'is not', null).execute();
  }

  async #find(jid: string): Promise<AccountInfo | undefined> {
    const query = this.#db
      .selectFrom('account')
      .select(['created_at', 'disabled'])
      .where('jid', '=', jid)
      .where('removed_at', 'is', null);
    const row = await query.executeTakeFirst();
    return row && toInfo(jid, row.created_at, row.disabled);
  }

  async #require(jid: string): Promise<AccountInfo> {
    const found = await this.#find(jid);
    if (!found) throw new AccountError('no-such-account', `there is no account ${jid}`);
    return found;
  }

  #checkDomain(domain: string): string {
    if (!this.#options.domains().includes(domain)) {
      throw new AccountError('domain-not-served', `${domain} is not a domain of this server`);
    }
    return domain;
  }

  async #derive(password: string): Promise<Credentials> {
    try {
      return await createCredentials(
        password,
        this.#options.iterations?.() ?? DEFAULT_ITERATIONS,
        this.#options.random,
      );
    } catch (error) {
      throw error instanceof PasswordError ? toAccountError(error, password) : error;
    }
  }
}

function toInfo(jid: string, createdAt: number, disabled: number): AccountInfo {
  return disabled === 0 ? { jid, createdAt } : { jid, createdAt, disabled: true };
}

function parseAccount(text: string): { readonly jid: string; readonly domain: string } {
  const jid = JID.tryParse(text);
  if (!jid || jid.local === '' || jid.resource !== '') {
    throw new AccountError('malformed-jid', `${JSON.stringify(text)} is not an account's address (user@domain)`);
  }
  return { jid: jid.toString(), domain: jid.domain };
}

function toAccountError(error: PasswordError, password: string): AccountError {
  if (password.length > MAX_PASSWORD_LENGTH) {
    return new AccountError('password-too-long', `the password has more than ${MAX_PASSWORD_LENGTH} characters`);
  }
  if (error.cause !== undefined) {
    return new AccountError('password-not-preparable', 'the password has characters that cannot be used (RFC 4013)');
  }
  return new AccountError('password-empty', 'the password is empty');
}
