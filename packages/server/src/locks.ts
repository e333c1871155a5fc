/** Runs tasks of the same name, such as that of an account, one after the other, in the order of the calls. */
export class Locks {
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * Runs `task` while nothing else runs for any of the names. They are taken in their order, so that two never wait for
   * each other.
   */
  run<T>(names: string | readonly string[], task: () => Promise<T>): Promise<T> {
    const [first, ...others] = [names].flat().toSorted();
    if (first === undefined) return task();
    return this.#runAlone(first, () => this.run(others, task));
  }

  #runAlone<T>(name: string, task: () => Promise<T>): Promise<T> {
    const running = (this.#tails.get(name) ?? Promise.resolve()).then(task);
    // Whoever waits goes on however this one ends; its error belongs to its own caller.
    const tail: Promise<void> = running.then(
      () => this.#forget(name, tail),
      () => this.#forget(name, tail),
    );
    this.#tails.set(name, tail);
    return running;
  }

  #forget(name: string, tail: Promise<unknown>): void {
    if (this.#tails.get(name) === tail) this.#tails.delete(name);
  }
}
