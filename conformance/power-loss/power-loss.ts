import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { verifyData } from '../../packages/server/src/cli/verify-data.ts';
import { listMigrations } from '../../packages/server/src/database.ts';
import { locateFiles } from '../../packages/server/src/files.ts';
import type { AccountLog, NewRow } from '../../packages/server/src/log/log.ts';
import { openSqliteLog } from '../../packages/server/src/log/sqlite/sqlite-log.ts';
import { openStore } from '../../packages/server/src/store/store.ts';
import { systemClock } from '../../packages/server/src/system.ts';
import type { Chance } from '../../simulation/world/chance.ts';
import type { Evidence } from './evidence.ts';
import type { Recording } from './recording.ts';
import { TOKEN } from './traffic.ts';

/** What one loss of power did. */
export interface Outcome {
  /** The power went at this line of the trace. */
  readonly line: number;
  /** Messages that somebody had been told of. */
  readonly told: number;
  /** Messages that were there afterwards. */
  readonly kept: number;
  /** What was wrong. */
  readonly problems: readonly string[];
}

/**
 * Lets the power go at so many moments, one after the other in time, and looks at what a server would find afterwards. Calls `each` with
 * every outcome.
 */
export async function losePower(
  recording: Recording,
  moments: number,
  chance: Chance,
  each: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const { calls, evidence } = recording;
  const disk = recording.disk();
  const outcomes: Outcome[] = [];
  let next = 0;
  for (const line of chooseMoments(recording, moments, chance)) {
    for (let call = calls[next]; call !== undefined && call.begin <= line; call = calls[++next]) disk.apply(call);
    const own = chance.fork(`${outcomes.length}`);
    const told = evidence.filter((one) => one.line <= line);
    const outcome = await examine(recording, line, told, disk.lose(line, own), own);
    outcomes.push(outcome);
    each(outcome);
  }
  return outcomes;
}

/** Half of them when a client is told something, a quarter when a checkpoint writes to the main file, the others at any time. */
function chooseMoments({ calls, evidence, log }: Recording, count: number, chance: Chance): number[] {
  const checkpoints = calls.filter(({ on, name }) => on === log && name !== 'openat');
  const last = calls.at(-1)?.begin ?? 0;
  return Array.from({ length: count }, (_, i) => {
    if (i % 2 === 0) return chance.pick(evidence).line;
    return i % 4 === 1 ? chance.pick(checkpoints).begin : chance.between(1, last);
  }).sort((a, b) => a - b);
}

async function examine(
  { traffic, data }: Recording,
  line: number,
  told: readonly Evidence[],
  files: ReadonlyMap<string, Buffer>,
  chance: Chance,
): Promise<Outcome> {
  const folder = mkdtempSync(join(chooseScratch(files), 'tutti-power-loss-'));
  const problems: string[] = [];
  const kept = new Set<string>();
  try {
    for (const [path, bytes] of files) {
      if (path.startsWith(`${data}/`)) writeFileSync(join(folder, basename(path)), bytes);
    }
    const paths = locateFiles(folder);
    const log = await openSqliteLog({ path: paths.log, clock: systemClock, random: chance });
    const archives = new Map<string, Map<string, string>>();
    for (const account of traffic.accounts) archives.set(account, await readArchive(log, account, problems));
    for (const { token, from, to } of traffic.messages.values()) {
      const halves = [from, to].map((account) => archives.get(account)?.has(token) === true);
      // A6: both or neither.
      if (halves[0] !== halves[1]) problems.push(`${token} is in one of two archives`);
      if (halves[0] === true && halves[1] === true) kept.add(token);
    }
    for (const { token, how, to, place } of told) {
      const id = place && archives.get(place.account)?.get(token);
      if (!kept.has(token)) problems.push(`${token} was ${how} to ${to}, and is lost`);
      else if (place !== undefined && id !== place.id) problems.push(`${token} was shown as ${place.id}, and is ${id}`);
    }
    // The server goes on from there.
    for (const account of traffic.accounts) await append(log, account);
    await log.close();
    const store = await openStore({ path: paths.store });
    await store.migrate(listMigrations());
    await store.close();
    if (told.length > 0) checkAccounts(paths.store, traffic.accounts, problems);
    const { faults } = verifyData(folder);
    // Before anybody logged in, an account may be lost; the rows just appended are then strangers.
    const counted = faults.filter(({ rule }) => told.length > 0 || rule !== 'accounts');
    problems.push(...counted.map((fault) => `${fault.rule} ${fault.account ?? ''} ${fault.found}`));
  } catch (error) {
    problems.push(`cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { line, told: new Set(told.map(({ token }) => token)).size, kept: kept.size, problems };
}

/** In memory where there is ample room: what is done to what is left need not wait for a disk. */
function chooseScratch(files: ReadonlyMap<string, Buffer>): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 1 << 20);
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 4 * bytes ? memory : tmpdir();
}

/** The ids in an archive, by token. */
async function readArchive(log: AccountLog, account: string, problems: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const { rows } = await log.query(account, { includeGroupchat: true }, 1_000_000, true);
  for (const [i, { seq, id, stanza }] of rows.entries()) {
    if (seq !== i + 1) problems.push(`${account} has number ${seq} in place ${i + 1}`);
    for (const token of new Set(Buffer.from(stanza).toString('latin1').match(TOKEN))) {
      if (found.has(token)) problems.push(`${account} has ${token} twice`);
      found.set(token, id);
    }
  }
  if (rows.length !== (await log.head(account))) problems.push(`${account}: the head is not the last row`);
  return found;
}

function append(log: AccountLog, account: string): Promise<void> {
  const text = `<message xmlns='jabber:client' from='${account}/x' to='${account}'><body>after</body></message>`;
  const row: NewRow = {
    account,
    peer: account,
    peerResource: '',
    stanza: Buffer.from(text),
    transient: false,
    groupchat: false,
    outgoing: true,
    offline: false,
  };
  return new Promise((resolve, reject) => {
    log.append([row], (result) => (result instanceof Error ? reject(result) : resolve()));
  });
}

function checkAccounts(path: string, accounts: readonly string[], problems: string[]): void {
  const db = new DatabaseSync(path);
  const found = new Set(
    db
      .prepare('SELECT jid FROM account')
      .all()
      .map(({ jid }) => String(jid)),
  );
  db.close();
  for (const account of accounts) if (!found.has(account)) problems.push(`the account ${account} is lost`);
}
