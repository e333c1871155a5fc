import { openPlayerOf, type Player } from '../world/player.ts';
import { checkPep } from './checks.ts';
import type { PepStory } from './story.ts';
import { accountsOf, PepWorld } from './world.ts';

/** Plays the stories of personal events. */
export function openPepPlayer(): Promise<Player<PepStory, PepWorld>> {
  return openPlayerOf({
    accounts: accountsOf,
    open: (story, store) => new PepWorld(story, store),
    check: checkPep,
  });
}
