import { LoadClient } from '../load/client.ts';
import { readArchive, readPage } from '../load/archive.ts';
import { inParallel } from '../load/in-parallel.ts';
import { bringDeviceOnline, makeNames } from '../load/users.ts';
import { startRawServer } from '../baseline/raw-server.ts';
import { cpuSeconds } from '../servers/processes.ts';
import { startTutti, type TuttiServer } from '../servers/tutti.ts';
import { withFolder } from './folder.ts';
import { type Goal, repeat, using } from './goal.ts';

const ACCOUNTS = 1000;
const ROWS = 1_000_000;
const PAGE = 50;
const READERS = 16;
const PAGES_MS = 4000;

const LATE_DEVICES = 100;
/** As many as the archive has for each account. */
const MISSED = ROWS / ACCOUNTS;
const LARGE_PAGE = 250;

/** Goal 5: pages from a large archive, and a hundred devices that come back at once. */
export const archive: Goal = async (repetitions) => {
  const names = makeNames('user', ACCOUNTS);
  return withFolder(names, ROWS, async (data) => {
    const runs = await repeat(repetitions, () =>
      using(
        () => startTutti({ data }),
        async (server) => ({ ...(await countPages(server, names)), ...(await catchUp(server, names)) }),
      ),
    );
    return [
      { what: `Pages of ${PAGE} rows`, unit: 'per s', digits: 0, least: 3000, values: runs.map(({ pages }) => pages) },
      { what: 'the same', unit: 'per CPU s of the server', digits: 0, values: runs.map(({ perCpu }) => perCpu) },
      {
        what: `${LATE_DEVICES} devices, ${MISSED} messages each`,
        unit: 's',
        digits: 2,
        values: runs.map(({ own }) => own),
      },
      {
        what: 'the same bytes from a server that has them ready',
        unit: 's',
        digits: 2,
        values: runs.map(({ raw }) => raw),
      },
      { what: 'Catch-up', unit: 'times that', digits: 2, most: 2, values: runs.map(({ own, raw }) => own / raw) },
    ];
  });
};

/** Readers that go from account to account: each reads two pages of the next one's archive. */
async function countPages(server: TuttiServer, names: readonly string[]): Promise<{ pages: number; perCpu: number }> {
  const readers = await inParallel(names.slice(0, READERS * 8), READERS, (name) =>
    bringDeviceOnline(server, name, 'reader'),
  );
  const run = async (ms: number): Promise<number> => {
    const until = performance.now() + ms;
    const counts = await inParallel(readers, READERS, async (client) => {
      let count = 0;
      let last: string | undefined;
      for (; performance.now() < until; count += 1) ({ last } = await readPage(client, PAGE, last));
      return count;
    });
    return counts.reduce((sum, one) => sum + one, 0);
  };
  await run(PAGES_MS / 4);
  const before = { cpu: cpuSeconds(server.roots), at: performance.now() };
  const count = await run(PAGES_MS);
  const result = {
    pages: count / ((performance.now() - before.at) / 1000),
    perCpu: count / (cpuSeconds(server.roots) - before.cpu),
  };
  for (const client of readers) client.close();
  return result;
}

/** Seconds that the pages take; the devices are logged in already, and ask one page after the other. */
async function catchUp(server: TuttiServer, names: readonly string[]): Promise<{ own: number; raw: number }> {
  const late = await inParallel(names.slice(-LATE_DEVICES), 8, (name) => bringDeviceOnline(server, name, 'late'));
  const bytes = total(late);
  const begin = performance.now();
  const rows = await inParallel(late, late.length, (client) => readArchive(client, LARGE_PAGE, MISSED));
  const own = (performance.now() - begin) / 1000;
  if (rows.some((count) => count !== MISSED))
    throw new Error(`a device caught up on ${Math.min(...rows)} of ${MISSED}`);
  const pages = MISSED / LARGE_PAGE;
  const pageBytes = Math.round((total(late) - bytes) / LATE_DEVICES / pages);
  for (const client of late) client.close();
  return {
    own,
    raw: await using(
      () => startRawServer('pages', pageBytes),
      ({ port }) => fetchRaw(port, pages),
    ),
  };
}

async function fetchRaw(port: number, pages: number): Promise<number> {
  const devices = Array.from({ length: LATE_DEVICES }, (_, index) => index);
  const clients = await inParallel(devices, 8, () => LoadClient.connect(port));
  const fetchAll = (client: LoadClient): Promise<void> => repeat(pages, () => client.askRaw()).then(() => undefined);
  await Promise.all(clients.slice(0, 10).map(fetchAll)); // its code is compiled, as the other's is
  const begin = performance.now();
  await Promise.all(clients.map(fetchAll));
  const seconds = (performance.now() - begin) / 1000;
  for (const client of clients) client.close();
  return seconds;
}

function total(clients: readonly LoadClient[]): number {
  return clients.reduce((sum, { bytes }) => sum + bytes, 0);
}
