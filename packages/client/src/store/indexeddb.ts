/// <reference lib="dom" />
import type { Change, Entry, Outgoing, Snapshot, TimelineStore } from './store.ts';

const VERSION = 1;
const TABLES = ['meta', 'entry', 'outgoing'] as const;

/** An open database, and where the messages on their way stand in it. */
interface Opened {
  readonly database: IDBDatabase;
  /** Places by id. */
  outgoing: ReadonlyMap<string, number>;
}

/**
 * A store in the browser's IndexedDB, in a database of that name, made when it isn't there. For pages.
 * What it does rejects with the DOMException of IndexedDB, such as QuotaExceededError.
 */
export function indexedDbStore(name: string): TimelineStore {
  let opened: Opened | undefined;
  const opening = open(name).then((done) => (opened = done));
  // Who calls `load` or `commit` hears of it.
  opening.catch(() => undefined);
  return {
    load: async () => load((await opening).database),
    // Handed over in the call itself when the database is open: a page that is left right after has kept it.
    commit: (change) => (opened === undefined ? opening.then((done) => write(done, change)) : write(opened, change)),
    close: async () => (await opening).database.close(),
  };
}

/** Deletes the database of a store. Waits until nobody has it open any more. */
export async function deleteIndexedDbStore(name: string): Promise<void> {
  await settle(indexedDB.deleteDatabase(name));
}

async function open(name: string): Promise<Opened> {
  const request = indexedDB.open(name, VERSION);
  request.addEventListener('upgradeneeded', () => {
    const { result } = request;
    result.createObjectStore('meta');
    // The key is the place: the order of places is that in which they came.
    result.createObjectStore('entry', { autoIncrement: true }).createIndex('id', 'id', { unique: true });
    result.createObjectStore('outgoing');
  });
  const database = await settle(request);
  // Deleting the store, or a later version of it, need not wait for this page.
  database.addEventListener('versionchange', () => database.close());
  const table = database.transaction('outgoing').objectStore('outgoing');
  const [places, messages] = await Promise.all([settle(table.getAllKeys()), settle<Outgoing[]>(table.getAll())]);
  return { database, outgoing: new Map(messages.map(({ id }, index) => [id, Number(places[index])])) };
}

async function load(database: IDBDatabase): Promise<Snapshot> {
  const transaction = database.transaction(TABLES);
  const get = (key: string): Promise<string | undefined> =>
    settle<string | undefined>(transaction.objectStore('meta').get(key));
  const [account, cursor, entries, outgoing] = await Promise.all([
    get('account'),
    get('cursor'),
    settle<Entry[]>(transaction.objectStore('entry').getAll()),
    settle<Outgoing[]>(transaction.objectStore('outgoing').getAll()),
  ]);
  return { account, cursor, entries, outgoing };
}

/** One transaction, complete in itself: the browser ends it also when the page goes away. */
function write(opened: Opened, change: Change): Promise<void> {
  const { account, cursor, cutAfter, append = [], put = [], remove = [] } = change;
  const places = new Map(opened.outgoing);
  let last = Math.max(0, ...places.values());
  // What only this device has must outlast a power cut; all else is in the archive too, and read again from the cursor on.
  const durability = put.length > 0 ? 'strict' : 'relaxed';
  return new Promise((resolve, reject) => {
    const transaction = opened.database.transaction(TABLES, 'readwrite', { durability });
    transaction.addEventListener('complete', () => {
      opened.outgoing = places;
      resolve();
    });
    transaction.addEventListener('abort', () => {
      reject(transaction.error ?? new DOMException('the step was not kept', 'AbortError'));
    });
    const [meta, entries, outgoing] = TABLES.map((name) => transaction.objectStore(name)) as [Table, Table, Table];
    if (account !== undefined) meta.put(account, 'account');
    if (cursor !== undefined) meta.put(cursor, 'cursor');
    for (const message of put) {
      const place = places.get(message.id) ?? (last += 1);
      places.set(message.id, place);
      outgoing.put(message, place);
    }
    for (const id of remove) {
      const place = places.get(id);
      places.delete(id);
      if (place !== undefined) outgoing.delete(place);
    }
    const finish = (): void => {
      for (const entry of append) entries.add(entry);
      transaction.commit();
    };
    if (cutAfter === undefined) return finish();
    const place = entries.index('id').getKey(cutAfter);
    place.addEventListener('success', () => {
      entries.delete(IDBKeyRange.lowerBound(place.result ?? 0, true));
      finish();
    });
  });
}

type Table = IDBObjectStore;

function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new DOMException('failed', 'UnknownError')));
  });
}
