import { JID } from '@tutti/xmpp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock, Random } from '../environment.ts';
import type { AccountLog, Appended, LogError, NewRow } from '../log/log.ts';
import { createMemoryLog, type MemoryDisk } from '../log/memory/memory-log.ts';
import { openStore, type Store } from '../store/store.ts';
import { deriveKeys, type FastToken } from '../stream/sasl/credentials.ts';
import { createAccounts, type Accounts } from './accounts.ts';
import { accountMigrations, type AccountTables } from './schema.ts';

let now = 1000;
const clock: Clock = { now: () => now, after: () => ({ cancel: () => {} }) };
let fill = 0;
const random: Random = { bytes: (length) => new Uint8Array(length).fill(++fill) };
const alice = JID.parse('alice@example.org');
const token: FastToken = {
  slot: 'current',
  seed: 's',
  mechanism: 'HT-SHA-256-NONE',
  issued: 1,
  expires: 2000,
  count: 0,
};
const row: NewRow = {
  account: 'alice@example.org',
  peer: 'bob@example.org',
  peerResource: '',
  stanza: new Uint8Array(1),
  transient: false,
  groupchat: false,
  outgoing: false,
  offline: true,
};

let store: Store;
let log: AccountLog;
let accounts: Accounts;
let removed: string[];
let disabled: string[];
let diskFails: boolean;

beforeEach(async () => {
  now = 1000;
  store = await openStore({ path: ':memory:' });
  await store.migrate(accountMigrations);
  diskFails = false;
  const disk: MemoryDisk = {
    commit: (_, done) => queueMicrotask(() => done(diskFails ? new Error('disk full') : undefined)),
  };
  log = createMemoryLog({ clock, random, disk });
  removed = [];
  disabled = [];
  accounts = open();
});
afterEach(() => store.close());

function open(): Accounts {
  const domains = () => ['example.org', 'xn--e1afmkfd.example', 'other.example'];
  const onRemove = (account: JID) => void removed.push(account.toString());
  const onDisable = (account: JID) => void disabled.push(account.toString());
  return createAccounts({ store, log, clock, random, domains, iterations: () => 4096, onDisable, onRemove });
}

function append(): Promise<Appended | LogError> {
  return new Promise((resolve) => log.append([row], resolve));
}

