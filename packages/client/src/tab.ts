/// <reference lib="dom" />
/** What a tab does when its turn comes and goes. */
export interface Turns {
  /** It is this tab's turn. */
  readonly begin: () => void;
  /** It is another tab's; what this gives is waited for. Not called without `begin`. */
  readonly end: () => Promise<void>;
  /** Whether the tab is needed though nobody looks at it, such as for an upload. */
  readonly isBusy: () => boolean;
}

/** How long a tab that nobody looks at leaves a free turn to one that is just being loaded again. */
const MODESTY_MS = 1000;
/** A tab in view that waits asks again after this: the other one may have gone out of view, or be done. */
const AGAIN_MS = 1000;
/** How long a tab that was told to may take to end its turn; then it is taken from it. */
const STUBBORN_MS = 5000;

type Word = 'may I' | 'I want to';

/**
 * The tabs of a browser that show one account take turns, since a timeline's store belongs to one client at a time. The turn follows
 * the eyes: a tab that comes into view gets it from one that is out of view; from one in view only if the user says so. When that one is
 * closed the next one goes on.
 */
export class Tab {
  readonly #name: string;
  readonly #turns: Turns;
  readonly #channel: BroadcastChannel;
  readonly #look = (): void => this.ask();
  #state: 'waiting' | 'modest' | 'here' | 'ending' | 'gone' = 'waiting';
  /** Ends the wait that is under way. */
  #queue = new AbortController();
  /** Gives the lock back. */
  #release: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #again: ReturnType<typeof setInterval>;

  /** Gets in line among the tabs of an account. */
  constructor(account: string, turns: Turns) {
    this.#name = `tutti.${account}`;
    this.#turns = turns;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.addEventListener('message', ({ data }: MessageEvent<Word>) => this.#hear(data));
    document.addEventListener('visibilitychange', this.#look);
    this.#again = setInterval(this.#look, AGAIN_MS);
    this.#wait();
    this.ask();
  }

  /** Whether it is this tab's turn. */
  get isHere(): boolean {
    return this.#state === 'here';
  }

  /** Asks for the turn; `insist`: whatever the other tab does. */
  ask(insist = false): void {
    if (this.#state === 'modest' && isSeen()) return this.#begin();
    if (this.#state !== 'waiting' || (!insist && !isSeen())) return;
    const word: Word = insist ? 'I want to' : 'may I';
    this.#channel.postMessage(word);
    if (!insist) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wait({ steal: true }), STUBBORN_MS);
  }

  /** Leaves the line; the tab's own turn ends with it, and `end` is not called. */
  leave(): void {
    this.#state = 'gone';
    clearTimeout(this.#timer);
    clearInterval(this.#again);
    this.#channel.close();
    document.removeEventListener('visibilitychange', this.#look);
    this.#queue.abort();
    this.#release();
  }

  #hear(word: Word): void {
    if (this.#state === 'here') {
      if (word === 'I want to' || (!isSeen() && !this.#turns.isBusy())) void this.#end();
    } else if (this.#state === 'modest') this.#giveBack();
    // Behind the one that asks, which is in line already.
    else if (this.#state === 'waiting') this.#wait();
  }

  #wait(options: { readonly steal?: true } = {}): void {
    this.#queue.abort();
    const queue = new AbortController();
    this.#queue = queue;
    // A lock is either waited for, or taken.
    const lock = options.steal === true ? { steal: true } : { signal: queue.signal };
    navigator.locks
      .request(this.#name, lock, () => (queue.signal.aborted ? undefined : this.#hold()))
      .catch((error: unknown) => {
        if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
        // Not by us: another tab has taken it.
        if (!queue.signal.aborted && this.#state !== 'gone') void this.#end();
      });
  }

  #hold(): Promise<void> {
    clearTimeout(this.#timer);
    if (isSeen()) this.#begin();
    else {
      this.#state = 'modest';
      this.#timer = setTimeout(() => this.#begin(), MODESTY_MS);
    }
    return new Promise((resolve) => (this.#release = resolve));
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#state = 'here';
    this.#turns.begin();
  }

  async #end(): Promise<void> {
    if (this.#state !== 'here') return this.#giveBack();
    this.#state = 'ending';
    await this.#turns.end().finally(() => this.#giveBack());
  }

  #giveBack(): void {
    if (this.#state === 'gone') return;
    clearTimeout(this.#timer);
    this.#state = 'waiting';
    this.#release();
    this.#wait();
  }
}

function isSeen(): boolean {
  return document.visibilityState === 'visible';
}
