import type { JID } from '@tutti/xmpp';
import type { StateKey } from '../feature.ts';
import type { AccountLog } from '../log/log.ts';
import { LocalAccount } from './local-account.ts';

/** How many accounts without sessions stay in memory. */
const IDLE_ACCOUNTS = 20_000;

/** The local accounts that are in memory. There is one object for each: what two of them knew would differ. */
export class LocalAccounts {
  /** Those that were asked for longest ago come first. */
  readonly #loaded = new Map<string, LocalAccount>();
  /** With more than so many it is time to look who can go. */
  #full: number;
  readonly #idle: number;
  readonly #loading = new Map<string, Promise<LocalAccount | undefined>>();
  readonly #log: AccountLog;
  readonly #incarnation: (jid: JID) => Promise<number | undefined>;
  readonly #states: readonly StateKey<unknown>[];

  /**
   * @param incarnation tells an account from others of its name; undefined when there is none
   * @param idle how many without sessions stay at most; half of them surely do
   */
  constructor(
    log: AccountLog,
    incarnation: (jid: JID) => Promise<number | undefined>,
    states: readonly StateKey<unknown>[],
    idle = IDLE_ACCOUNTS,
  ) {
    this.#log = log;
    this.#incarnation = incarnation;
    this.#states = states;
    this.#idle = idle;
    this.#full = idle;
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
    if (loaded !== undefined) {
      this.#touch(name, loaded);
      return Promise.resolve(loaded);
    }
    const loading = this.#loading.get(name) ?? this.#read(jid, name).finally(() => this.#loading.delete(name));
    this.#loading.set(name, loading);
    return loading;
  }

  /** Resolves when the account is not being loaded (any more), after those who have asked for it. */
  async loading(name: string): Promise<void> {
    await this.#loading.get(name);
  }

  /** Forgets an account that does not exist any more: nothing can be archived for it from now on. */
  forget(name: string): void {
    this.#loaded.delete(name);
  }

  async #read(jid: JID, name: string): Promise<LocalAccount | undefined> {
    const incarnation = await this.#incarnation(jid);
    if (incarnation === undefined) return undefined;
    const [head, legacyCursor, ...values] = await Promise.all([
      this.#log.head(name),
      this.#log.legacyCursor(name),
      ...this.#states.map((key) => key.load(jid)),
    ]);
    const states = new Map(this.#states.map((key, index) => [key, values[index]]));
    const account = new LocalAccount(jid, this.#log, { incarnation, head, legacyCursor }, states);
    this.#touch(name, account);
    this.#evict();
    return account;
  }

  #touch(name: string, account: LocalAccount): void {
    this.#loaded.delete(name);
    this.#loaded.set(name, account);
  }

  /**
   * Makes room: lets half of the accounts go that have nothing going on, those asked for longest ago. Never the last ones: who has just asked for
   * one of them is about to use it. However many are in use, looking at them costs each load little.
   */
  #evict(): void {
    if (this.#loaded.size <= this.#full) return;
    const idle = [...this.#loaded].filter(([, one]) => one.sessions.length === 0 && one.uses === 0 && one.holds === 0);
    for (const [name] of idle.slice(0, -Math.ceil(this.#idle / 2))) this.#loaded.delete(name);
    this.#full = this.#loaded.size + Math.floor(this.#idle / 2);
  }
}
