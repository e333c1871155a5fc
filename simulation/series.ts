import { execFile } from 'node:child_process';
import { parseArguments, readCount } from '../scripts/arguments.ts';
import type { Mutant } from './mutants/mutant.ts';
import { plant } from './mutants/plant.ts';
import type { Playable, Player } from './world/player.ts';
import { tellProblems } from './world/problem.ts';

/** A planted bug that few worlds reach has a seed from which on they are played. */
type SeriesMutant = Mutant & { readonly from?: number };

/** Worlds of one kind, as a command plays them. */
export interface Series<Story, World extends Playable> {
  /** The command's name: `simulate:rooms`. */
  readonly command: string;
  /** The command's program. */
  readonly file: string;
  readonly mutants: readonly SeriesMutant[];
  /** Loads the server, and all that needs it: a bug must be planted before. */
  readonly load: () => Promise<{
    readonly openPlayer: () => Promise<Player<Story, World>>;
    readonly generate: (seed: number) => Story;
    readonly tell: (story: Story) => string;
  }>;
  /** What was played, to be added up: `{ utterances: 17 }`. */
  readonly count: (world: World) => Readonly<Record<string, number>>;
}

/** After so many worlds that fail there is enough to look at. */
const ENOUGH = 10;

/** Runs the command with the arguments of this process; gives its exit code. */
export async function runSeries<Story, World extends Playable>(series: Series<Story, World>): Promise<number> {
  const { values } = parseArguments(
    `Usage: npm run ${series.command} -- [options]

  --seeds N      worlds to play (default 200)
  --from S       the first seed (default 1)
  --seed S       one world, with all its steps
  --mutants      plants one bug after the other; each has to be caught
  --mutant NAME  with this bug planted in the server; ends at the first world that fails
`,
    {
      options: {
        seeds: { type: 'string', default: '200' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string' },
        mutant: { type: 'string' },
        mutants: { type: 'boolean', default: false },
      },
    },
  );
  const seeds = readCount('seeds', values.seeds);
  if (values.mutants) return huntAll(series, seeds);
  const bug = series.mutants.find(({ name }) => name === values.mutant);
  if (bug === undefined && values.mutant !== undefined) throw new Error(`there is no mutant ${values.mutant}`);
  if (bug !== undefined) plant(bug);
  return values.seed === undefined
    ? playWorlds(series, readCount('from', values.from), seeds, bug === undefined ? ENOUGH : 1)
    : tellWorld(series, readCount('seed', values.seed));
}

async function playWorlds<Story, World extends Playable>(
  { load, count }: Series<Story, World>,
  first: number,
  most: number,
  enough: number,
): Promise<number> {
  const { openPlayer, generate } = await load();
  const player = await openPlayer();
  const totals: Record<string, number> = {};
  let [worlds, failed] = [0, 0];
  for (let seed = first; worlds < most && failed < enough; seed += 1) {
    const { problems, world } = await player.play(generate(seed));
    worlds += 1;
    for (const [name, number] of Object.entries(count(world))) totals[name] = (totals[name] ?? 0) + number;
    if (problems.length === 0) continue;
    failed += 1;
    console.log(`World ${seed} fails:\n${tellProblems(problems.slice(0, 6))}`);
  }
  await player.close();
  const played = Object.entries(totals).map(([name, number]) => `${number} ${name}`);
  console.log(`${[`${worlds} worlds`, ...played].join(', ')}: ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function tellWorld<Story, World extends Playable>({ load }: Series<Story, World>, seed: number): Promise<number> {
  const { openPlayer, generate, tell } = await load();
  const player = await openPlayer();
  const story = generate(seed);
  console.log(tell(story));
  const { problems } = await player.play(story);
  await player.close();
  console.log(problems.length === 0 ? '\nNothing is wrong with this world.' : `\n${tellProblems(problems)}`);
  return problems.length === 0 ? 0 : 1;
}

/** Each planted bug in a process of its own. */
async function huntAll(
  { file, mutants }: { readonly file: string; readonly mutants: readonly SeriesMutant[] },
  seeds: number,
): Promise<number> {
  let survivors = 0;
  for (const { name, from = 1 } of mutants) {
    const args = ['--conditions=source', file, '--mutant', name, '--seeds', `${seeds}`, '--from', `${from}`];
    const told = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, (_error, stdout) => resolve(stdout));
    });
    const caught = /World (\d+) fails:\n {2}([^:]+):/.exec(told);
    if (caught === null) survivors += 1;
    console.log(`${name}: ${caught === null ? 'SURVIVED' : `caught at seed ${caught[1]} by ${caught[2]}`}`);
  }
  return survivors === 0 ? 0 : 1;
}
