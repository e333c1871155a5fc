import { openWorldStore, type WorldStore } from '../world/store.ts';
import type { Problem } from '../world/problem.ts';
import { checkRooms } from './checks.ts';
import type { RoomStory } from './story.ts';
import { RoomsWorld } from './world.ts';

/** How a story of a room went. */
export interface RoomOutcome {
  readonly problems: readonly Problem[];
  readonly world: RoomsWorld;
}

/** Plays stories of rooms, one after the other, in one database. */
export class RoomPlayer {
  readonly #store: WorldStore;
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown): void => void this.#rejections.push(reason);

  constructor(store: WorldStore) {
    this.#store = store;
    process.on('unhandledRejection', this.#onRejection);
    process.on('uncaughtException', this.#onRejection);
  }

  async play(story: RoomStory): Promise<RoomOutcome> {
    await this.#store.reset([...story.accounts, 'owner@localhost']);
    const world = new RoomsWorld(story, this.#store);
    await world.play();
    const problems = checkRooms(world);
    world.end();
    await new Promise((resolve) => setImmediate(resolve));
    for (const reason of this.#rejections.splice(0)) {
      problems.push({ check: 'rejection', text: String((reason as Error | undefined)?.stack ?? reason) });
    }
    return { problems, world };
  }

  async close(): Promise<void> {
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtException', this.#onRejection);
    await this.#store.close();
  }
}

export async function openRoomPlayer(): Promise<RoomPlayer> {
  return new RoomPlayer(await openWorldStore());
}
