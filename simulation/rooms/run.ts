import { openPlayerOf, type Player } from '../world/player.ts';
import { checkRooms } from './checks.ts';
import type { RoomStory } from './story.ts';
import { RoomsWorld } from './world.ts';

/** Plays the stories of rooms. */
export function openRoomPlayer(): Promise<Player<RoomStory, RoomsWorld>> {
  return openPlayerOf({
    accounts: ({ accounts }) => [...accounts, 'owner@localhost'],
    open: (story, store) => new RoomsWorld(story, store),
    check: checkRooms,
  });
}
