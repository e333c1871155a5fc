import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LoadClient } from '../load/client.ts';
import { readArchive, readPage } from '../load/archive.ts';
import { inParallel } from '../load/in-parallel.ts';
import { bringDeviceOnline, makeNames } from '../load/users.ts';
import { type RawServer, startRawServer } from '../baseline/raw-server.ts';
import { cpuSeconds } from '../servers/processes.ts';
import type { GoalResult } from '../report/goals.ts';
import { startTutti, type TuttiServer } from '../servers/tutti.ts';
import { withFolder } from './folder.ts';
import { costOfForwarding, type Seconds } from './forwarding.ts';
import { type Goal, repeat, using } from './goal.ts';

const ACCOUNTS = 1000;
const ROWS = 1_000_000;
const PAGE = 50;
const READERS = 16;
const PAGES_MS = 4000;
/** Pages that a reader reads of an archive before it goes to the next one. */
const PAGES_EACH = 2;

const LATE_DEVICES = 100;
/** As many as the archive has for each account. */
const MISSED = ROWS / ACCOUNTS;
/** Messages that all of them together catch up on. */
const DELIVERIES = LATE_DEVICES * MISSED;
const LARGE_PAGE = 250;
/** Each with other accounts. */
const CATCH_UPS = 3;
/** What takes so little has to be done more than once to be measured in CPU time. */
const RAW_TIMES = 10;

interface PageFigures {
  readonly pages: number;
  readonly perCpu: number;
  /** CPU seconds for 1000 pages. */
  readonly cpu: number;
  readonly generatorCpu: number;
}

interface CatchUp {
  readonly own: Seconds;
  /** As many bytes from a server that has them ready. */
  readonly raw: Seconds;
  /** CPU seconds of SQLite, when it has nothing to do but find and join the rows. */
  readonly sqlite: number;
}

/** Goal 5: pages from a large archive, and a hundred devices that come back at once. */
export const archive: Goal = async (repetitions) => {
  const names = makeNames('user', ACCOUNTS);
  return withFolder(names, ROWS, async (data) => {
    const runs = await repeat(repetitions, async () => ({
      ...(await using(
        () => startTutti({ data }),
        async (server) => ({ pages: await countPages(server, names), late: await catchUps(server, names, data) }),
      )),
      forwarding: await costOfForwarding(),
    }));
    const pages = runs.map((run) => run.pages);
    const late = runs.flatMap((run) => run.late.map((one) => ({ ...one, forwarding: run.forwarding })));
    const who = `${LATE_DEVICES} devices, ${MISSED} messages each`;
    const forwarded = 'as many deliveries forwarded by raw Node';
    const seconds = (what: string, values: readonly number[]): GoalResult => ({ what, unit: 's', digits: 3, values });
    const times = (what: string, values: readonly number[]): GoalResult => ({
      what,
      unit: 'times that',
      digits: 2,
      values,
    });
    return [
      { what: `Pages of ${PAGE} rows`, unit: 'per s', digits: 0, least: 3000, values: pages.map((one) => one.pages) },
      { what: 'the same', unit: 'per CPU s of the server', digits: 0, values: pages.map(({ perCpu }) => perCpu) },
      seconds(
        'CPU for 1000 of them',
        pages.map(({ cpu }) => cpu),
      ),
      seconds(
        'the same of the generator',
        pages.map((one) => one.generatorCpu),
      ),
      seconds(
        who,
        late.map(({ own }) => own.clock),
      ),
      seconds(
        forwarded,
        late.map(({ forwarding }) => forwarding.clock * DELIVERIES),
      ),
      {
        ...times(
          'Catch-up',
          late.map((one) => one.own.clock / (one.forwarding.clock * DELIVERIES)),
        ),
        most: 2,
      },
      seconds(
        'CPU for it',
        late.map(({ own }) => own.cpu),
      ),
      seconds(
        `CPU for ${forwarded}`,
        late.map(({ forwarding }) => forwarding.cpu * DELIVERIES),
      ),
      {
        ...times(
          'CPU for catch-up',
          late.map((one) => one.own.cpu / (one.forwarding.cpu * DELIVERIES)),
        ),
        most: 2,
      },
      seconds('as many bytes from a server that has whole pages ready', late.map(clockOfRaw)),
      {
        ...times(
          'Catch-up, read strictly',
          late.map((one) => one.own.clock / clockOfRaw(one)),
        ),
        most: 2,
      },
      seconds(
        'CPU of that server',
        late.map(({ raw }) => raw.cpu),
      ),
      seconds(
        'CPU of SQLite to find and join the rows',
        late.map(({ sqlite }) => sqlite),
      ),
      {
        ...times(
          'CPU for catch-up',
          late.map(({ own, raw, sqlite }) => own.cpu / (raw.cpu + sqlite)),
        ),
        unit: 'times these two',
      },
    ];
  });
};

function clockOfRaw({ raw }: CatchUp): number {
  return raw.clock;
}

