import { Traffic } from '../load/traffic.ts';
import { bringOnline, goOffline, makeNames } from '../load/users.ts';
import { cpuSeconds } from '../servers/processes.ts';
import { startTutti, type TuttiServer } from '../servers/tutti.ts';
import { withFolder } from './folder.ts';
import { assertComplete, type Goal, repeat, using } from './goal.ts';
import { LEAST_STARTS, timeStart, withPackage } from './start.ts';

const FEW = 10;
const MANY = 10_000;
/** The same for all, so that as many messages share a commit. */
const RATE = 2000;
const TIMING = { warmUpMs: 4000, measureMs: 8000 };
const MANY_ROWS = Number(process.env['TUTTI_BENCH_ROWS'] ?? 10_000_000);

/**
 * Goal 7, and of goal 8 what needs the archive of ten million rows as well. Both folders are filled first, and then take turns, so that a ratio is one of
 * neighbours.
 */
export const growth: Goal = async (repetitions) => {
  const names = makeNames('user', MANY);
  const few = names.slice(0, FEW);
  const measured = await withFolder(names, 0, (empty) =>
    withFolder(names.slice(0, 1000), MANY_ROWS, async (full, bytes) => ({
      size:
        (await using(
          () => startTutti({ data: full }),
          (server) => server.archiveBytes(),
        )) / bytes,
      costs: await repeat(repetitions, async () => ({
        base: await cost(empty, few),
        accounts: await cost(empty, names),
        rows: await cost(full, few),
      })),
      starts: await withPackage((program) =>
        repeat(Math.max(LEAST_STARTS, repetitions), () => timeStart(full, 'user0', program)),
      ),
    })),
  );
  const { size, costs, starts } = measured;
  return [
    {
      what: `CPU for 1000 messages at ${RATE}/s, ${FEW} accounts with a device each`,
      unit: 's',
      digits: 3,
      values: costs.map(({ base }) => base),
    },
    {
      what: `the same with ${MANY} accounts`,
      unit: 'times that',
      digits: 2,
      most: 1.15,
      values: costs.map(({ base, accounts }) => accounts / base),
    },
    {
      what: `the same with ${MANY_ROWS} rows in the archive`,
      unit: 'times that',
      digits: 2,
      most: 1.15,
      values: costs.map(({ base, rows }) => rows / base),
    },
    { what: 'Size of the archive', unit: 'times the stanzas in it', digits: 2, most: 1.3, values: [size] },
    {
      what: `Goal 8: start to first login with ${MANY_ROWS} rows`,
      unit: 'ms',
      digits: 0,
      most: 600,
      values: starts,
    },
  ];
};

function cost(data: string, names: readonly string[]): Promise<number> {
  return using(
    () => startTutti({ data }),
    async (server: TuttiServer) => {
      const users = await bringOnline(server, names, 1);
      const result = await new Traffic(users, true, () => cpuSeconds(server.roots)).openLoop(RATE, TIMING);
      assertComplete(result);
      goOffline(users);
      return (result.cpuSeconds / result.messages) * 1000;
    },
  );
}
