import type { DatabaseSync } from 'node:sqlite';
import type { LogFilter, ParcelQueue } from '../log.ts';
import { MAX_SEQ, resolveId } from '../place.ts';
import { Statements, transact } from './connection.ts';
import {
  packParcels,
  packRows,
  type EntryRow,
  type PackedParcels,
  type PackedRows,
  type ParcelRow,
  type QueryArgs,
} from './protocol.ts';
import { FLAG } from './schema.ts';

const SQL = {
  account: 'SELECT id, epoch, head, legacy_cursor FROM account WHERE jid = ?',
  peer: 'SELECT id FROM peer WHERE jid = ?',
  queues: `SELECT p.origin, p.target, count(*), sum(length(s.bytes)), min(p.at), max(p.id)
    FROM parcel p CROSS JOIN stanza s ON s.id = p.stanza GROUP BY p.target, p.origin ORDER BY min(p.id)`,
  parcels: `SELECT p.id, p.at, s.bytes FROM parcel p CROSS JOIN stanza s ON s.id = p.stanza
    WHERE p.target = ? AND p.origin = ? AND p.id > ? ORDER BY p.id LIMIT ?`,
  from: 'SELECT seq, at FROM entry WHERE account = ? AND seq >= ? ORDER BY seq LIMIT 1',
} as const;

/** CROSS JOIN keeps the order of the joins: entries first, by their index, then only the page's stanzas. */
const ROWS = `SELECT e.seq, e.at, e.flags, p.jid, s.bytes FROM entry e
  CROSS JOIN peer p ON p.id = e.peer CROSS JOIN stanza s ON s.id = e.stanza`;
const COUNT = 'SELECT count(*) FROM entry e';

interface Account {
  readonly id: number;
  readonly epoch: string;
  readonly head: number;
  readonly legacyCursor: number;
}

/** A filter in terms of the indexes: inclusive bounds on seq, and the peer. */
interface Selection {
  readonly where: string;
  readonly values: readonly (number | string)[];
  readonly from: number;
  readonly to: number;
}

