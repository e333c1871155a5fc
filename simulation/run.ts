import { checkWorld } from './checks/check.ts';
import type { Story } from './story/story.ts';
import { openPlayerOf, type Player } from './world/player.ts';
import { World } from './world/world.ts';

/** Plays the stories of one server and its clients. */
export function openPlayer(): Promise<Player<Story, World>> {
  return openPlayerOf({
    accounts: ({ accounts }) => accounts,
    open: (story, store, tell) => new World(story, store, tell),
    check: checkWorld,
  });
}
