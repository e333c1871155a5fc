import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runProgram } from '../../test/run-program.ts';
import { ALICE, BOB, conversation, plantData, type PlantedData } from '../../test/planted-data.ts';
import { verifyData } from './verify-data.ts';

/** Alice's log: 1 and 2 to Bob, 3 and 4 typing, 5 to his phone, 6 to him again. Bob's: the same six. */
const UNITS = [
  conversation('one'),
  conversation('two'),
  conversation('typing', { transient: true }),
  conversation('typing', { transient: true }),
  conversation('to the phone', { to: `${BOB}/phone` }),
  conversation('last'),
];

let sound: PlantedData;
let data: PlantedData;

beforeAll(async () => {
  sound = await plantData(UNITS);
});

afterAll(() => sound.remove());

beforeEach(() => {
  data = sound.copy();
});

afterEach(() => data.remove());

/** A row of somebody's log; its stanza; another stanza in its place; rows that are deleted as though they had expired. */
const row = (account: string, seq: number): string =>
  `account = (SELECT id FROM account WHERE jid = '${account}') AND seq = ${seq}`;
const stanzaOf = (account: string, seq: number): string => `(SELECT stanza FROM entry WHERE ${row(account, seq)})`;
const store = (xml: string, account = ALICE, seq = 1): string =>
  `UPDATE stanza SET bytes = CAST('${xml.replaceAll("'", "''")}' AS BLOB) WHERE id = ${stanzaOf(account, seq)}`;
const chat = (children: string): string =>
  `<message from='${ALICE}/phone' to='${BOB}' type='chat'>${children}</message>`;
const expire = (account: string, ...seqs: number[]): string => {
  const rows = row(account, 0).replace('= 0', `IN (${seqs.join(', ')})`);
  return `UPDATE stanza SET refs = refs - 1 WHERE id IN (SELECT stanza FROM entry WHERE ${rows});
    DELETE FROM entry WHERE ${rows};
    UPDATE account SET expired = expired + ${seqs.length} WHERE jid = '${account}'`;
};

test('a sound archive is sound, also where rows have expired', () => {
  expect(verifyData(data.folder)).toEqual({ sound: true, accounts: 2, rows: 12, counts: {}, faults: [] });
  data.damage(expire(ALICE, 3, 4));
  data.damage(expire(BOB, 1, 2));
  expect(verifyData(data.folder)).toMatchObject({ rows: 8, faults: [] });
});

test('A5 XEP-0359 §5 an id by a session of the account is nobody’s word, and stays', () => {
  data.damage(store(chat(`<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='9' by='${BOB}/phone'/>`)));
  expect(verifyData(data.folder)).toMatchObject({ sound: true, faults: [] });
});

test('an account that was removed takes its halves with it', () => {
  data.damage(`UPDATE account SET jid = NULL WHERE jid = '${BOB}'`);
  data.damage(`DELETE FROM account WHERE jid = '${BOB}'`, 'store');
  data.damage('DELETE FROM credentials', 'store');
  expect(verifyData(data.folder)).toMatchObject({ sound: true, accounts: 1, rows: 6 });
});

