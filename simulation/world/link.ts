import { type Element, NS, StreamParser } from '@tutti/xmpp';
import type { Connection } from '../../packages/server/src/stream/host.ts';
import type { Chance } from './chance.ts';
import type { Scheduler } from './scheduler.ts';

/** What a client sees of a link. */
export interface ClientEnd {
  received(element: Element): void;
  /** The link is gone; `error` is the stream error that the server sent last, if any. */
  lost(error: Element | undefined): void;
}

/** What the server's side does with what arrives. */
export interface ServerEnd {
  receive(element: Element): void;
  drained(): void;
  disconnected(clean: boolean): void;
}

/** Who watches: sees what the server writes at the moment when it does, and that it has closed. */
export interface LinkWatcher {
  written(link: Link, bytes: Uint8Array): void;
  closed(link: Link, by: 'server' | 'client' | 'network'): void;
}

const NO_LIMITS = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };
const HEADER = new TextEncoder().encode(`<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.stream}'>`);
/** Milliseconds that bytes take, on average. */
const LATENCY = 5;
/** Bytes that a stalled peer's kernel takes before they count as buffered. */
const WINDOW = 2000;

/**
 * A network connection, both ways, as bytes: they arrive in pieces of any size, late, and when it is cut those that are under way are lost after
 * any byte. Both ends parse what they get with the real tokenizer.
 */
export class Link implements Connection {
  readonly id: string;
  /** Elements that bring their namespaces (RFC 7395), on a connection in four. */
  readonly framing: Connection['framing'];
  readonly address = '127.0.0.1';
  readonly secure = true;
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #client: ClientEnd;
  readonly #watcher: LinkWatcher;
  readonly #toClient: Direction;
  readonly #toServer: Direction;
  #server: ServerEnd | undefined;
  #open = true;
  #error: Element | undefined;
  #serverPaused = false;
  #carrying = false;

  constructor(id: string, client: ClientEnd, watcher: LinkWatcher, scheduler: Scheduler, chance: Chance) {
    this.id = id;
    this.#client = client;
    this.#watcher = watcher;
    this.#scheduler = scheduler;
    this.#chance = chance;
    this.framing = chance.fork('framing').happens(0.25) ? 'document' : 'stream';
    this.#toClient = new Direction((element) => this.#client.received(element));
    this.#toServer = new Direction((element) => {
      if (this.#open) this.#server?.receive(element);
    });
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get isStalled(): boolean {
    return this.#toClient.stalled;
  }

  get buffered(): number {
    return Math.max(0, this.#toClient.waiting - WINDOW);
  }

  attach(server: ServerEnd): void {
    this.#server = server;
  }

  // The server's side

  write(bytes: Uint8Array): void {
    if (!this.#open) return;
    this.#watcher.written(this, bytes);
    this.#toClient.push(bytes);
    this.#carry();
  }

  pause(): void {
    this.#serverPaused = true;
  }

  resume(): void {
    this.#serverPaused = false;
    this.#carry();
  }

  close(error?: { toElement(): Element }): void {
    if (!this.#open) return;
    this.#error = error?.toElement();
    this.#open = false;
    this.#watcher.closed(this, 'server');
    if (!this.#toClient.stalled) this.#toClient.deliver(Number.POSITIVE_INFINITY);
    this.#client.lost(this.#error);
  }

  // The client's side

  send(element: Element): void {
    if (!this.#open) return;
    this.#toServer.push(element.toBytes(NS.client));
    this.#carry();
  }

  /** The client reads no more, or again. */
  stall(stalled: boolean): void {
    this.#toClient.stalled = stalled;
    if (!stalled) this.#carry();
  }

  /** The client closes its stream; what it has sent arrives first. */
  closeByClient(): void {
    if (!this.#open) return;
    this.#toServer.deliver(Number.POSITIVE_INFINITY);
    this.#leave('client');
  }

  /** The network breaks, after any byte in each direction. */
  cut(): void {
    if (!this.#open) return;
    this.#toServer.deliver(this.#chance.below(this.#toServer.waiting + 1));
    if (!this.#toClient.stalled) this.#toClient.deliver(this.#chance.below(this.#toClient.waiting + 1));
    this.#leave('network');
  }

  /** The client is gone without a word: the server knows nothing of it and writes to nobody. */
  abandon(): void {
    if (!this.#open) return;
    this.#toServer.deliver(this.#chance.below(this.#toServer.waiting + 1));
    this.#toServer.stalled = true;
    this.#toClient.stalled = true;
  }

  /** The server's process has died. */
  die(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#server = undefined;
    if (!this.#toClient.stalled) this.#toClient.deliver(this.#chance.below(this.#toClient.waiting + 1));
    this.#client.lost(undefined);
  }

  #leave(by: 'client' | 'network'): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watcher.closed(this, by);
    this.#server?.disconnected(by === 'client');
    this.#client.lost(undefined);
  }

  #carry(): void {
    if (this.#carrying) return;
    this.#carrying = true;
    this.#scheduler.after(this.#chance.below(LATENCY * 2) + 1, () => {
      this.#carrying = false;
      if (!this.#open) return;
      const wasBuffered = this.buffered > 0;
      if (!this.#toClient.stalled) this.#toClient.deliver(this.#piece());
      if (this.#open && wasBuffered && this.buffered === 0) this.#server?.drained();
      if (this.#open && !this.#serverPaused) this.#toServer.deliver(this.#piece());
      const down = !this.#toClient.stalled && this.#toClient.waiting > 0;
      const up = !this.#serverPaused && !this.#toServer.stalled && this.#toServer.waiting > 0;
      if (this.#open && (down || up)) this.#carry();
    });
  }

  /** Mostly all that is there, sometimes a few bytes. */
  #piece(): number {
    return this.#chance.happens(0.15) ? 1 + this.#chance.below(200) : 1 + this.#chance.below(20_000);
  }
}

/** Bytes under way in one direction. */
class Direction {
  readonly #parser = new StreamParser(NO_LIMITS);
  readonly #take: (element: Element) => void;
  #chunks: Uint8Array[] = [];
  waiting = 0;
  stalled = false;

  constructor(take: (element: Element) => void) {
    this.#take = take;
    this.#parser.write(HEADER);
    this.#parser.next();
  }

  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.waiting += bytes.length;
  }

  /** Lets up to `limit` bytes arrive. */
  deliver(limit: number): void {
    let left = limit;
    while (left > 0 && this.#chunks.length > 0 && !this.stalled) {
      const chunk = this.#chunks.shift() as Uint8Array;
      const piece = chunk.subarray(0, left);
      if (piece.length < chunk.length) this.#chunks.unshift(chunk.subarray(piece.length));
      left -= piece.length;
      this.waiting -= piece.length;
      this.#parser.write(piece);
      for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) {
        if (event.kind === 'element') this.#take(event.element);
      }
    }
  }
}
