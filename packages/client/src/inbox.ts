import type { Element } from '@tutti/xmpp';
import { domainOf } from './address.ts';
import type { Archive } from './archive.ts';
import type { Conversation } from './conversation.ts';
import {
  type ChatState,
  type Incoming,
  isConversational,
  placeMessage,
  readChatState,
  readIncoming,
  type Row,
} from './incoming.ts';
import type { Outbox } from './outbox.ts';
import { readError, type Requests } from './requests.ts';
import type { Timelines } from './timelines.ts';

interface InboxParts {
  /** The account's bare JID. */
  readonly account: string;
  readonly requests: Requests;
  readonly archive: Archive;
  readonly outbox: Outbox;
  readonly timelines: Timelines;
  /** A message that stands in the archive came live. */
  readonly archived: (row: Row) => void;
  /** A message, or the copy of one, came live that may stand in the archive. */
  readonly arrived: (message: Element) => void;
  /** Without IM-NG: there may be something new in the archive. Undefined with IM-NG, and before everything is read. */
  readonly poke: () => (() => void) | undefined;
  readonly private: (message: Element) => void;
  readonly unarchived: (message: Element) => void;
  readonly presence: (presence: Element) => void;
  readonly chatState: (conversation: Conversation, state: ChatState) => void;
}

/** Where every stanza arrives, and from where it goes to whom it concerns. */
export class Inbox {
  readonly #parts: InboxParts;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  receive(stanza: Element): void {
    if (this.#parts.requests.take(stanza)) return;
    if (stanza.name === 'presence') this.#parts.presence(stanza);
    if (stanza.name === 'message') this.#receiveMessage(readIncoming(stanza, this.#parts.account));
  }

  #receiveMessage(incoming: Incoming): void {
    switch (incoming.kind) {
      case 'result':
        return this.#parts.archive.take(incoming);
      case 'private':
        return this.#parts.private(incoming.message);
      case 'archived':
        this.#noteChatState(incoming.row.message);
        this.#parts.archived(incoming.row);
        return this.#poke(incoming.row.message);
      case 'carbon':
        return this.#poke(incoming.message);
      case 'unarchived':
        return this.#unarchived(incoming.message);
      case 'forged':
        return;
    }
  }

  #poke(message: Element): void {
    this.#parts.arrived(message);
    if (isConversational(message)) this.#parts.poke()?.();
  }

  #unarchived(message: Element): void {
    this.#noteChatState(message);
    if (message.attrs['type'] === 'error') this.#refused(message);
    if (this.#parts.poke() !== undefined && isConversational(message)) this.#poke(message);
    else this.#parts.unarchived(message);
  }

  /** An error counts when it comes from where its message went, or from the own server. */
  #refused(error: Element): void {
    const { account, outbox, timelines } = this.#parts;
    const { id = '' } = error.attrs;
    const from = placeMessage(error, account).peer;
    const sent = outbox.get(id);
    const isFromServer = from === account || from === domainOf(account);
    if (sent === undefined) timelines.refuse(from, id, readError(error));
    else if (isFromServer || from === sent.peer) outbox.fail(id, readError(error));
  }

  #noteChatState(message: Element): void {
    const place = placeMessage(message, this.#parts.account);
    const state = readChatState(message);
    if (place.outgoing || state === undefined) return;
    const conversation = this.#parts.timelines.conversation(place.peer);
    if (conversation.chatState === state) return;
    conversation.setPeerState(state);
    this.#parts.chatState(conversation, state);
  }
}
