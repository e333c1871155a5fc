import { Core } from '../src/core/core.ts';
import { World } from './world.ts';

/** A second server on what the first one has committed, as after a crash: no session is left, nothing is in memory. */
export function restart(world: World): World {
  return new World(new Core(world.core.options), world.clock, world.log, world.problems);
}