describe('every kind of damage is found, with account and place', () => {
  const bob = { account: BOB };
  const alice = { account: ALICE };
  const cases: [what: string, sql: string, fault: object, file?: 'store'][] = [
    [
      'a row is lost',
      `DELETE FROM entry WHERE ${row(BOB, 2)}`,
      { rule: 'numbering', ...bob, found: /1 of 6 rows are missing, the first at 2/ },
    ],
    [
      'a row is lost and booked as expired',
      expire(BOB, 5),
      { rule: 'numbering', ...bob, seq: 5, found: /cannot have expired/ },
    ],
    ['the newest row is lost', expire(BOB, 6), { rule: 'numbering', ...bob, seq: 6, found: /cannot have expired/ }],
    [
      'a row past the head',
      `UPDATE account SET head = 5, expired = -1 WHERE jid = '${BOB}'`,
      { rule: 'numbering', ...bob, seq: 6 },
    ],
    [
      'a row of nobody',
      `UPDATE entry SET account = 99 WHERE ${row(BOB, 6)}`,
      { rule: 'numbering', seq: 6, found: /no account/ },
    ],
    ['an epoch that makes no ids', `UPDATE account SET epoch = 'xyz' WHERE jid = '${BOB}'`, { rule: 'ids', ...bob }],
    [
      'time runs backwards',
      `UPDATE entry SET at = at - 5000 WHERE ${row(ALICE, 4)}`,
      { rule: 'time', ...alice, seq: 4 },
    ],
    [
      'a row is later than the last',
      `UPDATE account SET last_at = last_at - 5000 WHERE jid = '${BOB}'`,
      { rule: 'time', ...bob, seq: 6 },
    ],
    [
      'a legacy cursor past the head',
      `UPDATE account SET legacy_cursor = 7 WHERE jid = '${BOB}'`,
      { rule: 'cursor', ...bob, seq: 7 },
    ],
    [
      'more is owed than was given',
      `UPDATE account SET legacy_cursor = 3, legacy_owed = '[[1,1],[3,4]]' WHERE jid = '${BOB}'`,
      { rule: 'cursor', ...bob, seq: 4 },
    ],
    [
      'nobody knows what is owed',
      `UPDATE account SET legacy_cursor = 3, legacy_owed = '3' || '[' WHERE jid = '${BOB}'`,
      { rule: 'cursor', ...bob, seq: 3 },
    ],
    [
      'the recipient’s half is lost',
      expire(BOB, 2),
      { rule: 'A6', ...alice, seq: 2, found: /the recipient's half, with the same stanza, is not in the log of bob/ },
    ],
    [
      'the sender’s half is lost',
      expire(ALICE, 5),
      { rule: 'A6', ...bob, seq: 5, found: /the sender's half, with the same stanza, is not in the log of alice/ },
    ],
    [
      'the halves differ',
      store(chat('<body>forged</body>'), BOB, 5),
      { rule: 'A6', ...alice, seq: 5, found: /with the same stanza/ },
    ],
    [
      'a message to one session is archived',
      store(chat(`<body>x</body><im-ng xmlns='urn:xmpp:im-ng:0'/>`)),
      { rule: 'I5', ...bob, seq: 1 },
    ],
    [
      'a forged archive id',
      store(chat(`<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='9' by='${BOB}'/>`)),
      { rule: 'A5', ...bob, seq: 1 },
    ],
    [
      'a forged archive id in another spelling',
      store(chat(`<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='9' by='${BOB.toUpperCase()}'/>`)),
      { rule: 'A5', ...bob, seq: 1 },
    ],
    ['a stanza that is no XML', store('<message'), { rule: 'A4', ...alice, seq: 1, found: /cannot be read/ }],
    [
      'a stanza of somebody else',
      store(chat('').replaceAll('alice', 'mallory')),
      { rule: 'A4', ...alice, seq: 1, found: /by mallory/ },
    ],
    [
      'a stanza to somebody else',
      store(chat('').replaceAll('bob', 'mallory')),
      { rule: 'A4', ...bob, seq: 1, found: /received/ },
    ],
    [
      'a stanza of another type',
      store(chat('').replaceAll(`'chat'`, `'groupchat'`)),
      { rule: 'A4', ...alice, seq: 1, found: /type/ },
    ],
    [
      'the wrong peer',
      `UPDATE entry SET peer = (SELECT id FROM peer WHERE jid = '${ALICE}') WHERE ${row(ALICE, 1)}`,
      { rule: 'A4', ...alice, seq: 1 },
    ],
    [
      'a stanza that nobody names',
      `INSERT INTO stanza (refs, bytes) VALUES (1, x'00')`,
      { rule: 'stanzas', found: /stanza 8 counts 1 rows and is named by 0/ },
    ],
    [
      'a stanza that is not there',
      `DELETE FROM stanza WHERE id = ${stanzaOf(BOB, 5)}`,
      { rule: 'stanzas', ...bob, seq: 5 },
    ],
    [
      'a stanza that counts wrong',
      `UPDATE stanza SET refs = 3 WHERE id = ${stanzaOf(BOB, 1)}`,
      { rule: 'stanzas', found: /counts 3 rows and is named by 2/ },
    ],
    [
      'a peer that is not there',
      `UPDATE entry SET peer = 77 WHERE ${row(BOB, 1)}`,
      { rule: 'orphans', ...bob, seq: 1 },
    ],
    ['a peer that nobody names', `INSERT INTO peer (jid) VALUES ('nobody@x')`, { rule: 'orphans', found: /nobody@x/ }],
    [
      'a message that waits for another server and is not there',
      `INSERT INTO parcel (origin, target, at, stanza) VALUES ('localhost', 'far.example', 0, 99)`,
      { rule: 'outbox', found: /parcel 1 for far.example: stanza 99 is not there/ },
    ],
    [
      'a message that waits for another server than it is for',
      `INSERT INTO parcel (origin, target, at, stanza) VALUES ('localhost', 'far.example', 0, ${stanzaOf(ALICE, 1)})`,
      { rule: 'outbox', found: /the stanza is for bob@localhost/ },
    ],
    [
      'a message that waits in the name of another domain',
      `INSERT INTO parcel (origin, target, at, stanza) VALUES ('other.example', 'localhost', 0, ${stanzaOf(ALICE, 1)})`,
      { rule: 'outbox', found: /from other.example, says the queue/ },
    ],
    [
      'a stanza that is released though a message waits',
      `INSERT INTO parcel (origin, target, at, stanza) VALUES ('localhost', 'localhost', 0, ${stanzaOf(ALICE, 1)})`,
      { rule: 'stanzas', found: /counts 2 rows and is named by 3/ },
    ],
    ['a dedupe key of no row', `INSERT INTO dedupe VALUES (1, x'01', 9, 0)`, { rule: 'dedupe', ...alice, seq: 9 }],
    [
      'a log of no account',
      `INSERT INTO account (jid, epoch, head, last_at) VALUES ('ghost@localhost', '00000001', 0, 0)`,
      { rule: 'accounts', account: 'ghost@localhost' },
    ],
    [
      'a row of the store that belongs to nobody',
      `UPDATE credentials SET account = 'ghost@localhost' WHERE account = '${BOB}'`,
      { rule: 'store', account: 'ghost@localhost', found: /credentials/ },
      'store',
    ],
    [
      'an index that lacks a row',
      `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'flags & 1', 'flags & 4') WHERE name = 'entry_transient'`,
      { rule: 'sqlite', found: /entry_transient/ },
    ],
  ];
  test.each(cases)('%s', (_, sql, fault, file) => {
    data.damage(sql, file);
    const { sound, faults } = verifyData(data.folder);
    expect(sound).toBe(false);
    const { found = /./, ...place } = fault as { found?: RegExp };
    expect(faults).toContainEqual(expect.objectContaining({ ...place, found: expect.stringMatching(found) }));
  });

  test('a file that is no database, and one that is gone', () => {
    writeFileSync(join(data.folder, 'log.db'), 'not a database at all'.repeat(100));
    expect(verifyData(data.folder).faults).toMatchObject([
      { rule: 'sqlite', found: expect.stringContaining('log.db') },
    ]);
    rmSync(join(data.folder, 'log.db'));
    expect(verifyData(data.folder).faults).toMatchObject([
      { rule: 'sqlite', found: expect.stringContaining('is not there') },
    ]);
  });
});

describe('the command', () => {
  const verify = (...args: string[]) =>
    runProgram(['verify', '--data', data.folder, ...args.filter((arg) => arg !== '--tty')], {
      cwd: data.folder,
      terminal: args.includes('--tty'),
    });

  test('says in a line that all is well, with exit code 0; progress is for terminals', async () => {
    expect(await verify()).toEqual({ code: 0, out: '✓ 12 rows in the logs of 2 accounts: all is well\n', err: '' });
    expect((await verify('--tty')).err).toContain('\r');
  });

  test('names rule, account and place of a fault, with exit code 1', async () => {
    data.damage(expire(BOB, 5));
    const { code, out, err } = await verify();
    expect(code).toBe(1);
    expect(out).toContain(
      '✗ numbering: numbers are dense up to the head; what is missing has expired\n    bob@localhost row 5: 5 cannot',
    );
    expect(err).toContain('faults found');
  });

  test('writes JSON for programs', async () => {
    data.damage(`UPDATE account SET legacy_cursor = 7 WHERE jid = '${BOB}'`);
    const { code, out } = await verify('--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      sound: false,
      accounts: 2,
      rows: 12,
      counts: { cursor: 1 },
      faults: [{ rule: 'cursor', account: BOB, seq: 7, found: 'the cursor is at 7, the head at 6' }],
    });
  });

  test('refuses a folder without data', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'tutti-verify-empty-'));
    expect(await runProgram(['verify', '--data', empty], { cwd: empty })).toMatchObject({
      code: 1,
      err: expect.stringContaining('there are no data of Tutti'),
    });
    rmSync(empty, { recursive: true });
  });
});
