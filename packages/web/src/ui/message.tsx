import type { Conversation, Message, RoomInvitation } from '@tutti/client';
import type { JSX } from 'preact';
import { memo } from './memo.ts';
import { MessageActions } from './message-actions.tsx';
import { Attachment } from './attachment.tsx';
import { describe } from './conversation-list.tsx';
import { Icon } from './icons.tsx';
import { readSafeUrl } from '../text/links.ts';
import { type Page, usePage } from './page.tsx';
import { RichText } from './text.tsx';

export interface MessageProps {
  readonly message: Message;
  /** What it answers. */
  readonly answered: Message | undefined;
  /** Whether the one before is of the same person and moment. */
  readonly isContinued: boolean;
  /** The last of the own ones that got that far: how far is said in words. */
  readonly isMilestone: boolean;
  /** Whether its actions are open. */
  readonly isOpen: boolean;
  /** Whether it is the one that the keyboard is at. */
  readonly isCurrent: boolean;
  readonly isWanted: boolean;
  readonly peerName: string;
  readonly conversation: Conversation;
  readonly handlers: MessageHandlers;
}

/** What a message asks of the list it is in; the same object for all of them. */
export interface MessageHandlers {
  readonly toggle: (message: Message) => void;
  readonly focus: (message: Message) => void;
  readonly reply: (message: Message) => void;
  readonly edit: (message: Message) => void;
  readonly go: (messageId: string) => void;
  readonly grew: () => void;
}

/** One message. Drawn again when something in it changed, and not for every other. */
export const MessageView = memo(function MessageView(props: MessageProps): JSX.Element {
  const page = usePage();
  const { t, times } = page;
  const { message, answered, isContinued, isOpen, isCurrent, isWanted, peerName, handlers } = props;
  const { outgoing, retracted, attachments, time, edited, messageId, replyTo } = message;
  const who = outgoing ? t.you : peerName;
  const text = attachments.includes(message.body) ? '' : message.body;
  const classes = [
    'message',
    outgoing ? 'own' : 'peer',
    isContinued && 'continued',
    isWanted && 'wanted',
    isOpen && 'open',
  ];
  return (
    <li
      class={classes.filter(Boolean).join(' ')}
      data-message={messageId}
      data-archive={message.id}
      data-state={message.state}
      tabIndex={isCurrent ? 0 : -1}
      onFocus={() => handlers.focus(message)}
    >
      <div class="bubble" onClick={(event) => isTapped(event) && handlers.toggle(message)}>
        <span class="visually-hidden">{who}: </span>
        {replyTo !== undefined && (
          <button type="button" class="quote" tabIndex={-1} onClick={() => handlers.go(replyTo)}>
            <strong>{answered === undefined ? '' : answered.outgoing ? t.you : peerName}</strong>
            <span>{answered === undefined ? t.goneMessage : quote(answered, page)}</span>
          </button>
        )}
        {retracted && <p class="gone">{outgoing ? t.tookBackOwn : t.tookBack}</p>}
        {!retracted &&
          attachments.map((address) => (
            <Attachment key={address} address={address} name={who} onLoad={handlers.grew} />
          ))}
        {message.invitation !== undefined && !retracted && (
          <Invitation invitation={message.invitation} message={message} peerName={peerName} />
        )}
        {text !== '' && (
          <p class={isEmojiOnly(text) ? 'body large' : 'body'} dir="auto">
            <RichText text={text} />
          </p>
        )}
        <p class="meta">
          {edited !== undefined && !retracted && <span title={t.editedAt(times.full(edited))}>{t.edited} </span>}
          <time dateTime={new Date(time).toISOString()} title={times.full(time)}>
            {times.time(time)}
          </time>
          <State {...props} />
        </p>
      </div>
      <Reactions message={message} peerName={peerName} />
      {!retracted && message.state !== 'sending' && (
        <button
          type="button"
          class="plain round actions-button"
          tabIndex={isCurrent ? 0 : -1}
          aria-label={t.actions}
          aria-expanded={isOpen}
          onClick={() => handlers.toggle(message)}
        >
          <Icon name="more" />
        </button>
      )}
      {isOpen && <MessageActions {...props} />}
      {message.state === 'failed' && <Failed {...props} />}
    </li>
  );
});

interface InvitationProps {
  readonly invitation: RoomInvitation;
  readonly message: Message;
  readonly peerName: string;
}

/** A room is not for this page; another app can open it. */
function Invitation({ invitation, message, peerName }: InvitationProps): JSX.Element {
  const { t } = usePage();
  const { room, from, reason } = invitation;
  const inviter = from === message.peer ? peerName : from;
  const url = readSafeUrl(`xmpp:${encodeURI(room)}?join`);
  return (
    <div class="invited">
      <p>{message.outgoing ? t.youInvited(room) : t.invitesYou(inviter, room)}</p>
      {reason !== '' && <p dir="auto">“{reason}”</p>}
      {url !== undefined && !message.outgoing && <a href={url.href}>{t.openElsewhere}</a>}
    </div>
  );
}

/** Where nothing hovers there is no button to be seen: the message itself is touched. What is in it still does what it does. */
function isTapped({ target }: MouseEvent): boolean {
  return matchMedia('(hover: none)').matches && target instanceof Element && target.closest('a, button') === null;
}

/** How far an own message got: a sign, and for the last one that got there a word. */
function State({ message, isMilestone }: MessageProps): JSX.Element | null {
  const { t } = usePage();
  const { outgoing, state } = message;
  if (!outgoing) return null;
  return (
    <span class={`state ${state}`} title={t.state[state]}>
      <Icon name={state} />
      <span class={isMilestone ? '' : 'visually-hidden'}>{t.state[state]}</span>
    </span>
  );
}

function Failed({ message, conversation }: MessageProps): JSX.Element {
  const { t } = usePage();
  const condition = message.failure?.condition ?? '';
  // What comes of it shows in the message's state.
  const retry = (): void => void conversation.retry(message).catch(() => undefined);
  return (
    <div class="failure">
      <p>{t.failure[condition] ?? t.failureElse(condition)}</p>
      <button type="button" class="link" onClick={retry}>
        {t.tryAgain}
      </button>
      {message.id === undefined && (
        <button type="button" class="link" onClick={() => conversation.discard(message)}>
          {t.discard}
        </button>
      )}
    </div>
  );
}

function Reactions({
  message,
  peerName,
}: {
  readonly message: Message;
  readonly peerName: string;
}): JSX.Element | null {
  const { t } = usePage();
  const { own, peer } = message.reactions;
  const all = [...new Set([...peer, ...own])];
  if (all.length === 0) return null;
  return (
    <ul class="reactions">
      {all.map((emoji) => {
        const names = [peer.includes(emoji) ? peerName : '', own.includes(emoji) ? t.you : ''].filter(
          (name) => name !== '',
        );
        return (
          <li key={emoji} class={own.includes(emoji) ? 'mine' : ''} title={names.join(', ')}>
            <span aria-hidden="true">
              {emoji}
              {names.length > 1 && ` ${names.length}`}
            </span>
            <span class="visually-hidden">{t.reactionBy(emoji, names.join(', '))}</span>
          </li>
        );
      })}
    </ul>
  );
}

const QUOTE_LENGTH = 120;

function quote(message: Message, page: Page): string {
  const text = describe({ ...message, outgoing: false }, page);
  return text.length > QUOTE_LENGTH ? `${text.slice(0, QUOTE_LENGTH)}…` : text;
}

function isEmojiOnly(text: string): boolean {
  return text.length <= 24 && /^(?:\p{RGI_Emoji}|\s)+$/v.test(text);
}
