import type { Change, Entry, Outgoing, Snapshot, TimelineStore } from './store.ts';

/** A store that lasts as long as the program. Closing it keeps what it holds: another client may take it over. */
export function memoryStore(): TimelineStore {
  let account: string | undefined;
  let cursor: string | undefined;
  const entries: Entry[] = [];
  const ids = new Set<string>();
  const outgoing = new Map<string, Outgoing>();

  function write({ cutAfter, append = [], put = [], remove = [], ...meta }: Change): void {
    const kept = cutAfter === undefined ? entries.length : entries.findIndex(({ id }) => id === cutAfter) + 1;
    const cut = new Set(entries.slice(kept).map(({ id }) => id));
    const known = append.find(({ id }) => ids.has(id) && !cut.has(id));
    if (known !== undefined) throw new Error(`entry ${known.id} is there already`);
    for (const { id } of entries.splice(kept)) ids.delete(id);
    account = meta.account ?? account;
    cursor = meta.cursor ?? cursor;
    for (const entry of append) {
      ids.add(entry.id);
      entries.push(entry);
    }
    for (const message of put) outgoing.set(message.id, message);
    for (const id of remove) outgoing.delete(id);
  }

  return {
    load: (): Promise<Snapshot> =>
      Promise.resolve({ account, cursor, entries: [...entries], outgoing: [...outgoing.values()] }),
    // async: what is thrown becomes a rejection.
    commit: async (change) => write(change),
    close: () => Promise.resolve(),
  };
}
