import { createHash, hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { EPOCH_BYTES, formatEpoch } from '../place.ts';
import type { Caches, CachedAccount } from './caches.ts';
import { eraseUnsynced, Statements, transact } from './connection.ts';
import { describeError, isRowError, isSyncError } from './errors.ts';
import { FAILED, REPEATED, type PackedResults, type Repeat, type PackedUnits } from './protocol.ts';

const SQL = {
  account: 'SELECT id, epoch, head, last_at FROM account WHERE jid = ?',
  newAccount: 'INSERT INTO account (jid, epoch, head, last_at) VALUES (?, ?, 0, 0)',
  head: 'UPDATE account SET head = ?, last_at = ? WHERE id = ?',
  cursor: `UPDATE account SET legacy_owed = CASE WHEN ?1 > head THEN '[]' ELSE ?2 END, legacy_cursor = min(?1, head)
    WHERE jid = ?3 AND min(?1, head) >= legacy_cursor`,
  peer: 'SELECT id FROM peer WHERE jid = ?',
  newPeer: 'INSERT INTO peer (jid) VALUES (?)',
  stanza: 'INSERT INTO stanza (refs, bytes) VALUES (?, ?)',
  parcel: 'INSERT INTO parcel (origin, target, at, stanza) VALUES (?, ?, ?, ?)',
  deleteParcel: 'DELETE FROM parcel WHERE id = ? RETURNING stanza',
  keepStanza: 'UPDATE stanza SET refs = refs + 1 WHERE id = ?',
  releaseStanza: 'UPDATE stanza SET refs = refs - 1 WHERE id = ? RETURNING refs',
  deleteStanza: 'DELETE FROM stanza WHERE id = ?',
  entry: 'INSERT INTO entry (account, seq, at, stanza, peer, flags, resource) VALUES (?, ?, ?, ?, ?, ?, ?)',
  key: 'SELECT seq, expires FROM dedupe WHERE account = ? AND key = ?',
  newKey: `INSERT INTO dedupe (account, key, seq, expires) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET seq = excluded.seq, expires = excluded.expires`,
  row: `SELECT e.seq, e.at, e.flags, p.jid, s.bytes FROM entry e CROSS JOIN peer p ON p.id = e.peer CROSS JOIN stanza s ON s.id = e.stanza
    WHERE e.account = ? AND e.seq = ?`,
  dataVersion: 'PRAGMA data_version',
} as const;

/** Bytes of a dedupe key's hash that are stored: enough that two keys never meet. */
const KEY_BYTES = 16;

const EMPTY: PackedResults = {
  outcomes: [],
  seqs: [],
  times: [],
  epochs: [],
  repeats: [],
  errors: [],
  parcels: [],
  moved: false,
};

interface Results extends PackedResults {
  readonly outcomes: number[];
  readonly seqs: number[];
  readonly times: number[];
  readonly epochs: string[];
  readonly repeats: Repeat[];
  readonly errors: string[];
  readonly parcels: number[];
}

/** Where a unit's rows begin in its message. */
interface Cursor {
  unit: number;
  row: number;
  byte: number;
}

/** Writes batches of units to the file, one transaction each. */
export class LogWriter {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #caches: Caches;
  readonly #seed: Uint8Array;
  /** Accounts whose head has moved in this batch, by JID. */
  readonly #dirty = new Map<string, CachedAccount>();
  #epochs = 0;
  #dataVersion = 0;
  #syncError: Error | undefined;

  /** `seed` is where the epochs of new accounts come from: at least 16 random bytes, fresh at every start. */
  constructor(db: DatabaseSync, caches: Caches, seed: Uint8Array) {
    this.#db = db;
    this.#sql = new Statements(db);
    this.#caches = caches;
    this.#seed = seed;
  }

  /** The fsync that has failed, if one has: then this writer must not go on. */
  get syncError(): Error | undefined {
    return this.#syncError;
  }

  /** Commits some messages as one batch. Never throws for what is in them: units that failed say so in the results. */
  commit(messages: readonly PackedUnits[]): PackedResults[] {
    // A batch of barriers only has nothing to make durable.
    if (messages.every(isEmpty)) return messages.map(answerBarriers);
    try {
      return this.#transact(messages, (message, results, cursor) => this.#apply(message, results, cursor));
    } catch (error) {
      if (!isRowError(error)) return messages.map((message) => failAll(message, error));
    }
    try {
      return this.#transact(messages, (message, results, cursor) => this.#applyAlone(message, results, cursor));
    } catch (error) {
      return messages.map((message) => failAll(message, error));
    }
  }

  #transact(
    messages: readonly PackedUnits[],
    apply: (message: PackedUnits, results: Results, cursor: Cursor) => void,
  ): PackedResults[] {
    try {
      return transact(this.#db, () => {
        this.#noticeOtherWriters();
        const all = messages.map((message) => {
          const results: Results = {
            outcomes: [],
            seqs: [],
            times: [],
            epochs: [],
            repeats: [],
            errors: [],
            parcels: [],
            moved: true,
          };
          const cursor: Cursor = { unit: 0, row: 0, byte: 0 };
          while (cursor.unit < message.counts.length) {
            apply(message, results, cursor);
            advance(message, cursor);
          }
          return results;
        });
        this.#writeHeads();
        for (const { moves, released } of messages) {
          for (const [account, { seq, owed }] of moves) this.#sql.run(SQL.cursor, seq, JSON.stringify(owed), account);
          this.#release(released);
        }
        return all;
      });
    } catch (error) {
      this.#forget();
      if (isSyncError(error)) {
        this.#syncError = error as Error;
        eraseUnsynced(this.#db);
      }
      throw error;
    }
  }

  /** One unit at a time under a savepoint, so that a bad one takes no other with it. Slower; only after a batch met a bad unit. */
  #applyAlone(message: PackedUnits, results: Results, cursor: Cursor): void {
    const { seqs, times, epochs, repeats, outcomes, parcels } = results;
    const lengths = [seqs.length, repeats.length, outcomes.length, parcels.length] as const;
    this.#db.exec('SAVEPOINT unit');
    try {
      this.#apply(message, results, cursor);
      this.#writeHeads();
      this.#db.exec('RELEASE unit');
    } catch (error) {
      if (!isRowError(error)) throw error;
      this.#db.exec('ROLLBACK TO unit; RELEASE unit');
      this.#forget();
      seqs.length = times.length = epochs.length = lengths[0];
      repeats.length = lengths[1];
      outcomes.length = lengths[2];
      parcels.length = lengths[3];
      outcomes.push(FAILED);
      results.errors.push(describeError(error));
    }
  }

  #apply(message: PackedUnits, results: Results, { unit, row: first, byte }: Cursor): void {
    const now = message.times[unit] as number;
    const end = first + (message.counts[unit] as number);
    for (let row = first; row < end; row++) {
      const key = message.keys[row];
      const repeated =
        key !== undefined && this.#findRepeated(this.#account(message.accounts[row] as string), key, now);
      if (repeated) {
        results.outcomes.push(REPEATED);
        results.repeats.push(repeated);
        return;
      }
    }
    let offset = byte;
    let stanza = 0;
    const extras = message.extras.get(unit);
    let shared: number | undefined;
    for (let row = first; row < end; row++) {
      const length = message.lengths[row] as number;
      if (length >= 0) {
        let refs = 1;
        while (row + refs < end && message.lengths[row + refs] === -1) refs++;
        stanza = this.#sql.run(SQL.stanza, refs, message.stanzas.subarray(offset, (offset += length))).lastId;
      }
      if (extras?.parcel?.row === row - first) shared = stanza;
      this.#insert(message, row, now, stanza, results);
    }
    if (extras?.parcel !== undefined) {
      const { from, to, length } = extras.parcel;
      if (shared !== undefined) this.#sql.run(SQL.keepStanza, shared);
      const id = shared ?? this.#sql.run(SQL.stanza, 1, message.stanzas.subarray(offset, offset + length)).lastId;
      results.parcels.push(this.#sql.run(SQL.parcel, from, to, now, id).lastId);
    }
    if (extras !== undefined) this.#release(extras.release);
    results.outcomes.push(end - first);
  }

  #insert(message: PackedUnits, row: number, now: number, stanza: number, results: Results): void {
    const jid = message.accounts[row] as string;
    const account = this.#account(jid);
    account.head += 1;
    account.lastAt = Math.max(now, account.lastAt);
    this.#dirty.set(jid, account);
    const { id, head, lastAt, epoch } = account;
    const peer = this.#peer(message.peers[row] as string);
    this.#sql.run(
      SQL.entry,
      id,
      head,
      lastAt,
      stanza,
      peer,
      message.flags[row] as number,
      message.resources[row] || null,
    );
    const key = message.keys[row];
    if (key !== undefined)
      this.#sql.run(SQL.newKey, id, digestKey(key), head, lastAt + (message.windows[row] as number));
    results.seqs.push(head);
    results.times.push(lastAt);
    results.epochs.push(epoch);
  }

  /** What is released already is nothing: an error's row may carry the same as a release that had to wait. */
  #release(ids: readonly number[]): void {
    for (const id of ids) {
      const stanza = this.#sql.get<[number]>(SQL.deleteParcel, id)?.[0];
      if (stanza === undefined) continue;
      if (this.#sql.get<[number]>(SQL.releaseStanza, stanza)?.[0] === 0) this.#sql.run(SQL.deleteStanza, stanza);
    }
  }

  #findRepeated(account: CachedAccount, key: string, now: number): Repeat | undefined {
    const record = this.#sql.get<[seq: number, expires: number]>(SQL.key, account.id, digestKey(key));
    if (!record || Math.max(now, account.lastAt) >= record[1]) return undefined;
    const row = this.#sql.get<[number, number, number, string, Uint8Array]>(SQL.row, account.id, record[0]);
    if (row === undefined) return undefined;
    const [seq, at, flags, peer, stanza] = row;
    return { epoch: account.epoch, seq, at, flags, peer, stanza };
  }

  #account(jid: string): CachedAccount {
    const known = this.#caches.accounts.get(jid) ?? this.#dirty.get(jid);
    if (known) return known;
    const found = this.#sql.get<[number, string, number, number]>(SQL.account, jid);
    const account = found
      ? { id: found[0], epoch: found[1], head: found[2], lastAt: found[3] }
      : this.#createAccount(jid);
    this.#caches.accounts.set(jid, account);
    return account;
  }

  #createAccount(jid: string): CachedAccount {
    const random = createHash('sha256')
      .update(this.#seed)
      .update(String(++this.#epochs))
      .digest();
    const epoch = formatEpoch(random.subarray(0, EPOCH_BYTES));
    return { id: this.#sql.run(SQL.newAccount, jid, epoch).lastId, epoch, head: 0, lastAt: 0 };
  }

  #peer(jid: string): number {
    const known = this.#caches.peers.get(jid);
    if (known !== undefined) return known;
    const id = this.#sql.get<[number]>(SQL.peer, jid)?.[0] ?? this.#sql.run(SQL.newPeer, jid).lastId;
    this.#caches.peers.set(jid, id);
    return id;
  }

  #writeHeads(): void {
    for (const { id, head, lastAt } of this.#dirty.values()) this.#sql.run(SQL.head, head, lastAt, id);
    this.#dirty.clear();
  }

  /** `tutti user remove` may have written to the file while the server runs. */
  #noticeOtherWriters(): void {
    const version = this.#sql.get<[number]>(SQL.dataVersion)?.[0] ?? 0;
    if (version !== this.#dataVersion) this.#forget();
    this.#dataVersion = version;
  }

  #forget(): void {
    this.#dirty.clear();
    this.#caches.clear();
  }
}

function digestKey(key: string): Uint8Array {
  return hash('sha256', key, 'buffer').subarray(0, KEY_BYTES);
}

function advance(message: PackedUnits, cursor: Cursor): void {
  const end = cursor.row + (message.counts[cursor.unit] as number);
  for (; cursor.row < end; cursor.row++) cursor.byte += Math.max(0, message.lengths[cursor.row] as number);
  const parcel = message.extras.get(cursor.unit)?.parcel;
  if (parcel?.row === -1) cursor.byte += parcel.length;
  cursor.unit++;
}

function isEmpty({ accounts, moves, released }: PackedUnits): boolean {
  return accounts.length === 0 && moves.length === 0 && released.length === 0;
}

function answerBarriers({ counts }: PackedUnits): PackedResults {
  return { ...EMPTY, outcomes: counts, moved: true };
}

function failAll({ counts }: PackedUnits, error: unknown): PackedResults {
  const text = describeError(error);
  const outcomes = counts.map((rows) => (rows === 0 ? 0 : FAILED));
  return { ...EMPTY, outcomes, errors: counts.filter((rows) => rows > 0).map(() => text) };
}
