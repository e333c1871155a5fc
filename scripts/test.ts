// `npm test`: runs every step, shows one line for each and the output of those that fail, and ends with the sum.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MissingPeer } from '../conformance/peers.ts';
import { addCounts, type Counts, countTests, formatCounts, noTests } from './count-tests.ts';
import { parseArguments, readNames } from './arguments.ts';
import { runCommand, stopSteps } from './run-step.ts';
import { chooseSteps, type Step, stepNames } from './steps.ts';

interface Result extends Counts {
  readonly ok: boolean;
}

const HELP = `Usage: npm test [-- options]

Runs every check, a line for each, and ends with the sum.

  --only a,b   only these steps, or groups of them: ${stepNames.join(', ').replaceAll(/(.{60,90}), /g, '$1,\n               ')}
`;

const { values } = parseArguments(HELP, { options: { only: { type: 'string' } } });
const chosen = chooseSteps(values.only === undefined ? undefined : readNames('only', values.only, stepNames));
const folder = mkdtempSync(join(tmpdir(), 'tutti-test-'));
const missingPeers = join(folder, 'missing-peers');

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopSteps();
    process.exit(1);
  });
}

/** A step that fails without a failed test (a type error, say) counts as one, so that the sum and the exit code agree. */
async function runStep(step: Step): Promise<Result> {
  const report = join(folder, `${step.name}.json`);
  const suite = step.group === 'tests';
  const command = suite
    ? [...step.command, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    : step.command;
  const color: Record<string, string> = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
  const { ok, output, seconds } = await runCommand(command, { ...color, TUTTI_MISSING_PEERS: missingPeers });
  const found = suite && existsSync(report) ? countTests(readFileSync(report, 'utf8')) : noTests;
  const counts = !ok && found.failed === 0 ? { ...found, failed: 1 } : found;
  const sum = suite ? `   ${formatCounts(counts)}` : '';
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${step.name.padEnd(14)}${seconds.toFixed(1).padStart(6)} s${sum}`);
  if (output !== '' && (!ok || step.talks)) console.log(output.replaceAll(/^/gm, '      '));
  return { ok, ...counts };
}

/** Runs steps in their order, `width` at a time. */
async function runSteps(queue: Step[], width: number): Promise<Result[]> {
  const results: Result[] = [];
  const work = async (): Promise<void> => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) results.push(await runStep(step));
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}

const results = [
  ...(await runSteps(
    chosen.filter((step) => step.group !== 'tests'),
    Math.min(2, availableParallelism()),
  )),
  ...(await runSteps(
    chosen.filter((step) => step.group === 'tests'),
    1,
  )),
];

if (existsSync(missingPeers)) {
  console.log('\n*** These suites DID NOT RUN, because what they test against is not installed:');
  for (const line of new Set(readFileSync(missingPeers, 'utf8').trim().split('\n'))) {
    const { suite, peer, debian }: MissingPeer = JSON.parse(line);
    console.log(`***   ${suite}: needs ${peer} (apt-get install ${debian})`);
  }
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
console.log(`\n${formatCounts(results.reduce(addCounts, noTests))}`);
