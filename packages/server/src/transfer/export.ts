import { escapeAttribute, JID } from '@tutti/xmpp';
import { StoredCredentials } from '../accounts/credentials.ts';
import type { AccountTables } from '../accounts/schema.ts';
import { ARCHIVE, writeResult } from './archive.ts';
import { writeCredentials } from './credentials.ts';
import type { OfflineServer } from './offline-server.ts';
import { PIE } from './xml-events.ts';

export interface ExportOptions {
  /** Bare JIDs; undefined: all. */
  readonly accounts?: readonly string[];
  readonly archive: boolean;
  readonly credentials: boolean;
  /** Told after each account. */
  readonly progress?: (done: number, total: number) => void;
}

export interface ExportReport {
  accounts: number;
  messages: number;
}

/** Rows of an archive in memory at a time. */
const ROWS = 500;

/** Writes accounts in the format of XEP-0227, a piece at a time; counts in `report`. */
export async function* exportData(
  server: OfflineServer,
  options: ExportOptions,
  report: ExportReport,
): AsyncGenerator<string> {
  const names = options.accounts ?? (await server.core.options.accounts.list()).map(({ jid }) => jid);
  const byDomain = Map.groupBy(
    names.map((name) => JID.parse(name)),
    ({ domain }) => domain,
  );
  yield `<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='${PIE}'>\n`;
  for (const [domain, accounts] of byDomain) {
    yield `<host jid='${escapeAttribute(domain)}'>\n`;
    for (const account of accounts) {
      yield* exportAccount(server, account, options, report);
      report.accounts += 1;
      options.progress?.(report.accounts, names.length);
    }
    yield '</host>\n';
  }
  yield '</server-data>\n';
}

async function* exportAccount(
  { core, log, store }: OfflineServer,
  jid: JID,
  options: ExportOptions,
  report: ExportReport,
): AsyncGenerator<string> {
  const account = await core.accounts.load(jid);
  if (account === undefined) return;
  yield `<user name='${escapeAttribute(jid.local)}'>\n`;
  if (options.credentials) {
    const found = await new StoredCredentials(store.tables<AccountTables>()).find(jid);
    for (const element of writeCredentials(found ?? {})) yield `${element.toString(PIE)}\n`;
  }
  for (const portable of core.registry.portables) {
    for await (const element of portable.write(account)) yield `${element.toString(PIE)}\n`;
  }
  if (options.archive) {
    yield `<archive xmlns='${ARCHIVE}'>\n`;
    for (let after = 0; ; ) {
      const rows = await log.read(account.name, after, ROWS);
      for (const row of rows) yield `${writeResult(row).toString(ARCHIVE)}\n`;
      report.messages += rows.length;
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.seq;
    }
    yield '</archive>\n';
  }
  yield '</user>\n';
}
