import { checkWorld } from './checks/check.ts';
import type { Story } from './story/story.ts';
import { openWorldStore, type WorldStore } from './world/store.ts';
import type { Problem } from './world/problem.ts';
import { World } from './world/world.ts';

/** How a story went. */
export interface Outcome {
  readonly problems: readonly Problem[];
  /** What was played: messages that the server took in, and what it wrote. */
  readonly messages: number;
  readonly writes: number;
}

/** Plays stories, one after the other, in one database. */
export class Player {
  readonly #store: WorldStore;
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown): void => void this.#rejections.push(reason);

  constructor(store: WorldStore) {
    this.#store = store;
    process.on('unhandledRejection', this.#onRejection);
    process.on('uncaughtException', this.#onRejection);
  }

  /** Plays a story to its end and checks it. `tell` gets each thing that happens. */
  async play(story: Story, tell?: (line: () => string) => void): Promise<Outcome> {
    await this.#store.reset(story.accounts);
    const world = new World(story, this.#store, tell);
    await world.play();
    const checked = checkWorld(world);
    world.end();
    // What goes on after the end has nothing to go on with; give it the time to show itself.
    await new Promise((resolve) => setImmediate(resolve));
    const rejected = this.#rejections.splice(0).map((reason) => ({
      check: 'rejection',
      text: String((reason as Error | undefined)?.stack ?? reason),
    }));
    const { receipts, writes } = world.recorder;
    return { problems: [...checked, ...rejected], messages: receipts.length, writes: writes.length };
  }

  async close(): Promise<void> {
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtException', this.#onRejection);
    await this.#store.close();
  }
}

export async function openPlayer(): Promise<Player> {
  return new Player(await openWorldStore());
}
