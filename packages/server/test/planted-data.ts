import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createAccounts } from '../src/accounts/accounts.ts';
import { accountMigrations } from '../src/accounts/schema.ts';
import { locateFiles } from '../src/files.ts';
import { features } from '../src/features/index.ts';
import { openSqliteLog } from '../src/log/sqlite/sqlite-log.ts';
import { LogError, type NewRow } from '../src/log/log.ts';
import { openStore } from '../src/store/store.ts';
import { systemClock, systemRandom } from '../src/system.ts';

export const ALICE = 'alice@localhost';
export const BOB = 'bob@localhost';

/** A data folder that can be filled and damaged. */
export interface PlantedData {
  readonly folder: string;
  /** Runs SQL on the log file, or on the store. */
  damage(sql: string, file?: 'log' | 'store'): void;
  copy(): PlantedData;
  remove(): void;
}

/** Makes a data folder with two accounts and these units in their logs. */
export async function plantData(units: readonly NewRow[][]): Promise<PlantedData> {
  const folder = makeFolder();
  const files = locateFiles(folder);
  const log = await openSqliteLog({ path: files.log, clock: systemClock, random: systemRandom });
  const store = await openStore({ path: files.store });
  await store.migrate(Object.assign({}, accountMigrations, ...features.map(({ migrations }) => migrations ?? {})));
  const accounts = createAccounts({
    store,
    log,
    clock: systemClock,
    random: systemRandom,
    domains: () => ['localhost'],
    iterations: () => 1,
  });
  for (const jid of [ALICE, BOB]) await accounts.add(jid, 'secret');
  await Promise.all(
    units.map(
      (unit) =>
        new Promise<void>((resolve, reject) => {
          log.append(unit, (result) => (result instanceof LogError ? reject(result) : resolve()));
        }),
    ),
  );
  await log.close();
  await store.close();
  return plantedAt(folder);
}

function plantedAt(folder: string): PlantedData {
  return {
    folder,
    damage(sql, file = 'log') {
      const db = new DatabaseSync(locateFiles(folder)[file], { enableForeignKeyConstraints: false });
      db.enableDefensive(false);
      db.exec(sql);
      db.close();
    },
    copy() {
      const copy = makeFolder();
      cpSync(folder, copy, { recursive: true });
      return plantedAt(copy);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'tutti-verify-'));
}

const ENCODER = new TextEncoder();

/** What a unit of one message from Alice to Bob is: both halves, the recipient's with another address where it was sent to a full JID (A4, C5). */
export function conversation(
  text: string,
  { to = BOB, transient = false }: { to?: string; transient?: boolean } = {},
): NewRow[] {
  const write = (address: string): Uint8Array =>
    ENCODER.encode(`<message from='${ALICE}/phone' to='${address}' type='chat'><body>${text}</body></message>`);
  const sent = write(to);
  const kind = { transient, groupchat: false };
  const resource = to.slice(BOB.length + 1);
  return [
    { ...kind, account: ALICE, peer: BOB, peerResource: resource, stanza: sent, outgoing: true, offline: false },
    {
      ...kind,
      account: BOB,
      peer: ALICE,
      peerResource: 'phone',
      stanza: to === BOB ? sent : write(BOB),
      outgoing: false,
      offline: true,
    },
  ];
}
