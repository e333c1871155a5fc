import { readContent } from '@tutti/routing';
import { StanzaError } from '@tutti/xmpp';
import type { Clock, Logger, Random, Timer } from '../../environment.ts';
import type { AccountLog, Parcel } from '../../log/log.ts';
import { type Link, RemoteFailure } from '../remote.ts';
import { backOff } from '../../backoff.ts';
import { type Entry, readEntry, writeLate } from './entry.ts';
import { Riders } from './riders.ts';

/** Stanzas, and their bytes, that are with the link and not settled. */
const WINDOW = 128;
const WINDOW_BYTES = 512 * 1024;
/** Parcels, and bytes, that are read from the log at a time. */
const PAGE = 128;
const PAGE_BYTES = 512 * 1024;

/** What is in force now; times in ms, 0 = never (`expiry`), or as long as others (`transientExpiry`). */
export interface QueueSettings {
  readonly expiry: number;
  readonly transientExpiry: number;
  readonly confirmTime: number;
  readonly retryFirst: number;
  readonly retryLongest: number;
}

/** What a queue needs of the outbox. */
export interface QueueHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly log: AccountLog;
  readonly settings: QueueSettings;
  linkTo(domain: string): Link | undefined;
  /** S7: tells the sender; `done` says whether that, and the end of the parcel with it, is committed. */
  bounce(entry: Entry, error: StanzaError, done: (committed: boolean) => void): void;
  /** A parcel has left the queue. */
  left(bytes: number, how: 'sent' | 'returned' | 'lost'): void;
}

/** A queue as an administrator sees it; times in ms since 1970 UTC. */
export interface QueueState {
  readonly state: 'idle' | 'sending' | 'waiting';
  readonly failure: string | undefined;
  readonly failedAt: number | undefined;
  readonly nextTry: number | undefined;
}

/**
 * What leaves one domain of this server for another one. Parcels stay in the log until the other side has them, and are taken from there page by page
 * where there are more than a few; what has no parcel rides along between them. They leave in the order in which they came; after a failure it all
 * begins again with the oldest parcel that is not settled, so that a message never overtakes one before it.
 */
export class Queue {
  readonly from: string;
  readonly to: string;
  /** Parcels in the log, or on their way there. */
  count = 0;
  bytes = 0;
  readonly #host: QueueHost;
  /** `breaking`: something has failed, and what is still with the link has to come back first. */
  #phase: 'open' | 'breaking' | 'resting' = 'open';
  #waiting: Entry[] = [];
  #waitingBytes = 0;
  readonly #riders = new Riders();
  readonly #flying = new Set<Entry>();
  #flyingBytes = 0;
  /** Ids of parcels whose senders are being told. */
  readonly #bouncing = new Set<number>();
  /** The last parcel that is committed, and the last one that was taken into memory since the last failure. */
  #committed = 0;
  #taken = 0;
  /** Up to this one parcels come late: a link may have had them before, or they have waited for one. */
  #late: number;
  /** Up to this one parcels are from before this process. */
  readonly #inherited: number;
  /** Up to this one parcels go back to their senders. */
  #dropped = 0;
  #loading = false;
  /** Counts failures, so that a page that was asked for before one is not taken. */
  #epoch = 0;
  #attempts = 0;
  #timer: Timer | undefined;
  #nextTry: number | undefined;
  #failure: RemoteFailure | undefined;
  #failedAt: number | undefined;
  /** The other side had something from here since the start. */
  #reached = false;
  /** Since when it fails for good. */
  #goneSince: number | undefined;
  #stopped = false;

  /** `stored`: what the log had of it at the start. */
  constructor(
    host: QueueHost,
    from: string,
    to: string,
    stored?: { readonly count: number; readonly bytes: number; readonly last: number },
  ) {
    this.#host = host;
    this.from = from;
    this.to = to;
    this.count = stored?.count ?? 0;
    this.bytes = stored?.bytes ?? 0;
    this.#committed = this.#late = this.#inherited = stored?.last ?? 0;
  }

  /** Nothing is in it or under way. */
  get isIdle(): boolean {
    return this.count === 0 && this.#flying.size === 0 && this.#riders.length === 0 && this.#bouncing.size === 0;
  }

