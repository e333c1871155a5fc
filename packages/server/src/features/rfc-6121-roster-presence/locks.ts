/** Runs what changes an account one after the other, in the order of the calls. */
export class AccountLocks {
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * Runs `task` while nothing else runs for any of the accounts named. They are taken in the order of their names, so
   * that two never wait for each other.
   */
  run<T>(accounts: readonly string[], task: () => Promise<T>): Promise<T> {
    const [first, ...others] = accounts.toSorted();
    if (first === undefined) return task();
    return this.#runAlone(first, () => this.run(others, task));
  }

  #runAlone<T>(account: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(account) ?? Promise.resolve();
    const running = before.then(task);
    // Whoever waits goes on however this one ends; its error belongs to its own caller.
    const tail: Promise<void> = running.then(
      () => this.#forget(account, tail),
      () => this.#forget(account, tail),
    );
    this.#tails.set(account, tail);
    return running;
  }

  #forget(account: string, tail: Promise<unknown>): void {
    if (this.#tails.get(account) === tail) this.#tails.delete(account);
  }
}
