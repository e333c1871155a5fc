/**
 * Plays worlds and checks them: `npm run simulate -- --seeds 2000 --from 1`.
 * One world, told as a story: `npm run simulate -- --seed 17`.
 */
import { fork } from 'node:child_process';
import { parseArguments } from '../scripts/arguments.ts';
import { type Problem, tellProblems } from './world/problem.ts';

const HELP = `Usage: npm run simulate -- [options]

  --seeds N      worlds to play (default 200)
  --from S       the first seed (default 1)
  --minutes M    play for so long instead
  --jobs N       processes (default 1)
  --seed S       one world: tells everything that happens in it
  --only s1,s4   with --seed: only these steps of it
  --mutant NAME  with a bug planted in the server; see npm run simulate:mutants
  --failures N   end a process at its Nth world that fails; each takes a while to shrink (default 10; 0: never)
  --first        end at the first world that fails, and don't shrink it
  --json         one JSON object at the end

Worlds that fail are told as they are found, on the standard error output with --json.
`;

/** A world that failed. */
interface Failure {
  readonly seed: number;
  readonly problems: readonly Problem[];
  /** The shrunk story. */
  readonly story: string;
  readonly steps: readonly string[];
}

interface Summary {
  readonly worlds: number;
  readonly messages: number;
  readonly writes: number;
  readonly seconds: number;
  readonly failures: readonly Failure[];
}

const { values } = parseArguments(HELP, {
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    stride: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string' },
    mutant: { type: 'string' },
    failures: { type: 'string', default: '10' },
    first: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.mutant !== undefined) (await import('./mutants/plant.ts')).plantMutant(values.mutant);
  if (values.seed !== undefined) return tellWorld(Number(values.seed), values.only?.split(','));
  const jobs = Number(values.jobs);
  const summary = jobs > 1 ? await runJobs(jobs) : await runWorlds();
  if (process.send !== undefined) process.send({ summary });
  else report(summary);
  return summary.failures.length === 0 ? 0 : 1;
}

async function runWorlds(): Promise<Summary> {
  // Only now: a mutant must be planted before the server is loaded.
  const [{ openPlayer }, { generateStory }, { shrinkStory }, { tellStory }] = await Promise.all([
    import('./run.ts'),
    import('./story/generate.ts'),
    import('./story/shrink.ts'),
    import('./story/tell.ts'),
  ]);
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const player = await openPlayer();
  const failures: Failure[] = [];
  const total = values.minutes === undefined ? Number(values.seeds) : Infinity;
  const limit = values.minutes === undefined ? Infinity : Number(values.minutes) * 60;
  const enough = Number(values.failures);
  let worlds = 0;
  let messages = 0;
  let writes = 0;
  for (let seed = Number(values.from); worlds < total && seconds() < limit; seed += Number(values.stride)) {
    const outcome = await player.play(generateStory(seed));
    worlds += 1;
    messages += outcome.world.recorder.receipts.length;
    writes += outcome.world.recorder.writes.length;
    showProgress(worlds, failures.length, seconds());
    const check = outcome.problems[0]?.check;
    if (check === undefined) continue;
    const fails = async (candidate: ReturnType<typeof generateStory>): Promise<boolean> => {
      return (await player.play(candidate)).problems.some((problem) => problem.check === check);
    };
    const story = values.first ? generateStory(seed) : await shrinkStory(generateStory(seed), fails);
    const { problems } = await player.play(story);
    const failure = {
      seed,
      problems: problems.slice(0, 5),
      story: tellStory(story),
      steps: story.steps.map(({ id }) => id),
    };
    failures.push(failure);
    if (process.send !== undefined) process.send({ failure });
    else tellFailure(failure);
    if (values.first || failures.length === enough) break;
  }
  await player.close();
  return { worlds, messages, writes, seconds: seconds(), failures };
}

/** Several processes, each with every n-th seed. */
async function runJobs(jobs: number): Promise<Summary> {
  const begun = performance.now();
  const run = (job: number): Promise<Summary> =>
    new Promise((resolve, reject) => {
      const seeds = Math.ceil((Number(values.seeds) - job) / jobs);
      const args = ['--from', String(Number(values.from) + job), '--stride', String(jobs), '--seeds', String(seeds)];
      args.push('--failures', values.failures);
      if (values.minutes !== undefined) args.push('--minutes', values.minutes);
      if (values.mutant !== undefined) args.push('--mutant', values.mutant);
      if (values.first) args.push('--first');
      const child = fork(import.meta.filename, args, { execArgv: process.execArgv });
      child.on('message', ({ failure, summary }: { failure?: Failure; summary?: Summary }) => {
        if (failure !== undefined) tellFailure(failure);
        if (summary !== undefined) resolve(summary);
      });
      child.on('exit', (code) => reject(new Error(`a process of the simulation ended with ${code}`)));
    });
  const parts = await Promise.all(Array.from({ length: jobs }, (_, job) => run(job)));
  const sum = (of: (part: Summary) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    worlds: sum((part) => part.worlds),
    messages: sum((part) => part.messages),
    writes: sum((part) => part.writes),
    seconds: (performance.now() - begun) / 1000,
    failures: parts.flatMap((part) => part.failures).toSorted((a, b) => a.seed - b.seed),
  };
}

async function tellWorld(seed: number, only: readonly string[] | undefined): Promise<number> {
  const [{ openPlayer }, { generateStory }, { tellStory }] = await Promise.all([
    import('./run.ts'),
    import('./story/generate.ts'),
    import('./story/tell.ts'),
  ]);
  const whole = generateStory(seed);
  const story = only === undefined ? whole : { ...whole, steps: whole.steps.filter(({ id }) => only.includes(id)) };
  const player = await openPlayer();
  console.log(`${tellStory(story)}\n`);
  const { problems } = await player.play(story, (line) => console.log(line()));
  await player.close();
  console.log(problems.length === 0 ? '\nNothing is wrong with this world.' : `\n${tellProblems(problems)}`);
  return problems.length === 0 ? 0 : 1;
}

function tellFailure({ seed, problems, story, steps }: Failure): void {
  const tell = values.json ? console.error : console.log;
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  tell(`World ${seed} fails:\n${tellProblems(problems)}\n\nThe shortest story that fails in the same way:\n${story}`);
  tell(`\nEverything that happens in it: npm run simulate -- --seed ${seed} --only ${steps.join(',')}\n`);
}

function report(summary: Summary): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (values.json) return console.log(JSON.stringify(summary));
  const { worlds, messages, writes, seconds, failures } = summary;
  console.log(
    `${worlds} worlds, ${messages} messages in, ${writes} stanzas out, ${seconds.toFixed(1)} s: ${failures.length} failed`,
  );
}

function showProgress(worlds: number, failures: number, seconds: number): void {
  if (!process.stderr.isTTY || values.json || process.send !== undefined) return;
  process.stderr.write(`\r${worlds} worlds, ${failures} failed, ${(worlds / seconds).toFixed(0)} per second `);
}
