/** Examines the simulation: each bug that is planted in the server has to be caught: `npm run simulate:mutants`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArguments } from '../../scripts/arguments.ts';
import { openPlayer } from '../run.ts';
import { generateStory } from '../story/generate.ts';
import { openRemotePlayer } from '../remote/run.ts';
import { generateRemoteStory } from '../remote/story.ts';
import type { Mutant } from './mutant.ts';
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

type Chosen = Pick<Mutant, 'name' | 'worlds' | 'from'>;

/** What became of a mutant. */
interface Fate {
  readonly mutant: string;
  readonly kind: 'first' | 'remote';
  /** The seed of the first world in which it was noticed; undefined: it has survived. */
  readonly seed: number | undefined;
  /** The checks that noticed it there. */
  readonly checks: readonly string[];
  readonly worlds: number;
  readonly problem: string | undefined;
}

/** Who plays the worlds of either kind. */
const CLI = { first: join(import.meta.dirname, '../cli.ts'), remote: join(import.meta.dirname, '../remote/cli.ts') };

/** Plays worlds with a mutant until it is caught, in a process of its own. */
function hunt({ name: mutant, worlds: kind = 'first', from = Number(values.from) }: Chosen): Promise<Fate> {
  const args = [
    '--conditions=source',
    CLI[kind],
    '--mutant',
    mutant,
    '--first',
    '--json',
    '--seeds',
    values.seeds,
    '--from',
    String(from),
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
        resolve({ mutant, kind, seed: failure?.seed, checks, worlds, problem: undefined });
      } catch {
        resolve({
          mutant,
          kind,
          seed: undefined,
          checks: [],
          worlds: 0,
          problem: `its process has ended: ${stderr.trim().split('\n').at(-1)}`,
        });
      }
    });
  });
}

const chosen = mutants.filter(({ name }) => values.only === undefined || values.only.includes(name));
const fates: Fate[] = [];
const queue = [...chosen];
const work = async (): Promise<void> => {
  for (let one = queue.shift(); one !== undefined; one = queue.shift()) fates.push(await hunt(one));
};
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
// A world that fails without the mutant says nothing about it.
const player = await openPlayer();
const remotePlayer = await openRemotePlayer();
const unsound = new Set<string>();
const nameWorld = ({ kind, seed }: Pick<Fate, 'kind' | 'seed'>): string => `${kind} ${seed}`;
for (const { kind, seed } of new Map(fates.map((fate) => [nameWorld(fate), fate])).values()) {
  if (seed === undefined) continue;
  const played = kind === 'first' ? player.play(generateStory(seed)) : remotePlayer.play(generateRemoteStory(seed));
  if ((await played).problems.length > 0) unsound.add(nameWorld({ kind, seed }));
}
await player.close();
await remotePlayer.close();
const names = chosen.map(({ name }) => name);
fates.sort((a, b) => names.indexOf(a.mutant) - names.indexOf(b.mutant));

if (values.json) console.log(JSON.stringify(fates));
else {
  const width = Math.max(...names.map(({ length }) => length));
  for (const fate of fates) {
    const { mutant, seed, checks, worlds, problem } = fate;
    const caught = seed === undefined ? `SURVIVED ${worlds} worlds` : `caught at seed ${seed} by ${checks.join(', ')}`;
    const end = problem ?? (unsound.has(nameWorld(fate)) ? `world ${seed} fails without it` : caught);
    console.log(`${mutant.padEnd(width)}  ${end}`);
  }
  const survivors = fates.filter((fate) => fate.seed === undefined || unsound.has(nameWorld(fate))).length;
  const last = Math.max(0, ...fates.flatMap(({ seed, worlds }) => (seed === undefined ? [] : worlds)));
  const caught = fates.length - survivors;
  console.log(
    `\n${fates.length} mutants, ${caught} caught within ${values.seeds} worlds each; the latest after ${last}`,
  );
}
process.exitCode = fates.every((fate) => fate.seed !== undefined && !unsound.has(nameWorld(fate))) ? 0 : 1;