  get state(): QueueState {
    const state = this.#phase === 'resting' ? 'waiting' : this.isIdle ? 'idle' : 'sending';
    return { state, failure: this.#failure?.message, failedAt: this.#failedAt, nextTry: this.#nextTry };
  }

  /** A parcel is committed. Parcels come in the order of their ids. */
  add(entry: Entry & { readonly id: number }): void {
    const isLive = this.#phase === 'open' && !this.#loading && this.#taken >= this.#committed;
    this.#committed = Math.max(this.#committed, entry.id);
    if (isLive && entry.id > this.#taken && this.#waiting.length < PAGE && this.#waitingBytes < PAGE_BYTES) {
      this.#taken = entry.id;
      this.#wait(entry);
    }
    this.pump();
  }

  /** A stanza without a parcel: it leaves behind the parcels that are there now, or fails when they fail. */
  ride(entry: Entry): void {
    const { clock, settings } = this.#host;
    const isFresh = this.#failedAt !== undefined && clock.now() - this.#failedAt < settings.retryFirst;
    // Somebody wants to speak with that server: a reason to look again, but not all the time.
    if (this.#phase === 'breaking' || (isFresh && this.#flying.size === 0)) return this.#failRider(entry);
    if (this.#phase === 'resting') this.#open();
    if (!this.#riders.add(entry, this.#committed)) {
      entry.settled?.(new RemoteFailure('resource-constraint', true, 'Too much waits for that server.'));
      return;
    }
    this.pump();
  }

  /** Sends what may be sent. */
  pump(): void {
    while (this.#phase === 'open' && !this.#stopped && this.#hasRoom) {
      const entry = this.#next();
      if (entry === undefined) break;
      this.#fly(entry);
    }
    const isBehind = this.#taken < this.#committed && this.#waiting.length === 0;
    const mayLoad = this.#phase === 'open' && !this.#loading && !this.#stopped && this.#bouncing.size < PAGE;
    if (isBehind && mayLoad && this.#hasRoom) void this.#load();
  }

  /** Tries again now, as though nothing had failed. Gives whether it was waiting to. */
  retry(): boolean {
    if (this.#phase !== 'resting') return false;
    this.#attempts = 0;
    this.#open();
    this.pump();
    return true;
  }

  /** Returns what waits to its senders; what is with the link already may still arrive. Gives how many parcels that is. */
  drop(): number {
    const dropped = this.count - [...this.#flying].filter(({ id }) => id !== undefined).length - this.#bouncing.size;
    this.#dropped = this.#committed;
    const waiting = this.#waiting;
    this.#forgetWaiting();
    for (const entry of waiting) this.#bounce(entry, droppedError());
    if (this.#phase === 'resting') this.#open();
    this.pump();
    return dropped;
  }

  /** The process ends: no more of it. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  get #hasRoom(): boolean {
    return this.#flying.size < WINDOW && this.#flyingBytes < WINDOW_BYTES;
  }

  #wait(entry: Entry): void {
    this.#waiting.push(entry);
    this.#waitingBytes += entry.bytes;
  }

  #forgetWaiting(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #next(): Entry | undefined {
    const [head] = this.#waiting;
    const rider = this.#riders.next(head === undefined ? this.#taken : (head.id as number) - 1);
    if (rider !== undefined) return rider;
    if (head !== undefined) this.#waitingBytes -= head.bytes;
    return this.#waiting.shift();
  }

  #fly(entry: Entry): void {
    this.#flying.add(entry);
    this.#flyingBytes += entry.bytes;
    const isLate = entry.id !== undefined && entry.id <= this.#late;
    this.#late = Math.max(this.#late, entry.id ?? 0);
    // Nobody to speak with: also that is told in one commit with the end of the parcel.
    const link = this.#host.linkTo(this.to) ?? NO_LINK;
    try {
      const stanza = isLate ? writeLate(entry, this.from) : entry.stanza;
      link.send(this.from, this.to, stanza, (failure) => this.#settle(entry, failure));
    } catch (error) {
      const fields = { to: this.to, error: String(error), stack: (error as Error).stack };
      this.#host.logger.error(fields, 'a stanza could not be sent');
      this.#settle(entry, new RemoteFailure('internal-server-error', true, String(error)));
    }
  }

  #settle(entry: Entry, failure: RemoteFailure | undefined): void {
    if (!this.#flying.delete(entry) || this.#stopped) return;
    this.#flyingBytes -= entry.bytes;
    if (failure === undefined) this.#succeed(entry);
    else this.#fail(entry, failure);
    if (this.#phase === 'breaking') this.#restWhenBack();
    else this.pump();
  }

  #succeed(entry: Entry): void {
    this.#reached = true;
    if (this.#phase === 'open') {
      this.#attempts = 0;
      this.#failure = this.#failedAt = this.#goneSince = undefined;
    }
    if (entry.id === undefined) return entry.settled?.(undefined);
    this.#host.log.release([entry.id]);
    this.#leave(entry, 'sent');
  }

  #fail(entry: Entry, failure: RemoteFailure): void {
    if (failure.isAboutStanza) {
      if (entry.id === undefined) entry.settled?.(failure);
      else this.#bounce(entry, new StanzaError(failure.condition, { text: failure.message }));
      return;
    }
    this.#failure = failure;
    this.#failedAt = this.#host.clock.now();
    if (entry.id === undefined) entry.settled?.(failure);
    else if (entry.id <= this.#dropped) this.#bounce(entry, droppedError());
    else if (this.#isForGood(entry.id, failure)) this.#bounce(entry, new StanzaError(failure.condition));
    else this.#break();
  }

  /**
   * RFC 6120 §8.3.3.16: whether the sender is to be told at once. A server that nobody has reached from here is not there: a slip of the pen. One that
   * was there, or that messages from before the start wait for, may have lost its name for a while: it has to stay gone for `confirmTime`.
   */
  #isForGood(id: number, { temporary }: RemoteFailure): boolean {
    if (temporary) {
      this.#goneSince = undefined;
      return false;
    }
    if (!this.#reached && id > this.#inherited) return true;
    const now = this.#host.clock.now();
    this.#goneSince ??= now;
    return now - this.#goneSince >= this.#host.settings.confirmTime;
  }

  #break(): void {
    if (this.#phase === 'open') this.#phase = 'breaking';
  }

  /** All that the link had has come back: waits, then begins again with the oldest. */
  #restWhenBack(): void {
    if (this.#phase !== 'breaking' || this.#flying.size > 0) return;
    this.#epoch += 1;
    this.#loading = false;
    this.#forgetWaiting();
    for (const entry of this.#riders.clear()) this.#failRider(entry);
    if (this.count === 0) {
      this.#taken = this.#committed;
      this.#phase = 'open';
      return;
    }
    this.#taken = 0;
    this.#phase = 'resting';
    this.#attempts += 1;
    const { clock, random, settings } = this.#host;
    const wait = backOff(this.#attempts, settings.retryFirst, settings.retryLongest, random);
    const ms = settings.expiry === 0 ? wait : Math.min(wait, settings.expiry);
    this.#nextTry = clock.now() + ms;
    this.#timer = clock.after(ms, () => {
      this.#open();
      this.pump();
    });
  }

  #open(): void {
    this.#timer?.cancel();
    this.#timer = this.#nextTry = undefined;
    this.#late = this.#committed;
    this.#phase = 'open';
  }

  async #load(): Promise<void> {
    const epoch = this.#epoch;
    const upTo = this.#committed;
    this.#loading = true;
    let page: readonly Parcel[];
    try {
      page = await this.#host.log.parcels(this.from, this.to, this.#taken, PAGE, PAGE_BYTES);
    } catch (error) {
      if (this.#stopped || epoch !== this.#epoch) return;
      this.#host.logger.error({ to: this.to, error: String(error) }, 'messages that wait could not be read');
      this.#failure = new RemoteFailure('internal-server-error', true, String(error));
      this.#failedAt = this.#host.clock.now();
      this.#break();
      return this.#restWhenBack();
    }
    if (this.#stopped || epoch !== this.#epoch) return;
    this.#loading = false;
    for (const parcel of page) this.#take(parcel);
    if (page.length === 0) this.#taken = Math.max(this.#taken, upTo);
    this.pump();
  }

  #take(parcel: Parcel): void {
    this.#taken = parcel.id;
    if (this.#bouncing.has(parcel.id)) return;
    let entry: Entry;
    try {
      entry = readEntry(parcel);
    } catch (error) {
      this.#host.logger.error(
        { to: this.to, parcel: parcel.id, error: String(error) },
        'a message that waits cannot be read',
      );
      this.#host.log.release([parcel.id]);
      this.#leave({ bytes: parcel.stanza.length }, 'lost');
      return;
    }
    if (parcel.id <= this.#dropped) this.#bounce(entry, droppedError());
    else if (this.#isExpired(entry)) this.#bounce(entry, this.#expired());
    else this.#wait(entry);
  }

  #isExpired({ at, stanza }: Entry): boolean {
    const { clock, settings } = this.#host;
    const isTransient = settings.transientExpiry > 0 && readContent(stanza).transient;
    const limits = [settings.expiry, isTransient ? settings.transientExpiry : 0].filter((limit) => limit > 0);
    return limits.some((limit) => clock.now() - at >= limit);
  }

  /** S7: it is over; the condition is that of the last failure. */
  #expired(): StanzaError {
    return new StanzaError(this.#failure?.condition ?? 'remote-server-timeout', {
      text: 'The message could not be delivered in time.',
    });
  }

  #bounce(entry: Entry, error: StanzaError): void {
    const id = entry.id as number;
    this.#bouncing.add(id);
    this.#host.bounce(entry, error, (committed) => {
      this.#bouncing.delete(id);
      if (committed) this.#leave(entry, 'returned');
      else if (!this.#stopped) {
        // It is still in the log, and is told of again.
        this.#break();
        this.#restWhenBack();
      }
      this.pump();
    });
  }

  #failRider(entry: Entry): void {
    entry.settled?.(this.#failure ?? new RemoteFailure('remote-server-timeout', true, 'The connection was lost.'));
  }

  #leave({ bytes }: Pick<Entry, 'bytes'>, how: 'sent' | 'returned' | 'lost'): void {
    this.count -= 1;
    this.bytes -= bytes;
    this.#host.left(bytes, how);
  }
}

const NO_LINK: Link = {
  send(_from, _to, _stanza, settled) {
    const failure = new RemoteFailure('remote-server-not-found', false, 'this server does not speak with others');
    queueMicrotask(() => settled(failure));
  },
};

function droppedError(): StanzaError {
  return new StanzaError('remote-server-timeout', {
    text: 'The administrator has dropped what waited for that server.',
  });
}
