import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fold, searchMessages } from '../model/search.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icons.tsx';
import { linkTo, useChat, useNow, usePage } from './page.tsx';

const LIMIT = 50;
const CONTEXT = 60;

/** Searches all messages on this device. */
export function SearchView(): JSX.Element {
  const { t, times } = usePage();
  const chat = useChat();
  const now = useNow();
  const [wanted, setWanted] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const found = searchMessages(chat.client, wanted, LIMIT);
  return (
    <main tabIndex={-1} class="panel" aria-label={t.search}>
      <header>
        <a class="plain round back always" href={linkTo()} aria-label={t.back}>
          <Icon name="back" />
        </a>
        <input
          ref={field}
          type="search"
          aria-label={t.searchLabel}
          placeholder={t.searchLabel}
          value={wanted}
          onInput={({ currentTarget }) => setWanted(currentTarget.value)}
        />
      </header>
      <h1 class="visually-hidden">{t.search}</h1>
      <p class="hint" role="status">
        {wanted.trim() === '' ? t.searchHint : found.length === LIMIT ? t.foundMany(LIMIT) : t.found(found.length)}
      </p>
      <ul class="results">
        {found.map((message) => {
          const name = message.peer === chat.address ? t.notes : chat.nameOf(message.peer);
          return (
            <li key={`${message.peer} ${message.messageId}`}>
              <a class="row" href={linkTo('c', message.peer, message.messageId)}>
                <span class="portrait">
                  <Avatar jid={message.peer} name={name} />
                </span>
                <span class="name">{name}</span>
                <time dateTime={new Date(message.time).toISOString()}>{times.short(message.time, now)}</time>
                <span class="preview">
                  {message.outgoing && `${t.you}: `}
                  {cutAround(message.body, wanted)}
                </span>
              </a>
            </li>
          );
        })}
      </ul>
    </main>
  );
}

/** The part of a text where the first of the words stands. */
function cutAround(text: string, wanted: string): string {
  const [word = ''] = fold(wanted.trim()).split(/\s+/);
  const at = fold(text).indexOf(word);
  return at > CONTEXT ? `…${text.slice(at - CONTEXT / 2)}` : text;
}
