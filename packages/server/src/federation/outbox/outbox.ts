import { type Element, type JID, NS, StanzaError } from '@tutti/xmpp';
import type { Clock, Logger, Random } from '../../environment.ts';
import type { AccountLog } from '../../log/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { Departures, Slot } from '../../router/departures.ts';
import { type Link, RemoteFailure } from '../remote.ts';
import type { Entry } from './entry.ts';
import { Queue, type QueueHost, type QueueSettings, type QueueState } from './queue.ts';

/** How long, in ms, a failure is told of where nothing waits any more. */
const RECENT_MS = 10 * 60_000;
/** Queues that are kept though nothing is in them: they know which servers were there. */
const IDLE_QUEUES = 5000;

/** Bounds; 0 = none. */
export interface OutboxLimits {
  readonly messagesPerDomain: number;
  readonly bytesPerDomain: number;
  readonly messages: number;
  readonly bytes: number;
}

export interface OutboxOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly log: AccountLog;
  /** As they are now. */
  readonly settings: () => QueueSettings & OutboxLimits;
  /** What carries stanzas to a domain that holds no accounts of this server; undefined: nothing does. */
  readonly linkTo: (domain: string) => Link | undefined;
  /** S7: answers a message whose parcel is over, and releases the parcel with the row of that answer. `done`: whether this is committed. */
  readonly bounce: (stanza: Element, error: StanzaError, id: number, done: (committed: boolean) => void) => void;
}

/** A queue with something in it, or that has failed; times in ms since 1970 UTC. */
export interface QueueReport extends QueueState {
  readonly from: string;
  readonly to: string;
  readonly messages: number;
  readonly bytes: number;
  /** When the oldest message came. */
  readonly oldest: number | undefined;
}

/** All that leaves the server: for other servers, for components, for services of its own. docs/guarantees.md says what it promises. */
export class Outbox implements Departures {
  readonly #options: OutboxOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #byDomain = new Map<string, { count: number; bytes: number }>();
  #count = 0;
  #bytes = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Reads what an earlier process has left in the log. Nothing may come before. */
  async load(): Promise<void> {
    const stored = await this.#options.log.parcelQueues();
    for (const { from, to, count, bytes, last } of stored) {
      this.#count += count;
      this.#bytes += bytes;
      const domain = this.#domain(to);
      domain.count += count;
      domain.bytes += bytes;
      this.#queues.set(keyOf(from, to), new Queue(this.#host(to), from, to, { count, bytes, last }));
    }
    this.#measure();
  }

