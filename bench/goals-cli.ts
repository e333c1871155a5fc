/**
 * Measures what Tutti is meant to reach, goal by goal; docs/performance.md has the list.
 *
 *   npm run bench:goals [-- --only messages,latency,memory,logins,archive,fan-out,growth] [--repetitions 3] [--write]
 *
 * All of it takes half an hour, most of which is ten million rows (TUTTI_BENCH_ROWS makes it fewer). `--write` keeps what was measured in
 * bench/records and writes docs/performance.md from it.
 */
import { parseArgs } from 'node:util';
import { archive } from './goals/archive.ts';
import { fanOut } from './goals/fan-out.ts';
import type { Goal } from './goals/goal.ts';
import { growth } from './goals/growth.ts';
import { latency, throughput } from './goals/messages.ts';
import { logins, memory } from './goals/sessions.ts';
import { writeDocument } from './report/document.ts';
import { type GoalRecord, printGoals } from './report/goals.ts';
import { describeSetting } from './report/machine.ts';
import { keep, recall } from './report/records.ts';

/** By what they are called on the command line, with the number that the table shows. */
const GOALS: Readonly<Record<string, { readonly number: string; readonly measure: Goal }>> = {
  messages: { number: '1', measure: throughput },
  latency: { number: '2', measure: latency },
  memory: { number: '3', measure: memory },
  logins: { number: '4', measure: logins },
  archive: { number: '5', measure: archive },
  'fan-out': { number: '6', measure: fanOut },
  growth: { number: '7', measure: growth },
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(GOALS).join(',') },
    repetitions: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});

const measured: Record<string, GoalRecord> = {};
for (const name of options.only.split(',')) {
  const goal = GOALS[name];
  if (goal === undefined) throw new Error(`no goal is called ${name}; there are: ${Object.keys(GOALS).join(', ')}`);
  const setting = describeSetting();
  measured[goal.number] = { setting, results: await goal.measure(Number(options.repetitions)) };
  console.log(printGoals({ [goal.number]: measured[goal.number] as GoalRecord }));
  // Each is kept as soon as it is there: the next may take long
  if (options.write) keep('goals', { ...recall('goals'), [goal.number]: measured[goal.number] as GoalRecord });
}
if (options.write) writeDocument();
process.exit(0);