describe('add', () => {
  test('keeps SCRAM keys of three hashes, and nothing else of the password', async () => {
    expect(await accounts.add('Alice@example.org', 'secret')).toEqual({ jid: 'alice@example.org', createdAt: 1000 });
    expect(await accounts.exists(alice)).toBe(true);
    const credentials = await accounts.credentials.find(alice);
    for (const [name, hash] of [
      ['sha1', 'SHA-1'],
      ['sha256', 'SHA-256'],
      ['sha512', 'SHA-512'],
    ] as const) {
      const keys = credentials?.[name];
      if (!keys) throw new Error(`no ${name}`);
      expect(keys.iterations).toBe(4096);
      const expected = await deriveKeys('secret', hash, 4096, keys.salt);
      expect(Buffer.from(keys.storedKey)).toEqual(Buffer.from(expected.storedKey));
      expect(Buffer.from(keys.serverKey)).toEqual(Buffer.from(expected.serverKey));
    }
    const salts = [credentials?.sha1, credentials?.sha256, credentials?.sha512].map((keys) => keys?.salt.join());
    expect(new Set(salts).size).toBe(3);
  });

  test.each([
    ['malformed-jid', 'example.org', 'x'],
    ['malformed-jid', '@example.org', 'x'],
    ['malformed-jid', 'alice@example.org/phone', 'x'],
    ['malformed-jid', 'al ice@example.org', 'x'],
    ['malformed-jid', '', 'x'],
    ['domain-not-served', 'alice@elsewhere.example', 'x'],
    ['password-empty', 'alice@example.org', ''],
    ['password-not-preparable', 'alice@example.org', '\u00ad'],
    ['password-too-long', 'alice@example.org', 'x'.repeat(1025)],
    ['password-not-preparable', 'alice@example.org', 'bell\u0007'],
  ])('%s: %j %j', async (code, jid, password) => {
    await expect(accounts.add(jid, password)).rejects.toMatchObject({ name: 'AccountError', code });
    expect(await accounts.list()).toEqual([]);
  });

  test('a password of the greatest length is taken', async () => {
    await accounts.add('alice@example.org', 'x'.repeat(1024));
    expect(await accounts.exists(alice)).toBe(true);
  });

  test('an account that exists is not added, in any spelling, also not at the same moment', async () => {
    const both = await Promise.allSettled([
      accounts.add('alice@example.org', 'a'),
      accounts.add('ALICE@EXAMPLE.ORG', 'b'),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(accounts.add('alice@example.org', 'c')).rejects.toMatchObject({ code: 'account-exists' });
  });

  test('begins with an empty log, whatever lay there under its name', async () => {
    await append();
    await accounts.add('alice@example.org', 'secret');
    expect(await log.head('alice@example.org')).toBe(0);
  });
});

test('an account and a later one of its name are told apart, and a token for the one is none for the other', async () => {
  await accounts.add('alice@example.org', 'secret');
  const earlier = await accounts.incarnation(alice);
  expect(earlier).toBeDefined();
  await accounts.setPassword('alice@example.org', 'another');
  expect(await accounts.incarnation(alice)).toBe(earlier);
  await accounts.remove('alice@example.org');
  expect(await accounts.incarnation(alice)).toBeUndefined();
  now += 1;
  await accounts.add('alice@example.org', 'secret');
  expect(await accounts.incarnation(alice)).not.toBe(earlier);
  await accounts.tokens.replace(alice, 'phone', [token], earlier);
  expect(await accounts.tokens.find(alice, 'phone')).toEqual([]);
  await accounts.tokens.replace(alice, 'phone', [token], await accounts.incarnation(alice));
  expect(await accounts.tokens.find(alice, 'phone')).toHaveLength(1);
  await accounts.tokens.replace(alice, 'phone', [], earlier);
  expect(await accounts.tokens.find(alice, 'phone')).toHaveLength(1);
});

test('FAST tokens of the hundred clients of an account that were given one last are kept', async () => {
  await accounts.add('alice@example.org', 'secret');
  for (let n = 0; n <= 100; n += 1) await accounts.tokens.replace(alice, `client-${n}`, [{ ...token, issued: n }]);
  expect(await accounts.tokens.find(alice, 'client-0')).toEqual([]);
  expect(await accounts.tokens.find(alice, 'client-1')).toHaveLength(1);
});

describe('setPassword', () => {
  test('replaces the keys and revokes the FAST tokens of all clients', async () => {
    await accounts.add('alice@example.org', 'old');
    const before = await accounts.credentials.find(alice);
    await accounts.tokens.replace(alice, 'phone', [token]);
    await accounts.tokens.replace(alice, 'laptop', [token, { ...token, slot: 'new' }]);
    await accounts.setPassword('alice@example.org', 'new');
    expect(await accounts.tokens.find(alice, 'phone')).toEqual([]);
    expect(await accounts.tokens.find(alice, 'laptop')).toEqual([]);
    const after = await accounts.credentials.find(alice);
    expect(after?.sha256?.storedKey).not.toEqual(before?.sha256?.storedKey);
    expect(removed).toEqual([]);
  });

  test('errors', async () => {
    await expect(accounts.setPassword('alice@example.org', 'x')).rejects.toMatchObject({ code: 'no-such-account' });
    await accounts.add('alice@example.org', 'old');
    await expect(accounts.setPassword('alice@example.org', '')).rejects.toMatchObject({ code: 'password-empty' });
  });
});

describe('remove', () => {
  test('takes credentials, tokens, log and what references the account; ends its sessions', async () => {
    await store.db.schema
      .createTable('feature')
      .addColumn('account', 'text', (column) => column.references('account.jid').onDelete('cascade'))
      .execute();
    await accounts.add('alice@example.org', 'secret');
    await store.db.insertInto('feature').values({ account: 'alice@example.org' }).execute();
    await accounts.tokens.replace(alice, 'phone', [token]);
    await append();
    expect(await accounts.remove('ALICE@example.org')).toEqual({ jid: 'alice@example.org', createdAt: 1000 });
    expect(removed).toEqual(['alice@example.org']);
    expect(await accounts.exists(alice)).toBe(false);
    expect(await accounts.credentials.find(alice)).toBeUndefined();
    expect(await accounts.tokens.find(alice, 'phone')).toEqual([]);
    expect(await log.head('alice@example.org')).toBe(0);
    expect(await store.db.selectFrom('feature').selectAll().execute()).toEqual([]);
    await expect(accounts.remove('alice@example.org')).rejects.toMatchObject({ code: 'no-such-account' });
  });

  describe('interrupted', () => {
    let interrupted: unknown;
    beforeEach(async () => {
      await accounts.add('alice@example.org', 'secret');
      await append();
      diskFails = true;
      interrupted = await accounts.remove('alice@example.org').catch((error: unknown) => error);
      diskFails = false;
      accounts = open();
    });

    test('the account does not exist any more, and keeps nothing to log in with', async () => {
      expect(interrupted).toMatchObject({ name: 'LogError', message: 'disk full' });
      expect(await accounts.exists(alice)).toBe(false);
      expect(await accounts.list()).toEqual([]);
      await accounts.tokens.replace(alice, 'phone', [token]);
      expect(await accounts.tokens.find(alice, 'phone')).toEqual([]);
      expect(await accounts.credentials.find(alice)).toBeUndefined();
      await expect(accounts.setPassword('alice@example.org', 'x')).rejects.toMatchObject({ code: 'no-such-account' });
    });

    test('the next start completes it', async () => {
      expect(await accounts.finishRemovals()).toBe(1);
      expect(await accounts.finishRemovals()).toBe(0);
      expect(await log.head('alice@example.org')).toBe(0);
      expect(await store.tables<AccountTables>().selectFrom('account').selectAll().execute()).toEqual([]);
    });

    test('a new account of the same name has nothing of the old one', async () => {
      await accounts.add('alice@example.org', 'other');
      expect(await log.head('alice@example.org')).toBe(0);
      expect(await accounts.finishRemovals()).toBe(0);
      expect(await accounts.exists(alice)).toBe(true);
    });
  });
});

describe('list', () => {
  test('by JID, of all domains or of one', async () => {
    for (const jid of ['bob@example.org', 'alice@example.org', 'carol@other.example']) await accounts.add(jid, 'x');
    const names = async (domain?: string) => (await accounts.list(domain)).map(({ jid }) => jid);
    expect(await names()).toEqual(['alice@example.org', 'bob@example.org', 'carol@other.example']);
    expect(await names('Example.ORG')).toEqual(['alice@example.org', 'bob@example.org']);
    await expect(accounts.list('elsewhere.example')).rejects.toMatchObject({ code: 'domain-not-served' });
  });
});

test('a disabled account exists, and nobody logs in to it', async () => {
  await accounts.add('alice@example.org', 'secret');
  await accounts.tokens.replace(alice, 'phone', [token]);
  expect(await accounts.setEnabled('Alice@example.org', false)).toMatchObject({
    jid: 'alice@example.org',
    disabled: true,
  });
  expect(disabled).toEqual(['alice@example.org']);
  expect(await accounts.list()).toMatchObject([{ disabled: true }]);
  expect(await accounts.exists(alice)).toBe(true);
  expect(await accounts.credentials.find(alice)).toBeUndefined();
  expect(await accounts.tokens.find(alice, 'phone')).toEqual([]);
  expect(await accounts.setEnabled('alice@example.org', true)).toEqual({ jid: 'alice@example.org', createdAt: 1000 });
  expect(await accounts.credentials.find(alice)).toBeDefined();
  await expect(accounts.setEnabled('nobody@example.org', true)).rejects.toMatchObject({ code: 'no-such-account' });
});

test('FAST tokens are kept per client and slot, replaced as a whole, and expire', async () => {
  await accounts.add('alice@example.org', 'secret');
  const fresh: FastToken = { ...token, slot: 'new', seed: 't', expires: 3000 };
  await accounts.tokens.replace(alice, 'phone', [token, fresh]);
  expect(await accounts.tokens.find(alice, 'phone')).toEqual([token, fresh]);
  expect(await accounts.tokens.find(alice, 'laptop')).toEqual([]);
  expect(await accounts.tokens.expire(1999)).toBe(0);
  expect(await accounts.tokens.expire(2000)).toBe(1);
  expect(await accounts.tokens.find(alice, 'phone')).toEqual([fresh]);
  await accounts.tokens.replace(alice, 'phone', []);
  expect(await accounts.tokens.find(alice, 'phone')).toEqual([]);
});
