import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Avatar } from './avatar.tsx';
import { Composer, type Purpose } from './composer.tsx';
import { ContactMenu } from './contact-menu.tsx';
import { Icon } from './icons.tsx';
import { linkTo, useChat, usePage } from './page.tsx';
import { Stranger } from './stranger.tsx';
import { Timeline } from './timeline.tsx';

interface ConversationViewProps {
  readonly peer: string;
  /** The id of a message to go to. */
  readonly wanted: string | undefined;
}

/** A conversation, with who it is with and where to write. */
export function ConversationView({ peer, wanted }: ConversationViewProps): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const [purpose, setPurpose] = useState<Purpose>();
  const { people } = chat.client;
  const conversation = chat.client.conversation(peer);
  const isNotes = peer === chat.address;
  const { messages } = conversation;
  const isRoom = messages.length > 0 && messages.every(({ invitation }) => invitation?.room === peer);
  const name = isNotes ? t.notes : chat.nameOf(peer);
  const [device] = chat.isConnected ? people.devicesOf(peer) : [];
  const show = device?.show;
  const presence = show === 'dnd' ? t.busy : show === 'away' || show === 'xa' ? t.away : t.online;
  useEffect(() => setPurpose(undefined), [peer]);
  return (
    <main tabIndex={-1} class="conversation" aria-label={t.conversationWith(name)}>
      <header>
        <a class="plain round back" href={linkTo()} aria-label={t.back}>
          <Icon name="back" />
        </a>
        <Avatar jid={peer} name={name} />
        <div class="title">
          <h1>{name}</h1>
          <p aria-live="polite">
            {conversation.chatState === 'composing' ? (
              <em>{t.isTyping}</em>
            ) : device !== undefined && !isNotes ? (
              presence
            ) : (
              name !== peer && peer
            )}
          </p>
        </div>
        {!isNotes && <ContactMenu key={peer} peer={peer} name={name} />}
      </header>
      {!isNotes && !isRoom && <Stranger key={`${peer} stranger`} conversation={conversation} name={name} />}
      <Timeline
        key={peer}
        conversation={conversation}
        isFilling={chat.isFilling}
        peerName={name}
        wanted={wanted}
        onReply={(message) => setPurpose({ kind: 'reply', message })}
        onEdit={(message) => setPurpose({ kind: 'edit', message })}
      />
      {isRoom ? (
        <div class="composer blocked">
          <p>{t.noRooms}</p>
        </div>
      ) : people.blocked.has(peer) ? (
        <div class="composer blocked">
          <p>{t.blockedThem(name)}</p>
          <button type="button" onClick={() => void people.unblock(peer)}>
            {t.unblock}
          </button>
        </div>
      ) : (
        <Composer
          key={`${peer} composer`}
          conversation={conversation}
          peerName={name}
          purpose={purpose}
          onPurpose={setPurpose}
        />
      )}
    </main>
  );
}
