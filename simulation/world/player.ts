import type { Problem } from './problem.ts';
import { openWorldStore, type WorldStore } from './store.ts';

/** Gets each thing that happens in a world. */
type Tell = (line: () => string) => void;

/** A world, as far as whoever plays it has to know. */
export interface Playable {
  play(): Promise<void>;
  end(): void;
}

/** How worlds of one kind are made of their stories, and what they have to be in the end. */
export interface Stage<Story, World extends Playable> {
  readonly accounts: (story: Story) => readonly string[];
  readonly open: (story: Story, store: WorldStore, tell?: Tell) => World;
  readonly check: (world: World) => readonly Problem[] | Promise<readonly Problem[]>;
}

/** How a story went. */
export interface Outcome<World> {
  readonly problems: readonly Problem[];
  /** It has ended; what it has recorded is there. */
  readonly world: World;
}

/** Plays stories, one after the other, in one database. */
export class Player<Story, World extends Playable> {
  readonly #stage: Stage<Story, World>;
  readonly #store: WorldStore;
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown): void => void this.#rejections.push(reason);

  constructor(stage: Stage<Story, World>, store: WorldStore) {
    this.#stage = stage;
    this.#store = store;
    process.on('unhandledRejection', this.#onRejection);
    process.on('uncaughtException', this.#onRejection);
  }

  /** Plays a story to its end and checks it. */
  async play(story: Story, tell?: Tell): Promise<Outcome<World>> {
    const { accounts, open, check } = this.#stage;
    await this.#store.reset(accounts(story));
    const world = open(story, this.#store, tell);
    await world.play();
    const checked = await check(world);
    world.end();
    // What goes on after the end has nothing to go on with; give it the time to show itself.
    await new Promise((resolve) => setImmediate(resolve));
    const rejected = this.#rejections.splice(0).map((reason) => ({
      check: 'rejection',
      text: String((reason as Error | undefined)?.stack ?? reason),
    }));
    return { problems: [...checked, ...rejected], world };
  }

  async close(): Promise<void> {
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtException', this.#onRejection);
    await this.#store.close();
  }
}

/** A player for worlds of one kind. */
export async function openPlayerOf<Story, World extends Playable>(
  stage: Stage<Story, World>,
): Promise<Player<Story, World>> {
  return new Player(stage, await openWorldStore());
}
