import type { JID } from '@tutti/xmpp';
import type { StateKey } from '../feature.ts';
import type { AccountLog } from '../log/log.ts';
import { LocalAccount } from './local-account.ts';

/** How many accounts without sessions stay in memory. */
const IDLE_ACCOUNTS = 20_000;

/** The local accounts that are in memory. */
export class LocalAccounts {
  readonly #loaded = new Map<string, LocalAccount>();
  readonly #loading = new Map<string, Promise<LocalAccount | undefined>>();
  readonly #log: AccountLog;
  readonly #exists: (jid: JID) => Promise<boolean>;
  readonly #states: readonly StateKey<unknown>[];

  constructor(log: AccountLog, exists: (jid: JID) => Promise<boolean>, states: readonly StateKey<unknown>[]) {
    this.#log = log;
    this.#exists = exists;
    this.#states = states;
  }

  /** The account, if it is in memory. */
  get(name: string): LocalAccount | undefined {
    return this.#loaded.get(name);
  }

  all(): Iterable<LocalAccount> {
    return this.#loaded.values();
  }

  /** Loads an account; undefined when there is none of that name. `jid` is bare. */
  load(jid: JID): Promise<LocalAccount | undefined> {
    const name = jid.toString();
    const loaded = this.#loaded.get(name);
    if (loaded !== undefined) return Promise.resolve(loaded);
    const loading = this.#loading.get(name) ?? this.#read(jid, name).finally(() => this.#loading.delete(name));
    this.#loading.set(name, loading);
    return loading;
  }

  /** Forgets an account that does not exist any more: nothing can be archived for it from now on. */
  async forget(name: string): Promise<void> {
    await this.#loading.get(name);
    this.#loaded.delete(name);
  }

  async #read(jid: JID, name: string): Promise<LocalAccount | undefined> {
    if (!(await this.#exists(jid))) return undefined;
    const [head, legacyCursor, ...values] = await Promise.all([
      this.#log.head(name),
      this.#log.legacyCursor(name),
      ...this.#states.map((key) => key.load(jid)),
    ]);
    const states = new Map(this.#states.map((key, index) => [key, values[index]]));
    const account = new LocalAccount(jid, this.#log, { head, legacyCursor }, states);
    this.#loaded.set(name, account);
    this.#evict();
    return account;
  }

  /** Makes room: the accounts that were loaded first and have nothing going on. */
  #evict(): void {
    if (this.#loaded.size <= IDLE_ACCOUNTS) return;
    for (const [name, account] of this.#loaded) {
      if (account.sessions.length > 0 || account.uses > 0) continue;
      this.#loaded.delete(name);
      if (this.#loaded.size <= IDLE_ACCOUNTS) return;
    }
  }
}