/** Reads the file on a connection of its own; each call sees one committed state. */
export class LogReader {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = new Statements(db);
  }

  head(account: string): number {
    return this.#account(account)?.head ?? 0;
  }

  /** `pending`: a move that no commit has carried yet. */
  legacyCursor(account: string, pending: number): number {
    const found = this.#account(account);
    return found ? Math.max(found.legacyCursor, Math.min(pending, found.head)) : 0;
  }

  resolve(account: string, id: string): number | undefined {
    const found = this.#account(account);
    return found && resolveId(id, found.epoch, found.head);
  }

  query(...[jid, filter, limit, forward]: QueryArgs): PackedRows {
    return transact(this.#db, 'BEGIN', () => {
      const account = this.#account(jid);
      const selection = account && this.#select(account, filter);
      if (!account || !selection) return packRows('', [], true);
      const rows = filter.seqs
        ? this.#readSeqs(selection, filter.seqs, limit + 1, forward)
        : this.#readRange(selection, limit + 1, forward);
      const complete = rows.length <= limit;
      if (!complete) rows.length = limit;
      return packRows(account.epoch, forward ? rows : rows.reverse(), complete);
    });
  }

  count(jid: string, filter: LogFilter): number {
    return transact(this.#db, 'BEGIN', () => {
      const account = this.#account(jid);
      const selection = account && this.#select(account, filter);
      if (!selection) return 0;
      const { where, values, from, to } = selection;
      const count = (low: number, high: number) =>
        this.#sql.get<[number]>(`${COUNT} WHERE ${where}`, ...values, low, high)?.[0] ?? 0;
      if (!filter.seqs) return count(from, to);
      return pickSeqs(filter.seqs, selection).reduce((sum, seq) => sum + count(seq, seq), 0);
    });
  }

  parcelQueues(): ParcelQueue[] {
    const rows = this.#sql.all<[string, string, number, number, number, number]>(SQL.queues);
    return rows.map(([from, to, count, bytes, oldest, last]) => ({ from, to, count, bytes, oldest, last }));
  }

  parcels(from: string, to: string, after: number, limit: number, bytes: number): PackedParcels {
    const parcels: ParcelRow[] = [];
    let size = 0;
    const statement = this.#sql.prepare(SQL.parcels);
    for (const row of statement.iterate(to, from, after, limit) as Iterable<unknown> as Iterable<ParcelRow>) {
      parcels.push(row);
      size += row[2].length;
      if (size >= bytes) break;
    }
    return packParcels(parcels);
  }

  /** Moves committed pages from the WAL to the main file as far as they go, beside the writer. */
  checkpoint(): void {
    this.#sql.get('PRAGMA wal_checkpoint(PASSIVE)');
  }

  #account(jid: string): Account | undefined {
    const found = this.#sql.get<[number, string, number, number]>(SQL.account, jid);
    return found && { id: found[0], epoch: found[1], head: found[2], legacyCursor: found[3] };
  }

  #readRange({ where, values, from, to }: Selection, limit: number, forward: boolean): EntryRow[] {
    const order = forward ? 'ASC' : 'DESC';
    return this.#sql.all<EntryRow>(
      `${ROWS} WHERE ${where} ORDER BY e.seq ${order} LIMIT ?`,
      ...values,
      from,
      to,
      limit,
    );
  }

  #readSeqs(selection: Selection, seqs: readonly number[], limit: number, forward: boolean): EntryRow[] {
    const rows: EntryRow[] = [];
    const picked = pickSeqs(seqs, selection);
    for (const seq of forward ? picked : picked.reverse()) {
      if (rows.length === limit) break;
      rows.push(...this.#readRange({ ...selection, from: seq, to: seq }, 1, true));
    }
    return rows;
  }

  /**
   * Undefined when nothing can match. Every selection walks an index in order of seq and stops at the page's end: the account's own order, or
   * (peer, account, seq). Only a resource, and groupchat rows (few), are tested row by row on the way.
   */
  #select(account: Account, filter: LogFilter): Selection | undefined {
    const { id } = account;
    let where = 'e.account = ?';
    const values: (number | string)[] = [id];
    if (filter.with) {
      const peer = this.#sql.get<[number]>(SQL.peer, filter.with.bare)?.[0];
      if (peer === undefined) return undefined;
      where = 'e.peer = ? AND e.account = ?';
      values.unshift(peer);
      if (filter.with.resource !== '') {
        where += ' AND e.resource = ?';
        values.push(filter.with.resource);
      }
    }
    if (!filter.includeGroupchat) where += ` AND NOT e.flags & ${FLAG.groupchat}`;
    where += ' AND e.seq BETWEEN ? AND ?';
    let from = (filter.after ?? 0) + 1;
    let to = Math.min((filter.before ?? MAX_SEQ) - 1, account.head);
    if (filter.start !== undefined) from = this.#firstSince(id, filter.start, from, to);
    if (filter.end !== undefined) to = this.#firstSince(id, filter.end + 1, from, to) - 1;
    return from > to ? undefined : { where, values, from, to };
  }

  /** The least seq in from..to whose row has `at` or more, to + 1 for none: a binary search, since `at` never decreases with `seq`. */
  #firstSince(account: number, at: number, from: number, to: number): number {
    let low = from;
    let high = Math.max(from, to + 1);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#sql.get<[seq: number, at: number]>(SQL.from, account, middle);
      if (row && row[1] < at) low = row[0] + 1;
      else high = middle;
    }
    return Math.min(low, Math.max(from, to + 1));
  }
}

function pickSeqs(seqs: readonly number[], { from, to }: Selection): number[] {
  return [...new Set(seqs)].filter((seq) => seq >= from && seq <= to).sort((a, b) => a - b);
}
