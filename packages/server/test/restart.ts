import { Core } from '../src/core/core.ts';
import { createMemoryLog } from '../src/log/memory/memory-log.ts';
import { World } from './world.ts';

/** A second server on what the first one has committed, as after a crash: no session is left, nothing is in memory. */
export function restart(world: World): World {
  return new World(new Core(world.core.options), world.clock, world.log, world.problems);
}

/** The process is killed, with whatever was on its way to the disk, and started again: what is committed is taken up. */
export async function crash(world: World): Promise<World> {
  world.log.crash();
  world.core.departures.stop();
  const { options, links } = world.core;
  const log = createMemoryLog({ clock: world.clock, random: options.random, state: world.log.state });
  const core = new Core({ ...options, log });
  Object.assign(core.links, links);
  await core.departures.load();
  core.departures.start();
  return new World(core, world.clock, log, world.problems);
}