  /** Takes that up. */
  start(): void {
    for (const queue of this.#queues.values()) queue.pump();
  }

  /** The process ends; what waits stays in the log. */
  stop(): void {
    for (const queue of this.#queues.values()) queue.stop();
  }

  leadsTo(domain: string): boolean {
    return this.#options.linkTo(domain) !== undefined;
  }

  reserve(from: string, to: string, bytes: number): Slot | StanzaError {
    const { messagesPerDomain, bytesPerDomain, messages, bytes: most } = this.#options.settings();
    const domain = this.#byDomain.get(to);
    const isFull =
      reaches(domain?.count ?? 0, messagesPerDomain) ||
      exceeds((domain?.bytes ?? 0) + bytes, bytesPerDomain) ||
      reaches(this.#count, messages) ||
      exceeds(this.#bytes + bytes, most);
    if (isFull) {
      this.#options.metrics.outboxRefused.inc();
      return new StanzaError('resource-constraint', { type: 'wait', text: 'Too many messages wait for that server.' });
    }
    const queue = this.#queue(from, to);
    this.#change(queue, 1, bytes);
    return {
      committed: ({ id, at }, stanza) => queue.add({ id, at, stanza, bytes }),
      cancelled: () => this.#change(queue, -1, -bytes),
    };
  }

  send(stanza: Element, from: JID, to: JID, done?: (error: StanzaError | undefined) => void): void {
    const settled = (failure?: RemoteFailure): void => done?.(failure && new StanzaError(failure.condition));
    if (this.#options.linkTo(to.domain) === undefined)
      return settled(new RemoteFailure('remote-server-not-found', false, 'This server does not speak with others.'));
    const at = this.#options.clock.now();
    const bytes = stanza.toBytes(NS.client).length;
    this.#queue(from.domain, to.domain).ride({ id: undefined, at, stanza, bytes, settled });
  }

  /** The queues of one domain, or all: those with something in them, and those that have failed lately. */
  async list(domain?: string): Promise<readonly QueueReport[]> {
    const stored = await this.#options.log.parcelQueues();
    const oldest = new Map(stored.map((queue) => [keyOf(queue.from, queue.to), queue.oldest]));
    const queues = [...this.#queues.values()].filter(({ to }) => domain === undefined || to === domain);
    return queues
      .filter((queue) => !queue.isIdle || (queue.state.failedAt ?? 0) > this.#options.clock.now() - RECENT_MS)
      .map((queue) => {
        const { from, to, count, bytes } = queue;
        const since = count === 0 ? undefined : oldest.get(keyOf(from, to));
        return { from, to, messages: count, bytes, oldest: since, ...queue.state };
      })
      .toSorted((a, b) => b.messages - a.messages || a.to.localeCompare(b.to));
  }

  /** Returns what waits for a domain to its senders. Gives how many messages that is. */
  drop(domain: string): number {
    const queues = [...this.#queues.values()].filter(({ to }) => to === domain);
    return queues.reduce((sum, queue) => sum + queue.drop(), 0);
  }

  /** Tries again now what waits for a domain, or for all. Gives how many queues waited. */
  retry(domain?: string): number {
    const queues = [...this.#queues.values()].filter(({ to }) => domain === undefined || to === domain);
    return queues.filter((queue) => queue.retry()).length;
  }

  /** The queues that wait for another try. */
  waiting(domain?: string): readonly { readonly to: string }[] {
    const queues = [...this.#queues.values()].filter(({ to }) => domain === undefined || to === domain);
    return queues.filter((queue) => queue.state.state === 'waiting');
  }

  #queue(from: string, to: string): Queue {
    const key = keyOf(from, to);
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    if (this.#queues.size >= IDLE_QUEUES) this.#forgetIdle();
    const queue = new Queue(this.#host(to), from, to);
    this.#queues.set(key, queue);
    return queue;
  }

  #forgetIdle(): void {
    for (const [key, queue] of this.#queues) if (queue.isIdle) this.#queues.delete(key);
  }

  #host(to: string): QueueHost {
    const { clock, random, logger, log, settings, linkTo, bounce, metrics } = this.#options;
    return {
      clock,
      random,
      logger,
      log,
      get settings() {
        return settings();
      },
      linkTo,
      bounce: ({ stanza, id }: Entry, error, done) => {
        logger.info({ to, condition: error.condition }, 'a message could not be delivered');
        bounce(stanza, error, id as number, done);
      },
      left: (bytes, how) => {
        this.#book(to, -1, -bytes);
        metrics.outboxLeft[how].inc();
      },
    };
  }

  #change(queue: Queue, count: number, bytes: number): void {
    queue.count += count;
    queue.bytes += bytes;
    this.#book(queue.to, count, bytes);
  }

  #book(to: string, count: number, bytes: number): void {
    const domain = this.#domain(to);
    domain.count += count;
    domain.bytes += bytes;
    if (domain.count === 0) this.#byDomain.delete(to);
    this.#count += count;
    this.#bytes += bytes;
    this.#measure();
  }

  #domain(to: string): { count: number; bytes: number } {
    const known = this.#byDomain.get(to) ?? { count: 0, bytes: 0 };
    this.#byDomain.set(to, known);
    return known;
  }

  #measure(): void {
    this.#options.metrics.outboxMessages.set(this.#count);
    this.#options.metrics.outboxBytes.set(this.#bytes);
    this.#options.metrics.outboxDomains.set(this.#byDomain.size);
  }
}

function keyOf(from: string, to: string): string {
  return `${from} ${to}`;
}

function reaches(value: number, bound: number): boolean {
  return bound > 0 && value >= bound;
}

function exceeds(value: number, bound: number): boolean {
  return bound > 0 && value > bound;
}
