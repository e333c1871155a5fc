import type { Problem } from '../world/problem.ts';
import { openWorldStore, type WorldStore } from '../world/store.ts';
import { checkPep } from './checks.ts';
import type { PepStory } from './story.ts';
import { accountsOf, PepWorld } from './world.ts';

/** Plays stories of personal events, one after the other, in one database. */
export class PepPlayer {
  readonly #store: WorldStore;
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown): void => void this.#rejections.push(reason);

  constructor(store: WorldStore) {
    this.#store = store;
    process.on('unhandledRejection', this.#onRejection);
  }

  async play(story: PepStory): Promise<{ readonly problems: readonly Problem[]; readonly world: PepWorld }> {
    await this.#store.reset(accountsOf(story));
    const world = new PepWorld(story, this.#store);
    await world.play();
    const problems = await checkPep(world);
    world.end();
    await new Promise((resolve) => setImmediate(resolve));
    for (const reason of this.#rejections.splice(0))
      problems.push({ check: 'rejection', text: String((reason as Error | undefined)?.stack ?? reason) });
    return { problems, world };
  }

  async close(): Promise<void> {
    process.off('unhandledRejection', this.#onRejection);
    await this.#store.close();
  }
}

export async function openPepPlayer(): Promise<PepPlayer> {
  return new PepPlayer(await openWorldStore());
}
