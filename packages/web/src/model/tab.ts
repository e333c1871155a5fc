/** The right to be the one tab of this browser that is logged in: a timeline's store belongs to one client at a time. */
export interface Tab {
  /** Called when another tab is to take over; what it gives is waited for. */
  onYield(stop: () => Promise<void>): void;
  /** Gives the right back. */
  release(): void;
}

/** How long a page that is being left may still have the right. */
const PATIENCE_MS = 1500;
/** How long a tab that was asked may take to stop. */
const STUBBORN_MS = 5000;

/** Gets the right for an account, or undefined when another tab has it. `insist`: asks that tab to stop. */
export async function takeTab(account: string, insist: boolean): Promise<Tab | undefined> {
  const name = `tutti.${account}`;
  const channel = new BroadcastChannel(name);
  if (insist) channel.postMessage('yield');
  const held = await hold(name, AbortSignal.timeout(insist ? STUBBORN_MS : PATIENCE_MS), false);
  const free = held ?? (insist ? await hold(name, undefined, true) : undefined);
  if (free === undefined) {
    channel.close();
    return undefined;
  }
  const release = (): void => {
    channel.close();
    free();
  };
  return {
    release,
    onYield: (stop) => {
      channel.addEventListener('message', () => {
        channel.close();
        void stop().finally(free);
      });
    },
  };
}

/** Gives what releases the lock; undefined when it could not be had. */
function hold(name: string, signal: AbortSignal | undefined, steal: boolean): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const options = signal === undefined ? { steal } : { signal };
    navigator.locks
      .request(name, options, () => new Promise<void>((release) => resolve(release)))
      .catch((error: unknown) => {
        const isLate = error instanceof DOMException && (error.name === 'AbortError' || error.name === 'TimeoutError');
        if (isLate) resolve(undefined);
        else reject(error instanceof Error ? error : new Error(String(error)));
      });
  });
}
