import type { StanzaError } from '@tutti/xmpp';
import type { Clock } from './environment.ts';
import { Conversation, type ConversationParts } from './conversation.ts';
import { isChatStateOnly, placeMessage, readOriginId, type Row } from './incoming.ts';
import type { Journal } from './journal.ts';
import { type Outbox, toFailure } from './outbox.ts';
import { readError } from './requests.ts';
import type { Entry, Outgoing, Snapshot } from './store/store.ts';
import type { Message } from './timeline/view.ts';

interface TimelinesParts extends ConversationParts {
  /** Bare JID. */
  readonly account: string;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** There are new messages in a conversation. */
  readonly added: (conversation: Conversation, messages: readonly Message[], live: boolean) => void;
  readonly changed: (conversation: Conversation) => void;
}

/** All conversations of the account, and how far its archive has been read. */
export class Timelines {
  readonly #parts: TimelinesParts;
  readonly #conversations = new Map<string, Conversation>();
  readonly #known = new Set<string>();
  /** Rows of the last catch-up that are not kept: their live copies are known by these. */
  readonly #passed = new Set<string>();
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
  }

  /** K5: takes rows that follow what is known, in archive order; those known already are passed over. Every row counts once. */
  append(rows: readonly Row[], live: boolean): void {
    const entries: Entry[] = [];
    const sent: { readonly id: string; readonly archiveId: string }[] = [];
    const refused: { readonly id: string; readonly error: StanzaError }[] = [];
    for (const { id, time, message } of rows) {
      const isKnown = this.#known.has(id) || this.#passed.has(id);
      // What comes live again is behind the cursor; what the archive gives again is a step forward.
      if (!isKnown || !live) this.#cursor = id;
      if (isKnown) continue;
      const place = placeMessage(message, this.#parts.account);
      // A7: what is gone from the archive tomorrow is not kept, so that all devices have the same.
      if (isChatStateOnly(message)) {
        if (!live) this.#passed.add(id);
        continue;
      }
      this.#known.add(id);
      entries.push({ id, ...place, time: time ?? this.#parts.clock.now(), xml: message.toString() });
      const name = readOriginId(message) ?? '';
      if (this.#parts.outbox.get(name) === undefined) continue;
      if (place.outgoing) sent.push({ id: name, archiveId: id });
      else if (message.attrs['type'] === 'error') refused.push({ id: name, error: readError(message) });
    }
    if (entries.length === 0) return;
    this.#kept = this.#cursor;
    const change = {
      append: entries,
      remove: sent.map(({ id }) => id),
      ...(this.#kept !== undefined && { cursor: this.#kept }),
    };
    this.#parts.journal.add(change, () => {
      // Its failure came by an error that this archive does not keep.
      const failed = sent.map(({ id }) => this.#parts.outbox.get(id)).filter((message) => message !== undefined);
      for (const { id, archiveId } of sent) this.#parts.outbox.archived(id, archiveId);
      this.#show(entries, live, failed);
    });
    for (const { id, error } of refused) this.#parts.outbox.fail(id, error);
  }

  /** Keeps the cursor where only rows were passed over that are not kept: the next catch-up need not read them. */
  keepCursor(): void {
    if (this.#cursor === undefined || this.#cursor === this.#kept) return;
    this.#kept = this.#cursor;
    this.#parts.journal.add({ cursor: this.#cursor });
  }

  #show(entries: readonly Entry[], live: boolean, failed: readonly Outgoing[]): void {
    for (const [peer, theirs] of Map.groupBy(entries, (entry) => entry.peer)) {
      const conversation = this.conversation(peer);
      const added = conversation.extend(theirs);
      for (const { id, failure } of failed) if (failure !== undefined) conversation.refuse(id, failure);
      if (added.length > 0) this.#parts.added(conversation, added, live);
      this.#parts.changed(conversation);
    }
  }
}
