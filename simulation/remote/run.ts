import type { Problem } from '../world/problem.ts';
import { openWorldStore, type WorldStore } from '../world/store.ts';
import { checkRemoteWorld } from './check.ts';
import type { RemoteStory } from './story.ts';
import { RemoteWorld } from './world.ts';

/** Plays stories of other servers, one after the other, in one database. */
export class RemotePlayer {
  /** What was played: messages that left, those that arrived more than once, those that came back. */
  readonly totals = { sent: 0, doubled: 0, returned: 0 };
  readonly #store: WorldStore;
  readonly #rejections: unknown[] = [];
  readonly #onRejection = (reason: unknown): void => void this.#rejections.push(reason);

  constructor(store: WorldStore) {
    this.#store = store;
    process.on('unhandledRejection', this.#onRejection);
    process.on('uncaughtException', this.#onRejection);
  }

  /** Plays a story to its end and checks it. `tell` gets each thing that happens. */
  async play(
    story: RemoteStory,
    tell?: (line: () => string) => void,
  ): Promise<{ readonly problems: readonly Problem[] }> {
    await this.#store.reset(story.accounts);
    const world = new RemoteWorld(story, this.#store, tell);
    await world.play();
    const checked = await checkRemoteWorld(world);
    this.#count(world);
    world.end();
    await new Promise((resolve) => setImmediate(resolve));
    const rejected = this.#rejections.splice(0).map((reason) => ({
      check: 'rejection',
      text: String((reason as Error | undefined)?.stack ?? reason),
    }));
    return { problems: [...checked, ...rejected] };
  }

  async close(): Promise<void> {
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtException', this.#onRejection);
    await this.#store.close();
  }

  #count(world: RemoteWorld): void {
    const arrivals = [...world.links.values()].flatMap((link) => link.arrivals);
    const keys = new Set(arrivals.map(({ key }) => key));
    this.totals.sent += keys.size;
    this.totals.doubled += arrivals.length - keys.size;
    for (const { rows } of world.state.accounts.values())
      this.totals.returned += rows.filter(({ stanza }) =>
        new TextDecoder().decode(stanza).includes(`type='error'`),
      ).length;
  }
}

export async function openRemotePlayer(): Promise<RemotePlayer> {
  return new RemotePlayer(await openWorldStore());
}
