import { numberedMessage } from './client.ts';
import { sleep } from './in-parallel.ts';
import { percentile } from './statistics.ts';
import type { LoadUser } from './users.ts';

/** What came of a run of messages, with every copy accounted for. */
export interface TrafficResult {
  /** Messages done in the measured time: seen by the receiver's first device. */
  readonly messages: number;
  readonly seconds: number;
  /** Of the server, in the measured time. */
  readonly cpuSeconds: number;
  /** Copies that should have come and did not, and those too many, of all messages sent. */
  readonly lost: number;
  readonly surplus: number;
  /** Messages sent by each user over the whole run, and copies that came to a device. */
  readonly sent: readonly number[];
  readonly deliveries: number;
}

/** Milliseconds from the time a message was due to a copy's arrival at each of the receiver's devices. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** p99 of how late the generator itself sent. It is part of the others: nothing is taken off. */
  readonly lateP99: number;
}

/** How a run is cut: what comes first is not measured. */
export interface Timing {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** A rate is given up when so many seconds' worth of it are under way. */
const HOPELESS_SECONDS = 2;
/** How long a missing copy is waited for, in milliseconds since the last that came. */
const PATIENCE_MS = 15_000;

interface Sample {
  readonly at: number;
  readonly cpu: number;
  readonly done: number;
}

/** Messages between pairs of users (0 and 1, 2 and 3, …), each with a number that is looked for at every device. */
export class Traffic {
  readonly #users: readonly LoadUser[];
  readonly #cpu: () => number;
  /** Copies of a message of each user: to every device of both, but to the sending one only where the server reflects. */
  readonly #expected: readonly number[];
  readonly #senders: readonly number[];
  readonly #sent: number[];
  #count = 0;
  #done = 0;
  #received = 0;
  #sender = new Uint16Array(65_536);
  #copies = new Uint16Array(65_536);
  #due = new Float64Array(65_536);
  #onDone: (sender: number) => void = () => undefined;
  #latencies: number[] | undefined;

  /** `senders`: places of those who send; all by default. `cpu`: CPU seconds of the server so far. */
  constructor(users: readonly LoadUser[], reflects: boolean, cpu: () => number, senders?: readonly number[]) {
    this.#users = users;
    this.#cpu = cpu;
    this.#senders = senders ?? users.map((_, index) => index);
    this.#sent = users.map(() => 0);
    const devices = (index: number): number => users[index]?.devices.length ?? 0;
    this.#expected = users.map((_, index) => devices(index) - (reflects ? 0 : 1) + devices(index ^ 1));
    users.forEach((user, index) => {
      user.devices.forEach((device, place) => {
        device.arrived = (number) => this.#arrive(number, index, place);
      });
    });
  }

  /** Each sender always has `window` messages under way. */
  async closedLoop(window: number, { warmUpMs, measureMs }: Timing): Promise<TrafficResult> {
    this.#onDone = (sender) => this.#send(sender, performance.now());
    for (const sender of this.#senders) for (let n = 0; n < window; n += 1) this.#send(sender, performance.now());
    await sleep(warmUpMs);
    const before = this.#sample();
    await sleep(measureMs);
    return this.#finish(before, this.#sample());
  }

  /** So many messages, as fast as `window` for each sender lets them. */
  async fixed(count: number, window: number): Promise<TrafficResult> {
    const before = this.#sample();
    const last = this.#count + count;
    const next = (sender: number): void => {
      if (this.#count < last) this.#send(sender, performance.now());
    };
    this.#onDone = next;
    for (const sender of this.#senders) for (let n = 0; n < window; n += 1) next(sender);
    while (this.#count < last) await sleep(5);
    await this.#drain();
    return this.#finish(before, this.#sample());
  }

  /** Messages at their times, whatever the server does meanwhile. Latency is undefined where the server does not keep up. */
  async openLoop(rate: number, { warmUpMs, measureMs }: Timing): Promise<TrafficResult & { latency?: Latency }> {
    const late: number[] = [];
    const begin = performance.now();
    const total = (warmUpMs + measureMs) / 1000;
    let before: Sample | undefined;
    let kept = true;
    for (let n = 0; kept && n < rate * total; ) {
      const now = performance.now();
      if (before === undefined && now - begin >= warmUpMs) {
        before = this.#sample();
        this.#latencies = [];
        late.length = 0;
      }
      const due = Math.floor(((now - begin) / 1000) * rate);
      for (; n <= due && n < rate * total; n += 1) {
        const at = begin + (n / rate) * 1000;
        late.push(performance.now() - at);
        this.#send(this.#senders[n % this.#senders.length] as number, at);
      }
      kept = this.#count - this.#done < rate * HOPELESS_SECONDS;
      await sleep(1);
    }
    const latencies = this.#latencies ?? [];
    const after = this.#sample();
    // Those under way belong to it as well
    await this.#drain();
    this.#latencies = undefined;
    const result = await this.#finish(before ?? after, after);
    const isSteady = kept && result.messages >= 0.95 * rate * result.seconds;
    if (!isSteady || latencies.length === 0) return result;
    const latency = {
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: percentile(latencies, 1),
      lateP99: percentile(late, 0.99),
    };
    return { ...result, latency };
  }

  #sample(): Sample {
    return { at: performance.now(), cpu: this.#cpu(), done: this.#done };
  }

  async #finish(before: Sample, after: Sample): Promise<TrafficResult> {
    this.#onDone = () => undefined;
    await this.#drain();
    let lost = 0;
    let surplus = 0;
    for (let number = 0; number < this.#count; number += 1) {
      const difference = (this.#copies[number] as number) - (this.#expected[this.#sender[number] as number] as number);
      if (difference < 0) lost -= difference;
      else surplus += difference;
    }
    return {
      messages: after.done - before.done,
      seconds: (after.at - before.at) / 1000,
      cpuSeconds: after.cpu - before.cpu,
      lost,
      surplus,
      sent: this.#sent,
      deliveries: this.#received,
    };
  }

  /** Waits for every copy that is still to come. */
  async #drain(): Promise<void> {
    const expected = this.#sent.reduce((sum, sent, index) => sum + sent * (this.#expected[index] as number), 0);
    let seen = -1;
    let since = performance.now();
    while (this.#received < expected && performance.now() - since < PATIENCE_MS) {
      if (this.#received !== seen) since = performance.now();
      seen = this.#received;
      await sleep(5);
    }
    // A copy too many would come now
    await sleep(50);
  }

  #send(sender: number, due: number): void {
    const number = this.#count++;
    if (number >= this.#due.length) this.#grow();
    this.#sender[number] = sender;
    this.#due[number] = due;
    (this.#sent[sender] as number) += 1;
    this.#users[sender]?.devices[0]?.write(numberedMessage(this.#users[sender ^ 1]?.jid ?? '', number));
  }

  #arrive(number: number, user: number, device: number): void {
    this.#received += 1;
    (this.#copies[number] as number) += 1;
    const sender = this.#sender[number] as number;
    if (sender !== (user ^ 1)) return;
    this.#latencies?.push(performance.now() - (this.#due[number] as number));
    if (device > 0) return;
    this.#done += 1;
    this.#onDone(sender);
  }

  #grow(): void {
    const length = this.#due.length * 2;
    const [sender, copies, due] = [new Uint16Array(length), new Uint16Array(length), new Float64Array(length)];
    sender.set(this.#sender);
    copies.set(this.#copies);
    due.set(this.#due);
    [this.#sender, this.#copies, this.#due] = [sender, copies, due];
  }
}
