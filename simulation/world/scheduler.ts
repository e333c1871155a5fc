import type { Clock, Timer } from '../../packages/server/src/environment.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Simulated time: events run one after the other, in the order of their times, each to its end with all that it has set in motion in this
 * process (promises), before the next. What the server's clock shows may jump; elapsed time does not.
 */
export class Scheduler implements Clock {
  #elapsed = 0;
  #offset = Date.UTC(2026, 0, 1);
  #order = 0;
  /** A binary heap by time and order. */
  readonly #events: Event[] = [];
  readonly #failed: (error: unknown) => void;

  /** `failed`: an event threw. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Milliseconds since the world began. */
  get elapsed(): number {
    return this.#elapsed;
  }

  now(): number {
    return Math.floor(this.#elapsed + this.#offset);
  }

  /** The wall clock is set, forwards or backwards. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  after(ms: number, run: () => void): Timer {
    const event: Event = { at: this.#elapsed + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return {
      cancel: () => {
        event.cancelled = true;
      },
    };
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (let event = this.#events[0]; event !== undefined && event.at <= end; event = this.#events[0]) {
      this.#pop();
      if (event.cancelled) continue;
      this.#elapsed = Math.max(this.#elapsed, event.at);
      try {
        event.run();
      } catch (error) {
        this.#failed(error);
      }
      await settle();
    }
    this.#elapsed = end;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isLater(heap[parent] as Event, event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isLater(heap[child] as Event, heap[child + 1] as Event)) child += 1;
      if (!isLater(last, heap[child] as Event)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function isLater(one: Event, other: Event): boolean {
  return one.at > other.at || (one.at === other.at && one.order > other.order);
}

/** Runs all promise callbacks that are due: they come before the next turn of the loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
