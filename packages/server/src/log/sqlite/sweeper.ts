import type { DatabaseSync } from 'node:sqlite';
import type { Caches } from './caches.ts';
import { Statements, transact } from './connection.ts';

const SQL = {
  detach: 'UPDATE account SET jid = NULL WHERE jid = ?',
  detached: 'SELECT id FROM account WHERE jid IS NULL LIMIT 1',
  deleteAccount: 'DELETE FROM account WHERE id = ?',
  nextAccount: 'SELECT id FROM account WHERE id > ? AND jid IS NOT NULL ORDER BY id LIMIT 1',
  expired: 'UPDATE account SET expired = expired + ? WHERE id = ?',
  all: 'SELECT account, seq, stanza, peer FROM entry WHERE account = ? LIMIT ?',
  transients: 'SELECT account, seq, stanza, peer FROM entry WHERE flags & 1 AND at < ? ORDER BY at LIMIT ?',
  others: 'SELECT account, seq, stanza, peer, at FROM entry WHERE account = ? AND NOT flags & 1 ORDER BY seq',
  deleteEntry: 'DELETE FROM entry WHERE account = ? AND seq = ?',
  releaseStanza: 'UPDATE stanza SET refs = refs - 1 WHERE id = ? RETURNING refs',
  deleteStanza: 'DELETE FROM stanza WHERE id = ?',
  deletePeer: 'DELETE FROM peer WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM entry WHERE peer = ?1) RETURNING jid',
  deleteKeys: 'DELETE FROM dedupe WHERE account = ? AND expires <= ?',
  deleteAllKeys: 'DELETE FROM dedupe WHERE account = ?',
} as const;

type Doomed = readonly [account: number, seq: number, stanza: number, peer: number];

/** Rows or accounts that one slice touches: a few milliseconds, then commits that wait have their turn. */
const SLICE = 250;

/** Where an expiry stands between two slices; `done` = it is through. */
export interface ExpiryStep {
  readonly deleted: number;
  readonly account: number;
  readonly done: boolean;
}

/** What expires: `at` below these bounds, and keys whose window ended at `now`. */
export interface ExpiryBounds {
  readonly transient?: number;
  readonly other?: number;
  readonly now: number;
}

/** Deletes in slices. A crash between two slices leaves a correct file with a little more in it than need be; the next expiry goes on. */
export class LogSweeper {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #caches: Caches;

  constructor(db: DatabaseSync, caches: Caches) {
    this.#db = db;
    this.#sql = new Statements(db);
    this.#caches = caches;
  }

  /** The account is gone for everybody from this commit on; `sweep` frees its rows. */
  detach(jid: string): void {
    transact(this.#db, () => this.#sql.run(SQL.detach, jid));
    this.#caches.accounts.delete(jid);
  }

  /** Deletes a slice of a detached account. Gives false when there is none left. */
  sweep(): boolean {
    return transact(this.#db, () => {
      const account = this.#sql.get<[number]>(SQL.detached)?.[0];
      if (account === undefined) return false;
      const rows = this.#sql.all<Doomed>(SQL.all, account, SLICE);
      this.#delete(rows);
      if (rows.length < SLICE) {
        this.#sql.run(SQL.deleteAllKeys, account);
        this.#sql.run(SQL.deleteAccount, account);
      }
      return true;
    });
  }

  /** Deletes a slice of what has expired: first the transient rows of everybody, then account by account after the one numbered `account`. */
  expire(bounds: ExpiryBounds, account: number): ExpiryStep {
    return transact(this.#db, () => {
      const rows =
        account === 0 && bounds.transient !== undefined
          ? this.#sql.all<Doomed>(SQL.transients, bounds.transient, SLICE)
          : [];
      this.#expire(rows);
      if (rows.length === SLICE) return { deleted: SLICE, account, done: false };
      return this.#expireAccounts(bounds, account, SLICE - rows.length, rows.length);
    });
  }

  #expireAccounts(bounds: ExpiryBounds, after: number, budget: number, already: number): ExpiryStep {
    let deleted = already;
    let account = after;
    for (let left = budget; left > 0; left--) {
      const next = this.#sql.get<[number]>(SQL.nextAccount, account)?.[0];
      if (next === undefined) return { deleted, account, done: true };
      const rows = this.#findOld(next, bounds.other ?? 0, left);
      this.#expire(rows);
      deleted += rows.length;
      left -= rows.length;
      if (left <= 0) break;
      this.#sql.run(SQL.deleteKeys, next, bounds.now);
      account = next;
    }
    return { deleted, account, done: false };
  }

  /** Rows past their time stand at the account's start, since `at` never decreases: the search ends at the first that stays. */
  #findOld(account: number, before: number, limit: number): Doomed[] {
    const rows: Doomed[] = [];
    for (const row of this.#sql.prepare(SQL.others).iterate(account) as Iterable<unknown> as Iterable<
      [...Doomed, number]
    >) {
      const [id, seq, stanza, peer, at] = row;
      if (at >= before || rows.length === limit) break;
      rows.push([id, seq, stanza, peer]);
    }
    return rows;
  }

  #expire(rows: readonly Doomed[]): void {
    this.#delete(rows);
    const counts = new Map<number, number>();
    for (const [account] of rows) counts.set(account, (counts.get(account) ?? 0) + 1);
    for (const [account, count] of counts) this.#sql.run(SQL.expired, count, account);
  }

  #delete(rows: readonly Doomed[]): void {
    const peers = new Set<number>();
    for (const [account, seq, stanza, peer] of rows) {
      this.#sql.run(SQL.deleteEntry, account, seq);
      if (this.#sql.get<[number]>(SQL.releaseStanza, stanza)?.[0] === 0) this.#sql.run(SQL.deleteStanza, stanza);
      peers.add(peer);
    }
    for (const peer of peers) {
      const jid = this.#sql.get<[string]>(SQL.deletePeer, peer)?.[0];
      if (jid !== undefined) this.#caches.peers.delete(jid);
    }
  }
}