/** Readers that go from account to account: each reads two pages of the next one's archive, behind those that were read of it before. */
async function countPages(server: TuttiServer, names: readonly string[]): Promise<PageFigures> {
  const clients = await inParallel(names, READERS, (name) => bringDeviceOnline(server, name, 'reader'));
  const places = new Map<LoadClient, string | undefined>();
  let next = 0;
  const readTwo = async (client: LoadClient): Promise<void> => {
    for (let count = 0; count < PAGES_EACH; count += 1) {
      const { rows, last } = await readPage(client, PAGE, places.get(client));
      if (rows !== PAGE) throw new Error(`a page had ${rows} rows`);
      places.set(client, last);
    }
  };
  const run = async (ms: number): Promise<number> => {
    const until = performance.now() + ms;
    const counts = await inParallel(Array.from({ length: READERS }), READERS, async () => {
      let count = 0;
      for (; performance.now() < until; count += PAGES_EACH)
        await readTwo(clients[next++ % clients.length] as LoadClient);
      return count;
    });
    return counts.reduce((sum, one) => sum + one, 0);
  };
  await run(PAGES_MS / 4);
  const before = { cpu: cpuSeconds(server.roots), own: process.cpuUsage(), at: performance.now() };
  const count = await run(PAGES_MS);
  const seconds = (performance.now() - before.at) / 1000;
  const cpu = cpuSeconds(server.roots) - before.cpu;
  const { user, system } = process.cpuUsage(before.own);
  for (const client of clients) client.close();
  return {
    pages: count / seconds,
    perCpu: count / cpu,
    cpu: (cpu / count) * 1000,
    generatorCpu: (user + system) / 1e6 / (count / 1000),
  };
}

async function catchUps(server: TuttiServer, names: readonly string[], data: string): Promise<CatchUp[]> {
  const results: CatchUp[] = [];
  for (let time = 1; time <= CATCH_UPS; time += 1)
    results.push(await catchUp(server, names.slice(-time * LATE_DEVICES).slice(0, LATE_DEVICES), data));
  return results;
}

/** What the pages take; the devices are logged in already, and ask one page after the other. */
async function catchUp(server: TuttiServer, names: readonly string[], data: string): Promise<CatchUp> {
  const late = await inParallel(names, 8, (name) => bringDeviceOnline(server, name, 'late'));
  const bytes = total(late);
  const cpu = cpuSeconds(server.roots);
  const begin = performance.now();
  const rows = await inParallel(late, late.length, (client) => readArchive(client, LARGE_PAGE, MISSED));
  const own = { clock: (performance.now() - begin) / 1000, cpu: cpuSeconds(server.roots) - cpu };
  if (rows.some((count) => count !== MISSED))
    throw new Error(`a device caught up on ${Math.min(...rows)} of ${MISSED}`);
  const pages = MISSED / LARGE_PAGE;
  const pageBytes = Math.round((total(late) - bytes) / LATE_DEVICES / pages);
  for (const client of late) client.close();
  return {
    own,
    raw: await using(
      () => startRawServer('pages', pageBytes, LARGE_PAGE),
      (raw) => fetchRaw(raw, pages),
    ),
    sqlite: joinRows(join(data, 'log.db'), names),
  };
}

/** The same pages, of messages with numbers as the generator looks for, from a server that does nothing but write them: the mean of some times. */
async function fetchRaw({ port, pid }: RawServer, pages: number): Promise<Seconds> {
  const devices = Array.from({ length: LATE_DEVICES }, (_, index) => index);
  const clients = await inParallel(devices, 8, () => LoadClient.connect(port));
  let rows = 0;
  for (const client of clients) client.arrived = () => (rows += 1);
  const fetchAll = (client: LoadClient): Promise<void> => repeat(pages, () => client.askRaw()).then(() => undefined);
  await Promise.all(clients.map(fetchAll)); // its code is compiled, as the other's is
  rows = 0;
  const before = { clock: performance.now(), cpu: cpuSeconds([pid]) };
  await repeat(RAW_TIMES, () => Promise.all(clients.map(fetchAll)));
  const clock = (performance.now() - before.clock) / 1000;
  const cpu = cpuSeconds([pid]) - before.cpu;
  if (rows !== RAW_TIMES * LATE_DEVICES * MISSED)
    throw new Error(`${rows} messages came from the server that has them`);
  for (const client of clients) client.close();
  return { clock: clock / RAW_TIMES, cpu: cpu / RAW_TIMES };
}

/** CPU seconds that SQLite takes to find the rows of these pages and to join their stanzas, with nobody to send them to. */
function joinRows(path: string, names: readonly string[]): number {
  const log = new DatabaseSync(path, { readOnly: true });
  log.exec('PRAGMA cache_size = -16384');
  const page = log.prepare(`SELECT count(*) AS count, length(group_concat(bytes, '')) AS bytes FROM
    (SELECT s.bytes FROM entry e CROSS JOIN stanza s ON s.id = e.stanza
      WHERE e.account = (SELECT id FROM account WHERE jid = ?) AND e.seq > ? ORDER BY e.seq LIMIT ${LARGE_PAGE})`);
  let rows = 0;
  const begin = process.cpuUsage();
  for (const name of names)
    for (let after = 0; after < MISSED; after += LARGE_PAGE)
      rows += Number(page.get(`${name}@localhost`, after)?.['count']);
  const { user, system } = process.cpuUsage(begin);
  log.close();
  if (rows !== names.length * MISSED) throw new Error(`SQLite found ${rows} rows`);
  return (user + system) / 1e6;
}

function total(clients: readonly LoadClient[]): number {
  return clients.reduce((sum, { bytes }) => sum + bytes, 0);
}
