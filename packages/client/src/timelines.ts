import type { Element, StanzaError } from '@tutti/xmpp';
import type { Clock } from './environment.ts';
import { type Added, Conversation, type ConversationParts } from './conversation.ts';
import { isChatStateOnly, placeMessage, readOriginId, type Row } from './incoming.ts';
import type { Journal } from './journal.ts';
import { type Outbox, toFailure } from './outbox.ts';
import { readError } from './requests.ts';
import type { Change, Entry, Outgoing, Snapshot } from './store/store.ts';
import { Tail } from './timeline/tail.ts';

interface TimelinesParts extends ConversationParts {
  /** Bare JID. */
  readonly account: string;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** There are new messages in a conversation. */
  readonly added: (conversation: Conversation, added: readonly Added[], live: boolean) => void;
  readonly changed: (conversation: Conversation) => void;
}

/** A row that was not known, as it is kept and as it came. */
interface Fresh {
  readonly entry: Entry;
  readonly message: Element;
}

/** All conversations of the account, and how far its archive has been read. */
export class Timelines {
  readonly #parts: TimelinesParts;
  readonly #conversations = new Map<string, Conversation>();
  readonly #known = new Set<string>();
  /** Rows of the last catch-up that are not kept: their live copies are known by these. */
  readonly #passed = new Set<string>();
  readonly #tail = new Tail();
  #cursor: string | undefined;
  #kept: string | undefined;

  constructor(parts: TimelinesParts) {
    this.#parts = parts;
  }

