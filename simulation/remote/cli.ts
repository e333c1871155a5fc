/**
 * Plays worlds whose server speaks with others over links that break: `npm run simulate:remote -- --seeds 500 --from 1`.
 * One world, told as a story: `npm run simulate:remote -- --seed 17`.
 */
import { parseArguments } from '../../scripts/arguments.ts';
import { type Problem, tellProblems } from '../world/problem.ts';
import type { RemoteStory } from './story.ts';
import type { RemoteWorld } from './world.ts';

const HELP = `Usage: npm run simulate:remote -- [options]

  --seeds N      worlds to play (default 200)
  --from S       the first seed (default 1)
  --seed S       one world: tells everything that happens in it
  --only s1,s4   with --seed: only these steps of it
  --mutant NAME  with a bug planted in the server; see npm run simulate:mutants
  --first        end at the first world that fails
  --json         one JSON object at the end
`;

const { values } = parseArguments(HELP, {
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string' },
    mutant: { type: 'string' },
    first: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

if (values.mutant !== undefined) (await import('../mutants/plant.ts')).plantMutant(values.mutant);
// Only now: a mutant must be planted before the server is loaded.
const { openRemotePlayer } = await import('./run.ts');
const { generateRemoteStory, tellRemoteStory } = await import('./story.ts');
const { shrinkSteps } = await import('../story/shrink-steps.ts');
const player = await openRemotePlayer();
let [sent, doubled, returned] = [0, 0, 0];
process.exitCode = values.seed === undefined ? await playMany() : await tellOne(Number(values.seed));
await player.close();

async function playMany(): Promise<number> {
  const begun = performance.now();
  const failures: { seed: number; problems: readonly Problem[]; story: RemoteStory }[] = [];
  let worlds = 0;
  for (let seed = Number(values.from); worlds < Number(values.seeds); seed += 1) {
    const story = generateRemoteStory(seed);
    const { problems, world } = await player.play(story);
    worlds += 1;
    countMessages(world);
    const check = problems[0]?.check;
    if (check === undefined) continue;
    const fails = async (steps: RemoteStory['steps']): Promise<boolean> =>
      (await player.play({ ...story, steps })).problems.some((problem) => problem.check === check);
    const shrunk = values.first ? story : { ...story, steps: await shrinkSteps(story.steps, fails) };
    failures.push({ seed, problems: (await player.play(shrunk)).problems.slice(0, 5), story: shrunk });
    if (values.first || failures.length >= 10) break;
  }
  const seconds = (performance.now() - begun) / 1000;
  if (values.json)
    console.log(JSON.stringify({ worlds, failures: failures.map(({ seed, problems }) => ({ seed, problems })) }));
  else {
    for (const { seed, problems, story } of failures) {
      console.log(
        `World ${seed} fails:\n${tellProblems(problems)}\n\nThe shortest story that fails in the same way:\n${tellRemoteStory(story)}`,
      );
      const steps = story.steps.map(({ id }) => id).join(',');
      console.log(`\nEverything that happens in it: npm run simulate:remote -- --seed ${seed} --only ${steps}\n`);
    }
    console.log(
      `${worlds} worlds with other servers, ${sent} messages out, ${doubled} of them doubled, ${returned} returned, ${seconds.toFixed(1)} s: ${failures.length} failed`,
    );
  }
  return failures.length === 0 ? 0 : 1;
}

/** Messages that left, those that arrived more than once, those that came back. */
function countMessages({ links, state }: RemoteWorld): void {
  const arrivals = [...links.values()].flatMap((link) => link.arrivals);
  const keys = new Set(arrivals.map(({ key }) => key));
  sent += keys.size;
  doubled += arrivals.length - keys.size;
  for (const { rows } of state.accounts.values())
    returned += rows.filter(({ stanza }) => new TextDecoder().decode(stanza).includes(`type='error'`)).length;
}

async function tellOne(seed: number): Promise<number> {
  const whole = generateRemoteStory(seed);
  const only = values.only?.split(',');
  const story = only === undefined ? whole : { ...whole, steps: whole.steps.filter(({ id }) => only.includes(id)) };
  console.log(`${tellRemoteStory(story)}\n`);
  const { problems } = await player.play(story, (line) => console.log(line()));
  console.log(problems.length === 0 ? '\nNothing is wrong with this world.' : `\n${tellProblems(problems)}`);
  return problems.length === 0 ? 0 : 1;
}
