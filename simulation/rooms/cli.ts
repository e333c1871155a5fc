/** Plays worlds with a room: `npm run simulate:rooms -- --seeds 300`. */
import { parseArguments } from '../../scripts/arguments.ts';
import { plant } from '../mutants/plant.ts';
import { roomMutants } from './mutants.ts';

const HELP = `Usage: npm run simulate:rooms -- [options]

  --seeds N      worlds to play (default 200)
  --from S       the first seed (default 1)
  --seed S       one world, with all its steps
  --mutants      plants one bug after the other; each has to be caught
  --mutant NAME  with this bug planted in the server; ends at the first world that fails
`;

const { values } = parseArguments(HELP, {
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
});

process.exitCode = values.mutants ? await huntAll() : await playWorlds();

async function playWorlds(): Promise<number> {
  const bug = roomMutants.find(({ name }) => name === values.mutant);
  if (bug !== undefined) plant(bug);
  // Only now: a mutant must be planted before the server is loaded.
  const [{ openRoomPlayer }, { generateRoomStory, tellRoomStory }] = await Promise.all([
    import('./run.ts'),
    import('./story.ts'),
  ]);
  const player = await openRoomPlayer();
  const first = Number(values.seed ?? values.from);
  const total = values.seed === undefined ? Number(values.seeds) : 1;
  let [failed, said, heard] = [0, 0, 0];
  for (let seed = first; seed < first + total; seed += 1) {
    const story = generateRoomStory(seed);
    const { problems, world } = await player.play(story);
    said += world.utterances.length;
    heard += world.lives.reduce((sum, life) => sum + life.received.length, 0);
    if (values.seed !== undefined) console.log(tellRoomStory(story));
    if (problems.length === 0) continue;
    failed += 1;
    console.log(
      `Room ${seed} fails:\n${problems
        .slice(0, 6)
        .map(({ check, text }) => `  ${check}: ${text}`)
        .join('\n')}`,
    );
    if (bug !== undefined || failed >= 10) break;
  }
  await player.close();
  console.log(`${total} rooms, ${said} utterances, ${heard} stanzas out: ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Each planted bug in a process of its own. */
async function huntAll(): Promise<number> {
  const { execFile } = await import('node:child_process');
  let survivors = 0;
  for (const { name, from } of roomMutants) {
    const args = [
      '--conditions=source',
      import.meta.filename,
      '--mutant',
      name,
      '--seeds',
      values.seeds,
      '--from',
      String(from),
    ];
    const told = await new Promise<string>(
      (resolve) => void execFile(process.execPath, args, (_error, stdout) => resolve(stdout)),
    );
    const caught = /Room (\d+) fails:\n {2}(\w+)/.exec(told);
    if (caught === null) survivors += 1;
    console.log(`${name}: ${caught === null ? 'SURVIVED' : `caught at seed ${caught[1]} by ${caught[2]}`}`);
  }
  return survivors === 0 ? 0 : 1;
}
