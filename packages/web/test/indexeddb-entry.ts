/** What runs in the browser to test the store of browsers. */
import { deleteIndexedDbStore, indexedDbStore } from '@tutti/client/indexeddb';
import { storeCases } from '@tutti/client/store-suite';

/** Runs every case in a database of its own; gives what went wrong by title. */
async function runCases(): Promise<Readonly<Record<string, string>>> {
  const results: Record<string, string> = {};
  for (const { title, run } of storeCases) {
    const name = crypto.randomUUID();
    results[title] = await run(() => indexedDbStore(name)).then(
      () => 'as it should',
      (error: unknown) => String(error),
    );
    await deleteIndexedDbStore(name);
  }
  return results;
}

Object.assign(globalThis, { runCases });
