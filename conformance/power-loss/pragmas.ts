/**
 * Loaded into a server with `node --import 'pragmas.ts?…'`, in all its threads: changes how SQLite is opened. No setting of Tutti does this.
 * `checkpoint=N`: the writer checkpoints whenever the WAL has N pages, so that a short run has many checkpoints and begins the WAL anew each time.
 * `synchronous=OFF` and `NORMAL`: SQLite's ways not to sync each commit. `synchronous=LATE`: it is synced, but some time after the commit, together with those that come meanwhile.
 * The last three break the server's promise, so that the check can be seen to notice.
 */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Longer than a telling takes, also where each call is traced. */
const LATE_MS = 50;
const options = new URL(import.meta.url).searchParams;
const synchronous = options.get('synchronous') ?? 'FULL';
const checkpoint = options.get('checkpoint');
/** The files that will be synced. */
const due = new Set<string>();
// oxlint-disable-next-line typescript/unbound-method -- called with its database below
const { exec } = DatabaseSync.prototype;

DatabaseSync.prototype.exec = function execChanged(this: DatabaseSync, sql: string): void {
  let changed = sql.replace('synchronous = FULL', `synchronous = ${synchronous === 'LATE' ? 'OFF' : synchronous}`);
  if (checkpoint !== null) changed = changed.replace(/wal_autocheckpoint = \d+/, `wal_autocheckpoint = ${checkpoint}`);
  exec.call(this, changed);
  if (synchronous === 'LATE' && sql === 'COMMIT') syncLater(`${this.location()}-wal`);
};

function syncLater(path: string): void {
  if (due.has(path)) return;
  due.add(path);
  setTimeout(sync, LATE_MS, path);
}

function sync(path: string): void {
  due.delete(path);
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}
