/** Listeners by the name of what they listen to; `Events` maps each name to the arguments. */
export class Listeners<Events extends Record<keyof Events, readonly unknown[]>> {
  readonly #byName = new Map<keyof Events, Set<(...args: never) => void>>();

  /** Adds a listener; gives what removes it. */
  on<Name extends keyof Events>(name: Name, listener: (...args: Events[Name]) => void): () => void {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners);
    // Its own function, so that one listener may be added twice.
    const called = (...args: Events[Name]): void => listener(...args);
    listeners.add(called);
    return () => listeners.delete(called);
  }

  /** Calls them in the order in which they came. What one throws is thrown where nothing else suffers: as an uncaught error. */
  tell<Name extends keyof Events>(name: Name, ...args: Events[Name]): void {
    for (const listener of [...(this.#byName.get(name) ?? [])] as ((...args: Events[Name]) => void)[]) {
      try {
        listener(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
