import type { Conversation, Message } from '@tutti/client';
import type { JSX } from 'preact';
import { loadDraft } from '../model/account.ts';
import type { Chat } from '../model/chat.ts';
import { isPicture, readWebUrl } from '../text/links.ts';
import { Avatar, Presence } from './avatar.tsx';
import { Icon } from './icons.tsx';
import { linkTo, type Page, useChat, useNow, usePage } from './page.tsx';
import { Requests } from './requests.tsx';

/** Everybody there is a conversation with, the latest first. */
export function ConversationList({ selected }: { readonly selected: string | undefined }): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const rows = sortConversations(chat);
  return (
    <nav tabIndex={-1} class="list" aria-label={t.conversations}>
      <header>
        <h1>Tutti</h1>
        <a class="plain round" href={linkTo('search')} aria-label={t.search} title={t.search}>
          <Icon name="search" />
        </a>
        <a class="plain round" href={linkTo('new')} aria-label={t.newConversation} title={t.newConversation}>
          <Icon name="plus" />
        </a>
        <a class="plain round" href={linkTo('settings')} aria-label={t.settings} title={t.settings}>
          <Icon name="settings" />
        </a>
      </header>
      <Requests selected={selected} />
      {rows.length === 0 && chat.isFilling ? (
        <p class="empty">{t.loading}</p>
      ) : rows.length === 0 ? (
        <div class="empty">
          <p>{t.noConversations}</p>
          <p>{t.noConversationsHint}</p>
          <a class="button primary" href={linkTo('new')}>
            {t.newConversation}
          </a>
        </div>
      ) : (
        <ul>
          {rows.map((conversation) => (
            <Row key={conversation.peer} conversation={conversation} isSelected={conversation.peer === selected} />
          ))}
        </ul>
      )}
    </nav>
  );
}

interface RowProps {
  readonly conversation: Conversation;
  readonly isSelected: boolean;
}

function Row({ conversation, isSelected }: RowProps): JSX.Element {
  const page = usePage();
  const chat = useChat();
  const now = useNow();
  const { t, times } = page;
  const { peer, messages, unread, chatState } = conversation;
  const last = messages.at(-1);
  const name = peer === chat.address ? t.notes : chat.nameOf(peer);
  const draft = loadDraft(peer);
  return (
    <li>
      <a
        href={linkTo('c', peer)}
        class={unread > 0 ? 'row unread' : 'row'}
        aria-current={isSelected ? 'page' : undefined}
        data-peer={peer}
      >
        <span class="portrait">
          <Avatar jid={peer} name={name} />
          {peer !== chat.address && chat.isConnected && <Presence devices={chat.client.people.devicesOf(peer)} />}
        </span>
        <span class="name">{name}</span>
        {last !== undefined && <time dateTime={new Date(last.time).toISOString()}>{times.short(last.time, now)}</time>}
        <span class="preview">
          {chatState === 'composing' ? (
            <em>{t.isTyping}</em>
          ) : draft !== '' && !isSelected ? (
            <>
              <em>{t.draft}</em> {draft}
            </>
          ) : (
            last !== undefined && describe(last, page)
          )}
        </span>
        {unread > 0 && (
          <span class="badge">
            <span aria-hidden="true">{unread}</span>
            <span class="visually-hidden">{t.unread(unread)}</span>
          </span>
        )}
      </a>
    </li>
  );
}

/** A message in a line. */
export function describe(message: Message, { t }: Page): string {
  const { body, attachments, retracted, outgoing, invitation } = message;
  const [attachment] = attachments;
  const url = attachment === undefined ? undefined : readWebUrl(attachment);
  const said = retracted
    ? t.tookBackShort
    : body !== '' && body !== attachment
      ? body
      : invitation !== undefined
        ? t.roomInvitation(invitation.room)
        : url !== undefined && isPicture(url)
          ? t.picture
          : t.file;
  return outgoing ? `${t.you}: ${said}` : said;
}

/** Those with messages by the time of the last one, then contacts to whom nothing was said yet, by name. */
function sortConversations(chat: Chat): readonly Conversation[] {
  const { client } = chat;
  const begun = client.conversations.filter(({ messages }) => messages.length > 0);
  const timeOf = ({ messages }: Conversation): number => messages.at(-1)?.time ?? 0;
  const peers = new Set(begun.map(({ peer }) => peer));
  const others = [...client.people.contacts.keys()].filter((jid) => !peers.has(jid) && jid !== chat.address);
  const silent = others.toSorted((one, other) => chat.nameOf(one).localeCompare(chat.nameOf(other)));
  return [
    ...begun.toSorted((one, other) => timeOf(other) - timeOf(one)),
    ...silent.map((jid) => client.conversation(jid)),
  ];
}
