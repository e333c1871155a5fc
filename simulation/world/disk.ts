import type { MemoryBatch, MemoryDisk } from '../../packages/server/src/log/memory/memory-log.ts';
import type { DiskState } from '../story/story.ts';
import type { Chance } from './chance.ts';
import type { Scheduler } from './scheduler.ts';

interface Pending {
  readonly batch: MemoryBatch;
  readonly done: (error?: unknown) => void;
}

/** A disk with moods. What it says is durable survives a crash of the server; what it has not answered yet may or may not. */
export class Disk implements MemoryDisk {
  state: DiskState = 'good';
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  #pending = new Set<Pending>();
  #stuck: Pending[] = [];
  #commits = 0;

  constructor(scheduler: Scheduler, chance: Chance) {
    this.#scheduler = scheduler;
    this.#chance = chance;
  }

  /** Nothing is under way. */
  get idle(): boolean {
    return this.#pending.size === 0;
  }

  commit(batch: MemoryBatch, done: (error?: unknown) => void): void {
    const pending = { batch, done };
    this.#pending.add(pending);
    if (this.state === 'stuck') this.#stuck.push(pending);
    else this.#work(pending);
  }

  set(state: DiskState): void {
    this.state = state;
    if (state === 'stuck') return;
    for (const pending of this.#stuck.splice(0)) this.#work(pending);
  }

  /** The process dies. `written`: what is under way gets to the disk all the same, though nobody is told. */
  crash(written: boolean): void {
    for (const { batch } of this.#pending) if (written) batch.write();
    this.#pending = new Set();
    this.#stuck = [];
    this.state = 'good';
  }

  #work(pending: Pending): void {
    const chance = this.#chance.fork(this.#commits++);
    const { state } = this;
    const latency = state === 'slow' ? chance.between(100, 700) : state === 'full' ? 1 : chance.between(1, 12);
    this.#scheduler.after(latency, () => {
      if (!this.#pending.delete(pending)) return;
      const fails = state === 'full' ? pending.batch.rows > 0 : state === 'failing' && chance.happens(0.6);
      pending.done(fails ? new Error('the disk is full') : undefined);
    });
  }
}
