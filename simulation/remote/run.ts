import { openPlayerOf, type Player } from '../world/player.ts';
import { checkRemoteWorld } from './check.ts';
import type { RemoteStory } from './story.ts';
import { RemoteWorld } from './world.ts';

/** Plays the stories of other servers. */
export function openRemotePlayer(): Promise<Player<RemoteStory, RemoteWorld>> {
  return openPlayerOf({
    accounts: ({ accounts }) => accounts,
    open: (story, store, tell) => new RemoteWorld(story, store, tell),
    check: checkRemoteWorld,
  });
}
