import type { Token, TokenKeeper } from '@tutti/client';
import { deleteIndexedDbStore } from '@tutti/client/indexeddb';

/** The account that this browser is logged in to. The password is not kept. */
export interface Account {
  readonly username: string;
  readonly domain: string;
  /** Names this browser to the server, for as long as it is logged in. */
  readonly deviceId: string;
}

const KEY = 'tutti.account';
const TOKEN_KEY = 'tutti.token';
const NAMES_KEY = 'tutti.names';

export function loadAccount(): Account | undefined {
  const text = localStorage.getItem(KEY);
  return text === null ? undefined : (JSON.parse(text) as Account);
}

export function saveAccount(account: Account): void {
  localStorage.setItem(KEY, JSON.stringify(account));
}

/** Leaves nothing of the account in this browser. */
export async function forgetAccount(account: Account): Promise<void> {
  const drafts = Object.keys(localStorage).filter((key) => key.startsWith('tutti.draft.'));
  for (const key of [KEY, TOKEN_KEY, NAMES_KEY, ...drafts]) localStorage.removeItem(key);
  await deleteIndexedDbStore(nameStore(account));
}

/** The name of the database of the account's timeline. */
export function nameStore({ username, domain }: Account): string {
  return `tutti.${username}@${domain}`;
}

/** Keeps the token with which the server knows this browser again. */
export const tokenKeeper: TokenKeeper = {
  load: () => {
    const text = localStorage.getItem(TOKEN_KEY);
    return Promise.resolve(text === null ? undefined : (JSON.parse(text) as Token));
  },
  save: (token) => {
    if (token === undefined) localStorage.removeItem(TOKEN_KEY);
    else localStorage.setItem(TOKEN_KEY, JSON.stringify(token));
    return Promise.resolve();
  },
};

/** The names of the contacts by address, for when the server can't be asked. */
export function loadNames(): Readonly<Record<string, string>> {
  const text = localStorage.getItem(NAMES_KEY);
  return text === null ? {} : (JSON.parse(text) as Record<string, string>);
}

export function saveNames(names: Readonly<Record<string, string>>): void {
  localStorage.setItem(NAMES_KEY, JSON.stringify(names));
}

/** What was written to somebody and not sent yet. */
export function loadDraft(peer: string): string {
  return localStorage.getItem(`tutti.draft.${peer}`) ?? '';
}

export function saveDraft(peer: string, text: string): void {
  if (text === '') localStorage.removeItem(`tutti.draft.${peer}`);
  else localStorage.setItem(`tutti.draft.${peer}`, text);
}
