/** Measures what Tutti is meant to reach, goal by goal; docs/performance.md has the list. */
import { parseArguments, readCount, readNames } from '../scripts/arguments.ts';
import { archive } from './goals/archive.ts';
import { fanOut } from './goals/fan-out.ts';
import type { Goal } from './goals/goal.ts';
import { growth } from './goals/growth.ts';
import { latency, throughput } from './goals/messages.ts';
import { logins, memory } from './goals/sessions.ts';
import { start } from './goals/start.ts';
import { writeDocument } from './report/document.ts';
import { type GoalRecord, printGoals } from './report/goals.ts';
import { describeSetting } from './report/machine.ts';
import { keep, recall } from './report/records.ts';

/** By what they are called on the command line, with the number that the table shows. */
const GOALS = {
  messages: { number: '1', measure: throughput },
  latency: { number: '2', measure: latency },
  memory: { number: '3', measure: memory },
  logins: { number: '4', measure: logins },
  archive: { number: '5', measure: archive },
  'fan-out': { number: '6', measure: fanOut },
  growth: { number: '7', measure: growth },
  start: { number: '8', measure: start },
} satisfies Record<string, { readonly number: string; readonly measure: Goal }>;
const NAMES = Object.keys(GOALS) as (keyof typeof GOALS)[];

const HELP = `Usage: npm run bench:goals [-- options]

What Tutti is meant to reach, and whether it does. All of it takes 20 to 30 minutes, most of which is for ten million rows
(TUTTI_BENCH_ROWS makes it fewer).

  --only a,b        ${NAMES.join(', ')} (default: all)
  --repetitions N   how often each (default 3)
  --write           keeps what was measured in bench/records and writes docs/performance.md from it
`;

const { values: options } = parseArguments(HELP, {
  options: {
    only: { type: 'string', default: NAMES.join(',') },
    repetitions: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
const repetitions = readCount('repetitions', options.repetitions, 1);

const measured: Record<string, GoalRecord> = {};
for (const name of readNames('only', options.only, NAMES)) {
  const { number, measure } = GOALS[name];
  console.error(`measuring ${name} …`);
  const setting = describeSetting();
  const record: GoalRecord = { setting, results: await measure(repetitions) };
  measured[number] = record;
  console.log(printGoals({ [number]: record }));
  // Each is kept as soon as it is there: the next may take long
  if (options.write) keep('goals', { ...recall('goals'), [number]: record });
}
if (options.write) writeDocument();
process.exit(0);
