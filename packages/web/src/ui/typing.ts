import type { ChatState, Conversation } from '@tutti/client';
import { useEffect, useMemo } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';

/** After how long without a key somebody has paused: XEP-0085 §5.1. */
const PAUSE_MS = 5000;

/** Tells the other side that the user writes. */
export interface Typing {
  /** The text is another; `hasText`: and is not empty. */
  wrote(hasText: boolean): void;
  /** The text was sent, which says that the user is done. */
  sent(): void;
}

export function useTyping(conversation: Conversation, chat: Chat): Typing {
  const typing = useMemo(() => new TypingTeller(conversation, chat), [conversation]);
  useEffect(() => () => typing.wrote(false), [typing]);
  return typing;
}

class TypingTeller implements Typing {
  readonly #conversation: Conversation;
  readonly #chat: Chat;
  #state: ChatState = 'active';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(conversation: Conversation, chat: Chat) {
    this.#conversation = conversation;
    this.#chat = chat;
  }

  wrote(hasText: boolean): void {
    clearTimeout(this.#timer);
    this.#tell(hasText ? 'composing' : 'active');
    if (hasText) this.#timer = setTimeout(() => this.#tell('paused'), PAUSE_MS);
  }

  sent(): void {
    clearTimeout(this.#timer);
    this.#state = 'active';
  }

  #tell(state: ChatState): void {
    if (state === this.#state) return;
    this.#state = state;
    const { client, address } = this.#chat;
    const { peer } = this.#conversation;
    // Only who may see whether the user is there sees whether the user writes.
    const subscription = client.people.contacts.get(peer)?.subscription;
    if (peer === address || (subscription !== 'from' && subscription !== 'both')) return;
    // Without a connection there is nobody to tell, and later it is not true any more.
    void this.#conversation.setChatState(state).catch(() => undefined);
  }
}
