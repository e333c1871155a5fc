/** Examines the simulation: each bug that is planted in the server has to be caught: `npm run simulate:mutants`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArguments } from '../../scripts/arguments.ts';
import { openPlayer } from '../run.ts';
import { generateStory } from '../story/generate.ts';
import { mutants } from './mutants.ts';

const HELP = `Usage: npm run simulate:mutants -- [options]

Plants one bug after the other in the server and plays worlds until the simulation notices it. The exit code is 1 when one survives.

  --seeds N    worlds that a bug may survive (default 2000)
  --from S     the first seed (default 1)
  --jobs N     processes (default 2)
  --only NAME  this one; may stand more than once
  --json       one JSON array at the end

What is planted:
${mutants.map(({ name }) => `  ${name}\n`).join('')}`;

const { values } = parseArguments(HELP, {
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
});

/** What became of a mutant. */
interface Fate {
  readonly mutant: string;
  /** The seed of the first world in which it was noticed; undefined: it has survived. */
  readonly seed: number | undefined;
  /** The checks that noticed it there. */
  readonly checks: readonly string[];
  readonly worlds: number;
  readonly problem: string | undefined;
}

const CLI = join(import.meta.dirname, '../cli.ts');

/** Plays worlds with a mutant until it is caught, in a process of its own. */
function hunt(mutant: string): Promise<Fate> {
  const args = [
    '--conditions=source',
    CLI,
    '--mutant',
    mutant,
    '--first',
    '--json',
    '--seeds',
    values.seeds,
    '--from',
    values.from,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 26, timeout: 10 * 60_000 }, (_error, stdout, stderr) => {
      try {
        const { failures, worlds } = JSON.parse(stdout) as {
          failures: { seed: number; problems: { check: string }[] }[];
          worlds: number;
        };
        const [failure] = failures;
        const checks = [...new Set(failure?.problems.map(({ check }) => check))];
        resolve({ mutant, seed: failure?.seed, checks, worlds, problem: undefined });
      } catch {
        resolve({
          mutant,
          seed: undefined,
          checks: [],
          worlds: 0,
          problem: `its process has ended: ${stderr.trim().split('\n').at(-1)}`,
        });
      }
    });
  });
}

const chosen = mutants
  .filter(({ name }) => values.only === undefined || values.only.includes(name))
  .map(({ name }) => name);
const fates: Fate[] = [];
const queue = [...chosen];
const work = async (): Promise<void> => {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) fates.push(await hunt(name));
};
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
// A world that fails without the mutant says nothing about it.
const player = await openPlayer();
const unsound = new Set<number>();
for (const seed of new Set(fates.flatMap(({ seed: caught }) => caught ?? []))) {
  if ((await player.play(generateStory(seed))).problems.length > 0) unsound.add(seed);
}
await player.close();
fates.sort((a, b) => chosen.indexOf(a.mutant) - chosen.indexOf(b.mutant));

if (values.json) console.log(JSON.stringify(fates));
else {
  const width = Math.max(...chosen.map(({ length }) => length));
  for (const { mutant, seed, checks, worlds, problem } of fates) {
    const caught = seed === undefined ? `SURVIVED ${worlds} worlds` : `caught at seed ${seed} by ${checks.join(', ')}`;
    const fate = problem ?? (unsound.has(seed ?? 0) ? `world ${seed} fails without it` : caught);
    console.log(`${mutant.padEnd(width)}  ${fate}`);
  }
  const survivors = fates.filter(({ seed }) => seed === undefined || unsound.has(seed)).length;
  const last = Math.max(0, ...fates.flatMap(({ seed, worlds }) => (seed === undefined ? [] : worlds)));
  const caught = fates.length - survivors;
  console.log(
    `\n${fates.length} mutants, ${caught} caught within ${values.seeds} worlds each; the latest after ${last}`,
  );
}
process.exitCode = fates.every(({ seed }) => seed !== undefined && !unsound.has(seed)) ? 0 : 1;
