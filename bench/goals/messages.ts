import { Traffic } from '../load/traffic.ts';
import { bringOnline, goOffline, makeNames } from '../load/users.ts';
import { cpuSeconds } from '../servers/processes.ts';
import { startTutti } from '../servers/tutti.ts';
import { assertComplete, type Goal, repeat, using } from './goal.ts';

const USERS = 100;
const DEVICES = 3;
const TIMING = { warmUpMs: 2000, measureMs: 6000 };

/** Goal 1: the cost of a message, and how many there can be. */
export const throughput: Goal = async (repetitions) => {
  const runs = await repeat(repetitions, () =>
    withUsers(async (traffic) => {
      const result = await traffic.closedLoop(4, TIMING);
      assertComplete(result);
      return { cpu: (result.cpuSeconds / result.messages) * 1000, rate: result.messages / result.seconds };
    }),
  );
  return [
    {
      what: 'CPU for 1000 messages of 6 deliveries',
      unit: 's',
      digits: 3,
      most: 0.1,
      values: runs.map(({ cpu }) => cpu),
    },
    { what: 'the same, stretch goal', unit: 's', digits: 3, most: 0.07, values: runs.map(({ cpu }) => cpu) },
    {
      what: 'Messages, on two cores together with the generator',
      unit: 'msg/s',
      digits: 0,
      least: 9000,
      values: runs.map(({ rate }) => rate),
    },
  ];
};

/** Goal 2: latency from the time that a message was due to its arrival, fsync included. */
export const latency: Goal = async (repetitions) => {
  const results = [];
  for (const [rate, most] of [
    [500, 8],
    [3000, 15],
  ] as const) {
    const runs = await repeat(repetitions, () =>
      withUsers(async (traffic) => {
        const result = await traffic.openLoop(rate, TIMING);
        assertComplete(result);
        return result.latency ?? { p50: Number.POSITIVE_INFINITY, p99: Number.POSITIVE_INFINITY, lateP99: 0 };
      }),
    );
    results.push(
      { what: `p99 at ${rate} msg/s`, unit: 'ms', digits: 1, most, values: runs.map(({ p99 }) => p99) },
      { what: `p50 at ${rate} msg/s`, unit: 'ms', digits: 1, values: runs.map(({ p50 }) => p50) },
      {
        what: `of the p99, how late the generator was`,
        unit: 'ms',
        digits: 1,
        values: runs.map(({ lateP99 }) => lateP99),
      },
    );
  }
  return results;
};

function withUsers<T>(work: (traffic: Traffic) => Promise<T>): Promise<T> {
  return using(startTutti, async (server) => {
    const names = makeNames('user', USERS);
    await server.addAccounts(names);
    const users = await bringOnline(server, names, DEVICES);
    const result = await work(new Traffic(users, true, () => cpuSeconds(server.roots)));
    goOffline(users);
    return result;
  });
}
