import { spread } from '../load/statistics.ts';
import { Traffic } from '../load/traffic.ts';
import { bringOnline, goOffline, makeNames } from '../load/users.ts';
import { cpuSeconds } from '../servers/processes.ts';
import { startTutti, type TuttiServer } from '../servers/tutti.ts';
import { withFolder } from './folder.ts';
import { assertComplete, type Goal, repeat, using } from './goal.ts';
import { timeFirstStart, timeStart } from './start.ts';

const FEW = 10;
const MANY = 10_000;
/** The same for all, so that as many messages share a commit. */
const RATE = 2000;
const TIMING = { warmUpMs: 4000, measureMs: 8000 };
const MANY_ROWS = Number(process.env['TUTTI_BENCH_ROWS'] ?? 10_000_000);

/** Goals 7 and 8 are measured together: both need the archive of ten million rows. */
export const growth: Goal = async (repetitions) => {
  const names = makeNames('user', MANY);
  // Taking turns, on one folder
  const { few, many } = await withFolder(names, 0, async (data) => {
    const pairs = await repeat(repetitions, async () => [
      await cost(data, names.slice(0, FEW)),
      await cost(data, names),
    ]);
    return { few: pairs.map(([first]) => first as number), many: pairs.map(([, second]) => second as number) };
  });
  const firstStart = await repeat(Math.max(5, repetitions), timeFirstStart);
  const large = await withFolder(names.slice(0, 1000), MANY_ROWS, async (data, bytes) => ({
    ratio:
      (await using(
        () => startTutti({ data }),
        (server) => server.archiveBytes(),
      )) / bytes,
    costs: await repeat(repetitions, () => cost(data, names.slice(0, FEW))),
    starts: await repeat(Math.max(5, repetitions), () => timeStart(data, 'user0')),
  }));
  const base = spread(few)?.median ?? Number.NaN;
  const relative = (costs: readonly number[]): number[] => costs.map((one) => one / base);
  return [
    {
      what: `CPU for 1000 messages at ${RATE}/s, ${FEW} accounts with a device each`,
      unit: 's',
      digits: 3,
      values: few,
    },
    { what: `the same with ${MANY} accounts`, unit: 'times that', digits: 2, most: 1.15, values: relative(many) },
    {
      what: `the same with ${MANY_ROWS} rows in the archive`,
      unit: 'times that',
      digits: 2,
      most: 1.15,
      values: relative(large.costs),
    },
    { what: 'Size of the archive', unit: 'times the stanzas in it', digits: 2, most: 1.3, values: [large.ratio] },
    { what: 'Goal 8: start to first login, empty folder', unit: 'ms', digits: 0, most: 400, values: firstStart },
    { what: `Goal 8: the same with ${MANY_ROWS} rows`, unit: 'ms', digits: 0, most: 600, values: large.starts },
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
