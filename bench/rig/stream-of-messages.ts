import { type Element, xml } from '@tutti/xmpp';
import type { Link } from './link.ts';

/** Sends numbered messages of `bytes` each at a steady rate; resolves when the last is sent. */
export async function sendStream(
  from: Link,
  to: string,
  { first = 0, count, bytes, perSecond }: { first?: number; count: number; bytes: number; perSecond: number },
): Promise<void> {
  const begin = performance.now();
  const padding = 'x'.repeat(Math.max(0, bytes - 40));
  for (let n = 0; n < count; ) {
    const due = Math.min(count, Math.ceil(((performance.now() - begin) * perSecond) / 1000));
    for (; n < due; n += 1) {
      const body = `${first + n} ${performance.timeOrigin + performance.now()} ${padding}`;
      from.send(xml('message', { to, type: 'chat' }, xml('body', null, body)));
    }
    await sleep(5);
  }
}

/** Takes numbered messages: checks that each comes once and in order, and how long it took. */
export class Receiver {
  /** The number expected next. */
  next: number;
  /** What came instead, the first few times. */
  readonly wrong: string[] = [];
  /** Milliseconds from sending to receiving. */
  latencies: number[] = [];
  #waiting: { readonly until: number; readonly resolve: () => void } | undefined;

  constructor(link: Link, first = 0) {
    this.next = first;
    link.onStanza = (stanza) => this.#take(stanza);
  }

  /** Resolves when everything below `until` has come; rejects after `patience` ms without anything new. */
  async has(until: number, patience = 30_000): Promise<void> {
    let before = -1;
    while (this.next < until) {
      if (this.next === before) throw new Error(`waiting for ${until}, got ${this.next}`);
      before = this.next;
      await Promise.race([new Promise<void>((resolve) => (this.#waiting = { until, resolve })), sleep(patience)]);
    }
  }

  #take(stanza: Element): void {
    if (stanza.name !== 'message') return;
    const [number = '', sent = ''] = stanza.child('body')?.text().split(' ', 2) ?? [];
    if (Number(number) !== this.next && this.wrong.length < 5) this.wrong.push(`${number} instead of ${this.next}`);
    this.next = Number(number) + 1;
    this.latencies.push(performance.timeOrigin + performance.now() - Number(sent));
    if (this.#waiting !== undefined && this.next >= this.#waiting.until) this.#waiting.resolve();
  }
}

/** A percentile of numbers, 0 for none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
