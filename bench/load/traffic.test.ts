import { describe, expect, it } from 'vitest';
import { LoadClient, numberedMessage } from './client.ts';
import { percentile, spread } from './statistics.ts';
import { Traffic } from './traffic.ts';
import type { LoadUser } from './users.ts';

/** A device without a socket: what it writes goes to `carry`. */
class FakeDevice extends LoadClient {
  readonly #carry: (number: number) => void;

  constructor(carry: (number: number) => void) {
    super();
    this.#carry = carry;
  }

  override write(text: string): void {
    this.#carry(Number(/~(\d{8})/.exec(text)?.[1]));
  }
}

/** Two users with two devices each; `deliver` decides which copies come, and when. */
function makeUsers(deliver: (number: number, everybody: readonly LoadClient[]) => void): LoadUser[] {
  const everybody: LoadClient[] = [];
  const users = ['a', 'b'].map((name) => {
    const devices = [0, 1].map(() => new FakeDevice((number) => deliver(number, everybody)));
    everybody.push(...devices);
    return { name, jid: `${name}@localhost`, devices };
  });
  return users;
}

const toAll = (number: number, everybody: readonly LoadClient[]): void => {
  setTimeout(() => everybody.forEach((device) => device.arrived(number)), 1);
};

describe('traffic', () => {
  it('counts messages, copies and latency', async () => {
    const traffic = new Traffic(makeUsers(toAll), true, () => 0);
    const result = await traffic.openLoop(200, { warmUpMs: 50, measureMs: 200 });
    expect(result).toMatchObject({ lost: 0, surplus: 0 });
    expect(result.deliveries).toBe(4 * (result.sent[0] ?? 0) + 4 * (result.sent[1] ?? 0));
    expect(result.latency?.p99).toBeGreaterThanOrEqual(result.latency?.p50 ?? Number.NaN);
  });

  it('sends a fixed number of messages', async () => {
    const result = await new Traffic(makeUsers(toAll), true, () => 0).fixed(25, 2);
    expect(result.messages).toBe(25);
  });

  it('a copy too many does not make up for one that another message lacks', async () => {
    const users = makeUsers((number, everybody) => {
      const copies =
        number === 0 ? everybody.slice(1) : number === 1 ? [...everybody, ...everybody.slice(0, 1)] : everybody;
      setTimeout(() => copies.forEach((device) => device.arrived(number)), 1);
    });
    const result = await new Traffic(users, true, () => 0, [0]).fixed(3, 1);
    expect(result).toMatchObject({ lost: 1, surplus: 1 });
  });

  it('a message counts from the time that it was due: a server that stalls cannot hide it', async () => {
    const held: (() => void)[] = [];
    let stalls = true;
    const users = makeUsers((number, everybody) => {
      const arrive = (): void => everybody.forEach((device) => device.arrived(number));
      if (stalls) held.push(arrive);
      else arrive();
    });
    setTimeout(() => {
      stalls = false;
      for (const arrive of held) arrive();
    }, 150);
    const result = await new Traffic(users, true, () => 0).openLoop(200, { warmUpMs: 0, measureMs: 300 });
    expect(result.latency?.max).toBeGreaterThan(100);
  });
});

describe('numbers', () => {
  it('a message carries its number in eight digits', () => {
    expect(numberedMessage('b@localhost', 42)).toContain('~00000042 ');
  });

  it('median, range and percentiles', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, low: 1, high: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, low: 1, high: 4 });
    expect(spread([])).toBeUndefined();
    expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  });
});
