import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import type { Strings } from '../text/en.ts';
import type { Language } from '../text/language.ts';
import type { TimeWriter } from '../text/time.ts';
import type { Preferences } from './preferences.ts';

/** What every part of the page may want. */
export interface Page {
  readonly t: Strings;
  readonly language: Language;
  readonly times: TimeWriter;
  readonly preferences: Preferences;
  readonly setPreferences: (change: Partial<Preferences>) => void;
  /** Whether anybody may make an account at this server. */
  readonly registration: boolean;
  /** The domain of this server. */
  readonly domain: string;
}

export const PageContext = createContext<Page | undefined>(undefined);
export const ChatContext = createContext<Chat | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new TypeError('outside of the page');
  return page;
}

/** The chat; whoever asks is drawn again when something in it changed. */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (chat === undefined) throw new TypeError('outside of a chat');
  useChanges(chat);
  return chat;
}

/** Draws the component again after each change. */
export function useChanges(chat: Chat | undefined): void {
  const [, setVersion] = useState(0);
  useEffect(() => {
    const leave = chat?.subscribe(() => setVersion((version) => version + 1));
    return () => {
      leave?.();
    };
  }, [chat]);
}

/** Where the user is, from the address's fragment: `#/c/bob@example.org` is `['c', 'bob@example.org']`. */
export function useRoute(): readonly string[] {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const update = (): void => setRoute((before) => (isSame(before, readRoute()) ? before : readRoute()));
    update();
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}

function readRoute(): readonly string[] {
  if (!location.hash.startsWith('#/')) return [];
  return location.hash
    .slice(2)
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
}

/** The address of a place in the page. */
export function linkTo(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

/** Goes there, as if a link had been followed. */
export function goTo(...parts: string[]): void {
  location.hash = linkTo(...parts);
}

/** The time in milliseconds since 1970, which goes on with each minute. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
