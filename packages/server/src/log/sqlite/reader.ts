import type { DatabaseSync } from 'node:sqlite';
import { settleCursor } from '../cursor-moves.ts';
import type { LegacyCursor, LogFilter, ParcelQueue } from '../log.ts';
import type { SeqRanges } from '../ranges.ts';
import { MAX_SEQ, resolveId } from '../place.ts';
import { Statements } from './connection.ts';
import { type PackedPage, PagePacker, PIECE_COLUMNS, type PieceRow } from './page.ts';
import { packParcels, type PackedParcels, type ParcelRow, type QueryArgs } from './protocol.ts';
import { FLAG } from './schema.ts';

const SQL = {
  cursor: 'SELECT head, legacy_cursor, legacy_owed FROM account WHERE jid = ?',
  account: 'SELECT id, epoch, head, expired FROM account WHERE jid = ?',
  peer: 'SELECT id FROM peer WHERE jid = ?',
  peerName: 'SELECT jid FROM peer WHERE id = ?',
  queues: `SELECT p.origin, p.target, count(*), sum(length(s.bytes)), min(p.at), max(p.id)
    FROM parcel p CROSS JOIN stanza s ON s.id = p.stanza GROUP BY p.target, p.origin ORDER BY min(p.id)`,
  parcels: `SELECT p.id, p.at, s.bytes FROM parcel p CROSS JOIN stanza s ON s.id = p.stanza
    WHERE p.target = ? AND p.origin = ? AND p.id > ? ORDER BY p.id LIMIT ?`,
  from: 'SELECT seq, at FROM entry WHERE account = ? AND seq >= ? ORDER BY seq LIMIT 1',
} as const;

/** CROSS JOIN keeps the order of the joins: entries first, by their index, then only the page's stanzas. */
const ROWS = `SELECT e.seq, e.at, e.flags, e.peer, s.bytes FROM entry e CROSS JOIN stanza s ON s.id = e.stanza`;
const OF_ACCOUNT = 'e.account = ?';
const BETWEEN = ' AND e.seq BETWEEN ? AND ?';
const EVERYTHING = OF_ACCOUNT + BETWEEN;
const COUNT = 'SELECT count(*) FROM entry e';

interface Account {
  readonly id: number;
  readonly epoch: string;
  readonly head: number;
  /** Rows that are gone: `head` less these are there. */
  readonly expired: number;
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
  legacyCursor(account: string, pending: LegacyCursor | undefined): LegacyCursor {
    const found = this.#sql.get<[number, number, string]>(SQL.cursor, account);
    if (found === undefined) return { seq: 0, owed: [] };
    const [head, seq, owed] = found;
    return settleCursor({ seq, owed: JSON.parse(owed) as SeqRanges }, pending, head);
  }

  resolve(account: string, id: string): number | undefined {
    const found = this.#account(account);
    return found && resolveId(id, found.epoch, found.head);
  }

  query(...[jid, filter, limit, forward, options = {}]: QueryArgs): PackedPage {
    return this.#snapshot(() => {
      const account = this.#account(jid);
      const selection = account && this.#select(account, filter);
      const page = new PagePacker(limit, forward, options);
      const complete =
        selection === undefined ||
        (filter.seqs
          ? this.#readSeqs(page, selection, filter.seqs, forward)
          : this.#readRange(page, selection, forward));
      const rows = (): number => (complete ? page.rows : this.#count(account, selection, filter.seqs));
      const count = options.count === true ? rows() : undefined;
      const nameOf = (peer: number): string => this.#sql.get<[string]>(SQL.peerName, peer)?.[0] ?? '';
      return page.finish(account?.epoch ?? '', nameOf, { complete, count });
    });
  }

  count(jid: string, filter: LogFilter): number {
    return this.#snapshot(() => {
      const account = this.#account(jid);
      return this.#count(account, account && this.#select(account, filter), filter.seqs);
    });
  }

  /** All that is read in `work` is of one commit. */
  #snapshot<T>(work: () => T): T {
    this.#sql.run('BEGIN');
    try {
      return work();
    } finally {
      // SQLite has ended it on its own after some errors (I/O).
      if (this.#db.isTransaction) this.#sql.run('ROLLBACK');
    }
  }

  #count(account: Account | undefined, selection: Selection | undefined, seqs: LogFilter['seqs']): number {
    if (account === undefined || selection === undefined) return 0;
    const { where, values, from, to } = selection;
    const count = (low: number, high: number) =>
      this.#sql.get<[number]>(`${COUNT} WHERE ${where}`, ...values, low, high)?.[0] ?? 0;
    if (seqs) return pickSeqs(seqs, selection).reduce((sum, seq) => sum + count(seq, seq), 0);
    if (where === EVERYTHING && from === 1 && to === account.head) return account.head - account.expired;
    return count(from, to);
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
    return found && { id: found[0], epoch: found[1], head: found[2], expired: found[3] };
  }

  /** True: nothing of the selection is left. */
  #readRange(page: PagePacker, selection: Selection, forward: boolean): boolean {
    let { from, to } = selection;
    while (from <= to) {
      const limit = page.next;
      const piece = this.#readPiece(selection, from, to, limit, forward);
      if (!page.add(piece)) return false;
      if (piece[0] < limit) return true;
      if (forward) from = (page.last ?? to) + 1;
      else to = (page.last ?? from) - 1;
    }
    return true;
  }

  #readSeqs(page: PagePacker, selection: Selection, seqs: readonly number[], forward: boolean): boolean {
    const picked = pickSeqs(seqs, selection);
    return (forward ? picked : picked.reverse()).every((seq) =>
      page.add(this.#readPiece(selection, seq, seq, 1, true)),
    );
  }

  #readPiece({ where, values }: Selection, from: number, to: number, limit: number, forward: boolean): PieceRow {
    const rows = `${ROWS} WHERE ${where} ORDER BY e.seq ${forward ? 'ASC' : 'DESC'} LIMIT ?`;
    return this.#sql.get<PieceRow>(
      `SELECT ${PIECE_COLUMNS} FROM (${rows}) piece`,
      ...values,
      from,
      to,
      limit,
    ) as PieceRow;
  }

  /**
   * Undefined when nothing can match. Every selection walks an index in order of seq and stops at the page's end: the account's own order, or
   * (peer, account, seq). Only a resource, and groupchat rows (few), are tested row by row on the way.
   */
  #select(account: Account, filter: LogFilter): Selection | undefined {
    const { id } = account;
    let where = OF_ACCOUNT;
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
    where += BETWEEN;
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
