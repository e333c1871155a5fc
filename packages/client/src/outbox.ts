import { type Element, NS, parseXml, StanzaError, xml } from '@tutti/xmpp';
import type { Clock } from './environment.ts';
import { TuttiError } from './errors.ts';
import type { Journal } from './journal.ts';
import type { Failure, Outgoing } from './store/store.ts';

interface Item {
  message: Outgoing;
  /** Given to the connection in this session, in which stream management sends it again by itself. */
  handed: boolean;
  /** How many times the archive was read after it was handed over, and it was not there. */
  missed: number;
  readonly done: PromiseWithResolvers<string>;
}

interface OutboxParts {
  /** Bare JID. */
  readonly account: string;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Whether messages may go now: the session has caught up. */
  readonly isOpen: () => boolean;
  readonly send: (stanza: Element) => Promise<void>;
  /** Something changed in a conversation. */
  readonly changed: (peer: string) => void;
}

/** Messages on their way: kept before they are sent, and until the archive has them. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #items = new Map<string, Item>();
  /** Counts the sessions: what was given to an earlier one is not with this one. */
  #session = 0;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Takes over what an earlier client left; what was written since is behind it. */
  load(messages: readonly Outgoing[]): void {
    const written = [...this.#items];
    this.#items.clear();
    for (const message of messages) this.#items.set(message.id, makeItem(message));
    for (const [id, item] of written) this.#items.set(id, item);
  }

  /** The messages on their way to one side, oldest first. */
  to(peer: string): readonly Outgoing[] {
    return this.all.filter((message) => message.peer === peer);
  }

  get all(): readonly Outgoing[] {
    return [...this.#items.values()].map(({ message }) => message);
  }

  /** K2: sends a payload to a bare JID. Resolves with the archive's id; rejects with the StanzaError or TuttiError of its failure. */
  send(peer: string, payload: readonly Element[]): Promise<string> {
    const id = crypto.randomUUID();
    const { account, clock } = this.#parts;
    const attrs = { xmlns: NS.client, from: account, to: peer, type: 'chat', id };
    const stanza = xml('message', attrs, ...payload, xml('origin-id', { xmlns: NS.sid, id }));
    const item = makeItem({ id, peer, time: clock.now(), xml: stanza.toString() });
    this.#items.set(id, item);
    this.#keep(item);
    return item.done.promise;
  }

  /** Sends again what had failed; undefined when there is no such message. */
  retry(id: string): Promise<string> | undefined {
    const failed = this.#items.get(id);
    if (failed?.message.failure === undefined) return undefined;
    const { failure: _, ...message } = failed.message;
    const item = makeItem(message);
    this.#items.set(id, item);
    this.#keep(item);
    return item.done.promise;
  }

  /** Forgets a message that failed; false when there is no such message. */
  discard(id: string): boolean {
    const item = this.#items.get(id);
    if (item?.message.failure === undefined) return false;
    this.#items.delete(id);
    this.#parts.journal.add({ remove: [id] }, () => this.#parts.changed(item.message.peer));
    return true;
  }

  get(id: string): Outgoing | undefined {
    return this.#items.get(id)?.message;
  }

  /** The archive has it. */
  archived(id: string, archiveId: string): void {
    this.#items.get(id)?.done.resolve(archiveId);
    this.#items.delete(id);
  }

  /** It did not get through. */
  fail(id: string, error: StanzaError | TuttiError): void {
    const item = this.#items.get(id);
    if (item === undefined || item.message.failure !== undefined) return;
    item.message = { ...item.message, failure: toFailure(error) };
    this.#parts.journal.add({ put: [item.message] }, () => {
      item.done.reject(error);
      this.#parts.changed(item.message.peer);
    });
  }

  /** K6: a new session knows nothing of what was sent in the one before. */
  forgetHanded(): void {
    this.#session += 1;
    for (const item of this.#items.values()) item.handed = false;
  }

  /** Gives the connection what it was not given yet, in the order in which it was written. */
  flush(): void {
    if (!this.#parts.isOpen()) return;
    for (const item of this.#items.values()) {
      if (!item.handed && item.message.failure === undefined) this.#hand(item);
    }
  }

  /**
   * For servers that reflect nothing: the archive was read after these had been sent, and they were not there. Gives whether
   * some are still hoped for.
   */
  missed(ids: readonly string[], attempts: number): boolean {
    let hope = false;
    for (const id of ids) {
      const item = this.#items.get(id);
      if (item === undefined || item.message.failure !== undefined) continue;
      item.missed += 1;
      if (attempts > 0 && item.missed >= attempts) {
        this.fail(id, new TuttiError('not-archived', 'the server took the message and does not archive it'));
      } else hope = true;
    }
    return hope;
  }

  /** What was handed to the connection and is not in the archive. */
  get handed(): readonly string[] {
    return [...this.#items]
      .filter(([, { handed, message }]) => handed && message.failure === undefined)
      .map(([id]) => id);
  }

  /** Those who wait for their messages learn why they wait no longer. The messages stay. */
  abandon(reason: TuttiError): void {
    for (const item of this.#items.values()) item.done.reject(reason);
  }

  #keep(item: Item): void {
    // K6 over a reload: what is not kept is not sent.
    this.#parts.journal.add({ put: [item.message] }, () => this.flush());
    this.#parts.changed(item.message.peer);
  }

  #hand(item: Item): void {
    const session = this.#session;
    item.handed = true;
    // K6: the same words under the same origin-id, so that a server that has it knows it (S8).
    const stanza = parseXml(item.message.xml, NS.client).with({ from: undefined });
    this.#parts.send(stanza).catch(() => {
      // The connection is gone. Should the session resume, it was not told of this one.
      if (session === this.#session) item.handed = false;
    });
  }
}

/** What a timeline keeps of an error. */
export function toFailure(error: StanzaError | TuttiError): Failure {
  const text = error instanceof StanzaError ? error.text : error.message;
  return { condition: error.condition, ...(text !== undefined && { text }) };
}

function makeItem(message: Outgoing): Item {
  const done = Promise.withResolvers<string>();
  // Who does not wait for it sees its state in the timeline.
  done.promise.catch(() => undefined);
  return { message, handed: false, missed: 0, done };
}
