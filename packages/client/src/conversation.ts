import * as compose from './compose.ts';
import type { ChatState } from './incoming.ts';
import type { Outbox } from './outbox.ts';
import type { Entry, Failure } from './store/store.ts';
import {
  emptyView,
  extendView,
  type Message,
  type Piece,
  readUpTo,
  refuseMessage,
  retellView,
  type View,
} from './timeline/view.ts';

/** What a conversation needs of its client. */
export interface ConversationParts {
  readonly outbox: Outbox;
  readonly sendChatState: (peer: string, state: ChatState) => Promise<void>;
  /** This device has displayed everything up to a message of the archive. */
  readonly displayed: (peer: string, archiveId: string) => void;
}

/** A message that the archive has more, and the one it stands before: undefined at the end, where nearly all of them come. @internal */
export interface Added {
  readonly message: Message;
  readonly before: Message | undefined;
}

/** The timeline with one other side: every message exactly once, in archive order, and at its end those on their way. */
export class Conversation {
  /** Bare JID of the other side; the own one for notes to oneself. */
  readonly peer: string;
  readonly #parts: ConversationParts;
  readonly #entries: Entry[] = [];
  #archived: View = emptyView;
  #view: View | undefined;
  #chatState: ChatState | undefined;
  /** XEP-0490: where another device has come to, while that is not here yet. */
  #displayed: string | undefined;

  /** @internal */
  constructor(peer: string, parts: ConversationParts) {
    this.peer = peer;
    this.#parts = parts;
  }

  /** The messages, with edits, reactions and the like applied. The array is a new one whenever something changed. */
  get messages(): readonly Message[] {
    return this.#current.messages;
  }

  /** The archive's messages of this conversation as they came, also those that only say something about others. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** How many of the other side's messages the user has not read, on any device: behind the last marker and the last own word. */
  get unread(): number {
    return this.#current.unread;
  }

  /** What the other side is doing (XEP-0085), as far as it told since this client is online. */
  get chatState(): ChatState | undefined {
    return this.#chatState;
  }

  /**
   * Sends a text. It is in `messages` at once (`sending`), and kept and sent again until the archive has it; then this resolves
   * with the archive's id. Rejects with a StanzaError or TuttiError when it failed, or when the client stops first.
   */
  send(text: string | compose.Text): Promise<string> {
    return this.#send(compose.composeText(typeof text === 'string' ? { body: text } : text));
  }

  /** Answers a message (XEP-0461); otherwise like `send`. */
  reply(to: Message, body: string): Promise<string> {
    return this.send({ body, replyTo: { messageId: to.messageId, from: to.from } });
  }

  /** Gives an own message another text (XEP-0308). Like `send`, it resolves when the archive has it. */
  edit(message: Message, body: string): Promise<string> {
    return this.#send(compose.composeEdit(message.messageId, body));
  }

  /** Takes an own message back (XEP-0424). */
  retract(message: Message): Promise<string> {
    return this.#send(compose.composeRetraction(message.originId ?? message.messageId));
  }

  /** Replaces the own reactions to a message (XEP-0444); none takes them back. */
  react(message: Message, ...reactions: string[]): Promise<string> {
    return this.#send(compose.composeReactions(message.originId ?? message.messageId, reactions));
  }

  /** Tells the other side (XEP-0333), and the own devices (XEP-0490), that everything there is was read. Undefined: nothing was unread, or there is nobody to tell. */
  markDisplayed(): Promise<string> | undefined {
    const last = this.messages.findLast(({ outgoing }) => !outgoing);
    if (last === undefined || this.unread === 0) return undefined;
    if (last.id !== undefined) this.#parts.displayed(this.peer, last.id);
    // A room has no use for it.
    if (last.invitation?.room === this.peer) return undefined;
    return this.#send(compose.composeDisplayed(last.messageId));
  }

  /** Tells that the user is typing, or not any more (XEP-0085). Rejects when the client is not online. */
  setChatState(state: ChatState): Promise<void> {
    return this.#parts.sendChatState(this.peer, state);
  }

  /** Sends a failed message once more, with the same promise as `send`: one that the archive has as a new message. */
  retry(message: Message): Promise<string> {
    if (message.state !== 'failed') throw new TypeError('only a message that failed is sent again');
    const { body, attachments } = message;
    return this.#parts.outbox.retry(message.messageId) ?? this.send({ body, attachments });
  }

  /** Removes a failed message that is not in the archive; false for any other. */
  discard(message: Message): boolean {
    return this.#parts.outbox.discard(message.messageId);
  }

  /** Takes what the archive has more; gives the messages among it. @internal */
  extend(entries: readonly Entry[]): readonly Added[] {
    const before = this.#archived.messages.length;
    this.#entries.push(...entries);
    this.#archived = extendView(this.#archived, entries);
    this.#changed();
    return this.#archived.messages.slice(before).map((message) => ({ message, before: undefined }));
  }

  /**
   * Takes the last entries as they are now: those that were there, and new ones (`fresh`, by id) behind or between them. Gives the
   * messages among the new ones. @internal
   */
  rewrite(end: readonly Entry[], fresh: ReadonlySet<string>): readonly Added[] {
    const known = end.filter(({ id }) => !fresh.has(id));
    if (known.length === 0) return this.extend(end);
    this.#entries.splice(this.#entries.length - known.length, known.length, ...end);
    const old = this.#archived;
    this.#archived = retellView(old, extendView(emptyView, this.#entries));
    this.#changed();
    const { messages } = this.#archived;
    const isFresh = ({ id }: Message): boolean => id !== undefined && fresh.has(id);
    return messages.flatMap((message, index) =>
      isFresh(message) ? [{ message, before: messages.slice(index).find((later) => !isFresh(later)) }] : [],
    );
  }

  /** A device has displayed everything up to this entry of the archive. Gives whether that changes what is unread; it may be an entry that comes later. @internal */
  displayedUpTo(archiveId: string): boolean {
    const at = this.#entries.findLastIndex(({ id }) => id === archiveId);
    this.#displayed = at === -1 ? archiveId : undefined;
    if (at === -1) return false;
    const before = new Set(this.#entries.slice(0, at + 1).map(({ id }) => id));
    const count = this.#archived.messages.findLastIndex(({ id }) => id !== undefined && before.has(id)) + 1;
    const read = readUpTo(this.#archived, count);
    if (read === this.#archived) return false;
    this.#archived = read;
    this.#view = undefined;
    return true;
  }

  /** An own message failed, says an error that stands in no archive; false where there is no such message. @internal */
  refuse(id: string, failure: Failure): boolean {
    const before = this.#archived;
    this.#archived = refuseMessage(before, id, failure);
    this.#view = undefined;
    return this.#archived !== before;
  }

  /** What is on its way changed. @internal */
  refresh(): void {
    this.#view = undefined;
  }

  /** @internal */
  setPeerState(state: ChatState | undefined): void {
    this.#chatState = state;
  }

  #changed(): void {
    this.#view = undefined;
    if (this.#displayed !== undefined) this.displayedUpTo(this.#displayed);
  }

  get #current(): View {
    return (this.#view ??= extendView(this.#archived, this.#parts.outbox.to(this.peer) satisfies readonly Piece[]));
  }

  #send(payload: Parameters<Outbox['send']>[1]): Promise<string> {
    return this.#parts.outbox.send(this.peer, payload);
  }
}
