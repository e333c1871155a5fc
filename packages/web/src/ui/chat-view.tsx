import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import { Banner } from './banner.tsx';
import { ConversationList } from './conversation-list.tsx';
import { ConversationView } from './conversation-view.tsx';
import { goTo, useChat, usePage, useRoute } from './page.tsx';
import { NewView } from './new-view.tsx';
import { SearchView } from './search-view.tsx';
import { SettingsView } from './settings-view.tsx';

/** The page of somebody who is logged in. */
export function ChatView({ onLogOut }: { readonly onLogOut: () => void }): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const [place, peer, wanted] = useRoute();
  const selected = place === 'c' && peer !== undefined && peer.includes('@') ? peer : undefined;
  useTitle(chat);
  useNotifications(chat);
  return (
    <div class={place === undefined ? 'app at-list' : 'app'}>
      <Banner />
      <ConversationList selected={selected} />
      {selected !== undefined ? (
        <ConversationView peer={selected} wanted={wanted} />
      ) : place === 'search' ? (
        <SearchView />
      ) : place === 'settings' ? (
        <SettingsView onLogOut={onLogOut} />
      ) : place === 'new' ? (
        <NewView />
      ) : (
        <main class="nothing">
          <p>{t.chooseConversation}</p>
        </main>
      )}
    </div>
  );
}

/** How many messages are unread stands in the title. */
function useTitle(chat: Chat): void {
  const unread = chat.client.conversations.reduce((sum, conversation) => sum + conversation.unread, 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Tutti` : 'Tutti';
  }, [unread]);
}

/** Tells of messages when the page is in the background, if the user wants that. */
function useNotifications(chat: Chat): void {
  const { t, preferences } = usePage();
  const { notify } = preferences;
  useEffect(() => {
    if (notify !== true) return undefined;
    return chat.onArrival(({ peer, body }) => {
      if (document.visibilityState === 'visible' && document.hasFocus()) return;
      const notification = new Notification(chat.nameOf(peer), {
        body: body === '' ? t.file : body,
        icon: '/icon-192.png',
        tag: peer,
      });
      notification.addEventListener('click', () => {
        window.focus();
        goTo('c', peer);
        notification.close();
      });
    });
  }, [chat, notify, t]);
}
