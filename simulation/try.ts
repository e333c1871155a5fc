import { generateStory } from './story/generate.ts';
import { openWorldStore } from './world/store.ts';
import { World } from './world/world.ts';
import { checkWorld } from './checks/check.ts';
const store = await openWorldStore();
const from = Number(process.argv[2] ?? 1), n = Number(process.argv[3] ?? 1);
const t = performance.now();
for (let seed = from; seed < from + n; seed++) {
  const story = generateStory(seed);
  await store.reset(story.accounts);
  const world = new World(story, store, n === 1 ? (line) => console.log(line()) : undefined);
  await world.play();
  world.problems.splice(0, world.problems.length, ...checkWorld(world));
  world.end();
  const p = world.problems.map((p) => `${p.check}: ${p.text.slice(0, 700)}`);
  if (p.length) console.log(seed, p.length, p.slice(0, 2));
  if (n===1) console.log(world.story.steps.length, 'steps', world.recorder.times.length, 'places', world.recorder.writes.length, 'writes', world.recorder.units.length);
}
console.log((performance.now() - t) / n, 'ms per world');
