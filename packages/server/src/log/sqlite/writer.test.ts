import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';
import type { LogFilter, NewRow } from '../log.ts';
import { ALICE, ALL, BOB, makeRow, readText } from '../suite/fixture.ts';
import { Caches } from './caches.ts';
import { findLogFaults } from './integrity.ts';
import { unpackPage } from './page.ts';
import { FAILED, UnitPacker, type PackedUnits } from './protocol.ts';
import { LogReader } from './reader.ts';
import { migrateLog } from './schema.ts';
import { LogWriter } from './writer.ts';

let db: DatabaseSync;
let writer: LogWriter;
let prepared: string[];

beforeEach(() => {
  db = new DatabaseSync(':memory:', { limits: { length: 5000 } });
  migrateLog(db, ':memory:');
  prepared = [];
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) => {
    prepared.push(sql);
    return prepare(sql);
  };
  writer = new LogWriter(db, new Caches(), new Uint8Array(32));
});

function pack(...units: NewRow[][]): PackedUnits {
  const packer = new UnitPacker();
  for (const unit of units) packer.add(unit, 1000);
  return packer.pack([], []);
}

test('a unit that SQLite refuses takes no other with it, wherever in the batch it stands', () => {
  // More than the 5000 bytes that this connection takes for a row.
  const bad = makeRow('', { stanza: new Uint8Array(6000) });
  const badPeer = makeRow('x', { peer: 'p'.repeat(6000) });
  const results = writer.commit([
    pack([bad], [makeRow('a'), makeRow('a', { account: BOB })], []),
    pack([makeRow('b'), bad], [makeRow('c', { account: 'new@x' }), badPeer], [makeRow('d')], [bad]),
  ]);
  expect(results.map(({ outcomes }) => outcomes)).toEqual([
    [FAILED, 2, 0],
    [FAILED, FAILED, 1, FAILED],
  ]);
  expect(results.map(({ seqs }) => seqs)).toEqual([[1, 1], [2]]);
  expect(results.map(({ errors }) => errors.length)).toEqual([1, 3]);
  const reader = new LogReader(db);
  expect([reader.head(ALICE), reader.head(BOB), reader.head('new@x')]).toEqual([2, 1, 0]);
  expect(findLogFaults(db)).toEqual([]);
  expect(writer.commit([pack([makeRow('e')])])).toMatchObject([{ outcomes: [1], seqs: [3] }]);
});

test('more accounts and peers in a batch than the caches hold', () => {
  const small = new LogWriter(db, new Caches(2), new Uint8Array(32));
  const name = (i: number) => `user${i % 7}@x`;
  const batch = () =>
    pack(...Array.from({ length: 70 }, (_, i) => [makeRow(`m${i}`, { account: name(i), peer: name(i * 3) })]));
  expect(small.commit([batch(), batch()]).flatMap(({ outcomes }) => outcomes)).toEqual(
    Array.from({ length: 140 }, () => 1),
  );
  expect(small.commit([batch()])[0]?.seqs).toEqual(Array.from({ length: 70 }, (_, i) => 21 + Math.floor(i / 7)));
  expect(findLogFaults(db)).toEqual([]);
});

test('a shared stanza after others, and after a repeated unit, is read from its own place', () => {
  const stanza = new TextEncoder().encode('shared');
  const dedupe = { key: 'k', windowMs: 1000 };
  const [results] = writer.commit([
    pack(
      [makeRow('first', { dedupe })],
      [makeRow('not this one', { dedupe })],
      [makeRow('', { stanza }), makeRow('', { stanza, account: BOB })],
      [makeRow('last')],
    ),
  ]);
  expect(results?.seqs).toEqual([1, 2, 1, 3]);
  const page = new LogReader(db).query(ALICE, ALL, 10, true);
  expect(unpackPage(page).rows.map(readText)).toEqual(['first', 'shared', 'last']);
  expect(findLogFaults(db)).toEqual([]);
});

test('no query or commit scans a table or sorts: each walks an index from where it begins', () => {
  const rows = Array.from({ length: 50 }, (_, i) =>
    makeRow(`m${i}`, { groupchat: i % 5 === 0, dedupe: { key: `k${i}`, windowMs: 10 } }),
  );
  writer.commit([pack(...rows.map((row) => [row]))]);
  const reader = new LogReader(db);
  const filters: Partial<LogFilter>[] = [
    {},
    { with: { bare: BOB, resource: '' } },
    { with: { bare: BOB, resource: 'phone' } },
    { start: 0, end: 2000 },
    { after: 3, before: 40 },
    { seqs: [3, 4] },
  ];
  for (const filter of filters) {
    for (const includeGroupchat of [true, false]) {
      for (const forward of [true, false]) reader.query(ALICE, { ...filter, includeGroupchat }, 10, forward);
    }
  }
  reader.resolve(ALICE, 'x');
  const texts = new Set(prepared.filter((sql) => /^(SELECT|UPDATE|INSERT)/.test(sql)));
  expect(texts.size).toBeGreaterThan(20);
  for (const sql of texts) {
    const plan = db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
    expect(
      plan.filter((step) => /SCAN|TEMP B-TREE/.test(step) && step !== 'SCAN piece'), // a page's rows, once found
      sql,
    ).toEqual([]);
  }
});
