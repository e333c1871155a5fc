import type { Change, Entry, Outgoing, TimelineStore } from './store/store.ts';

/** Steps not yet in the store, and what to do when they are. */
interface Step {
  readonly change: Change;
  readonly shown: () => void;
}

/**
 * The way into the store: what happens is kept first and shown then, in the order in which it came. What gathers while the store
 * is busy is the next step, as one.
 */
export class Journal {
  readonly #store: TimelineStore;
  readonly #broken: (error: unknown) => void;
  #waiting: Step[] = [];
  #writing: Promise<void> | undefined;
  #isOpen = false;
  #isBroken = false;

  /** `broken` is called once when the store fails; nothing is kept or shown from then on. */
  constructor(store: TimelineStore, broken: (error: unknown) => void) {
    this.#store = store;
    this.#broken = broken;
  }

  /** The store has been read: what was added until now, and all that follows, is kept. */
  open(): void {
    this.#isOpen = true;
    if (this.#waiting.length > 0) this.#writing ??= this.#write();
  }

  /** Keeps a change, then calls `shown`. */
  add(change: Change, shown: () => void = () => undefined): void {
    if (this.#isBroken) return;
    this.#waiting.push({ change, shown });
    if (this.#isOpen) this.#writing ??= this.#write();
  }

  /** Resolves when everything added until now is kept and shown, or the store failed. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const steps = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.commit(joinChanges(steps.map(({ change }) => change)));
      } catch (error) {
        this.#isBroken = true;
        this.#waiting = [];
        this.#broken(error);
        return;
      }
      for (const { shown } of steps) shown();
    }
    this.#writing = undefined;
  }
}

/** Several changes, one after the other, as one. */
function joinChanges(changes: readonly Change[]): Change {
  let append: Entry[] = [];
  let cutAfter: string | undefined;
  const put = new Map<string, Outgoing>();
  const remove = new Set<string>();
  let account: string | undefined;
  let cursor: string | undefined;
  for (const change of changes) {
    account = change.account ?? account;
    cursor = change.cursor ?? cursor;
    if (change.cutAfter !== undefined) {
      const kept = append.findIndex(({ id }) => id === change.cutAfter) + 1;
      // What is cut off may be older than all that was appended just now.
      if (kept === 0) cutAfter = change.cutAfter;
      append = append.slice(0, kept);
    }
    append.push(...(change.append ?? []));
    for (const message of change.put ?? []) {
      put.set(message.id, message);
      remove.delete(message.id);
    }
    for (const id of change.remove ?? []) {
      put.delete(id);
      remove.add(id);
    }
  }
  return {
    ...(account !== undefined && { account }),
    ...(cursor !== undefined && { cursor }),
    ...(cutAfter !== undefined && { cutAfter }),
    append,
    put: [...put.values()],
    remove: [...remove],
  };
}