  /** Takes over what the store has. */
  load({ entries, cursor }: Snapshot): void {
    const byPeer = Map.groupBy(entries, ({ peer }) => peer);
    for (const [peer, theirs] of byPeer) this.conversation(peer).extend(theirs);
    for (const { id } of entries) this.#known.add(id);
    this.#tail.load(entries, cursor ?? '');
    for (const { peer } of this.#parts.outbox.all) this.conversation(peer).refresh();
    this.#cursor = this.#kept = cursor;
  }

  /** The archive has been read up to this id; '' is its beginning, undefined before anything was read. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  get all(): readonly Conversation[] {
    return [...this.#conversations.values()];
  }

  /** The conversation with a bare JID, an empty one when there is none yet. */
  conversation(peer: string): Conversation {
    const known = this.#conversations.get(peer);
    if (known !== undefined) return known;
    const conversation = new Conversation(peer, this.#parts);
    this.#conversations.set(peer, conversation);
    return conversation;
  }

  /** Something on its way in a conversation changed. */
  refresh(peer: string): void {
    const conversation = this.conversation(peer);
    conversation.refresh();
    this.#parts.changed(conversation);
  }

  /** An error that stands in no archive speaks of a message. */
  refuse(peer: string, id: string, error: StanzaError): void {
    const conversation = this.conversation(peer);
    if (conversation.refuse(id, toFailure(error))) this.#parts.changed(conversation);
  }

  /** A device has displayed a conversation up to an entry of the archive. */
  displayed(peer: string, archiveId: string): void {
    const conversation = this.conversation(peer);
    if (conversation.displayedUpTo(archiveId)) this.#parts.changed(conversation);
  }

  /** The archive counts from here on. */
  begin(cursor: string): void {
    this.#cursor = this.#kept = cursor;
    this.#parts.journal.add({ cursor });
  }

  /** The archive will be read from the cursor on. */
  startCatchUp(): void {
    this.#passed.clear();
    this.#tail.rewind();
  }

  /** K5: takes rows that follow what is known, in archive order; those known already are passed over. Every row counts once. */
  append(rows: readonly Row[], live: boolean): void {
    const fresh: Fresh[] = [];
    for (const row of rows) {
      const isKnown = this.#known.has(row.id) || this.#passed.has(row.id);
      // What comes live again is behind the cursor; what the archive gives again is a step forward.
      if (!isKnown || !live) this.#cursor = row.id;
      if (isKnown) continue;
      const entry = this.#admit(row);
      if (entry !== undefined) fresh.push({ entry, message: row.message });
      else if (!live) this.#passed.add(row.id);
    }
    if (fresh.length === 0) return;
    const append = fresh.map(({ entry }) => entry);
    // Nothing comes in before what the server has shown in its order.
    this.#tail.load(append, append.at(-1)?.id ?? '');
    this.#keep({ append }, fresh, live);
  }

  /**
   * Without IM-NG: takes rows as the archive gives them behind the cursor, the known ones too, and puts the others where they stand.
   * The cursor goes on to the last row that is no younger than `sure`, in milliseconds since 1970.
   */
  merge(rows: readonly Row[], sure: number, live: boolean): void {
    const fresh: Fresh[] = [];
    for (const row of rows) {
      const entry = this.#known.has(row.id) ? undefined : this.#admit(row);
      if (entry === undefined) {
        this.#tail.pass(row.id);
        continue;
      }
      this.#tail.insert(entry);
      fresh.push({ entry, message: row.message });
    }
    const rewrite = this.#tail.take();
    this.#cursor = this.#tail.settle(sure) ?? this.#cursor;
    if (rewrite === undefined) return;
    const { cutAfter, entries } = rewrite;
    this.#keep(entries.length === fresh.length ? { append: entries } : { cutAfter, append: entries }, fresh, live);
  }

  /** Without IM-NG, the first start over a store that shall not have everything: the timeline begins with these rows, or behind them. */
  mergeFirst(rows: readonly Row[], sure: number, isKept: boolean): void {
    if (!isKept || rows.length === 0) return this.begin(rows.at(-1)?.id ?? '');
    const [first] = rows;
    this.#cursor = first?.id ?? '';
    this.merge(rows, sure, false);
    // The next reading begins behind the first one.
    this.#tail.settleThrough(first?.id ?? '');
    this.#tail.rewind();
    this.keepCursor();
  }

  /** Keeps the cursor where only rows were passed over that are not kept: the next catch-up need not read them. */
  keepCursor(): void {
    if (this.#cursor === undefined || this.#cursor === this.#kept) return;
    this.#kept = this.#cursor;
    this.#parts.journal.add({ cursor: this.#cursor });
  }

  /** What a row says of a conversation; undefined for one that is not kept. */
  #admit({ id, time, message }: Row): Entry | undefined {
    // A7: what is gone from the archive tomorrow is not kept, so that all devices have the same.
    if (isChatStateOnly(message)) return undefined;
    this.#known.add(id);
    const place = placeMessage(message, this.#parts.account);
    return { id, ...place, time: time ?? this.#parts.clock.now(), xml: message.toString() };
  }

  /** Keeps entries, then shows those among them that are new. */
  #keep(change: Change, fresh: readonly Fresh[], live: boolean): void {
    const { outbox, journal } = this.#parts;
    const sent: { readonly id: string; readonly archiveId: string }[] = [];
    const refused: { readonly id: string; readonly error: StanzaError }[] = [];
    for (const { entry, message } of fresh) {
      const id = readOriginId(message) ?? '';
      if (outbox.get(id) === undefined) continue;
      if (entry.outgoing) sent.push({ id, archiveId: entry.id });
      else if (message.attrs['type'] === 'error') refused.push({ id, error: readError(message) });
    }
    this.#kept = this.#cursor;
    const cursor = this.#kept !== undefined && { cursor: this.#kept };
    journal.add({ ...change, ...cursor, remove: sent.map(({ id }) => id) }, () => {
      // Its failure came by an error that this archive does not keep.
      const failed = sent.map(({ id }) => outbox.get(id)).filter((message) => message !== undefined);
      for (const { id, archiveId } of sent) outbox.archived(id, archiveId);
      this.#show(change.append ?? [], new Set(fresh.map(({ entry }) => entry.id)), live, failed);
    });
    for (const { id, error } of refused) outbox.fail(id, error);
  }

  /** Shows the end of the timeline, with what is new in it. */
  #show(end: readonly Entry[], fresh: ReadonlySet<string>, live: boolean, failed: readonly Outgoing[]): void {
    for (const [peer, theirs] of Map.groupBy(end, (entry) => entry.peer)) {
      if (!theirs.some(({ id }) => fresh.has(id))) continue;
      const conversation = this.conversation(peer);
      const added = conversation.rewrite(theirs, fresh);
      for (const { id, failure } of failed) if (failure !== undefined) conversation.refuse(id, failure);
      if (added.length > 0) this.#parts.added(conversation, added, live);
      this.#parts.changed(conversation);
    }
  }
}
