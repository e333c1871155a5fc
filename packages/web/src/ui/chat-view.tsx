import type { JSX, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import { Banner } from './banner.tsx';
import { ConversationList, describe } from './conversation-list.tsx';
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
  const frame = useFocusThatFollows(place, peer);
  useTitle(chat);
  useNotifications(chat);
  return (
    <div ref={frame} class={place === undefined ? 'app at-list' : 'app'}>
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

/** Who goes to another place by keyboard is there afterwards, not where the link was that is gone. */
function useFocusThatFollows(place: string | undefined, peer: string | undefined): RefObject<HTMLDivElement | null> {
  const frame = useRef<HTMLDivElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    // Nobody went anywhere yet.
    if (isFirst.current) return void (isFirst.current = false);
    const target = frame.current?.querySelector<HTMLElement>(place === undefined ? 'nav' : 'main');
    if (target?.contains(document.activeElement) === false) target.focus({ preventScroll: true });
  }, [place, peer]);
  return frame;
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
  const page = usePage();
  const { notify } = page.preferences;
  useEffect(() => {
    if (notify !== true) return undefined;
    return chat.onArrival((message) => {
      const { peer } = message;
      if (document.visibilityState === 'visible' && document.hasFocus()) return;
      const notification = new Notification(chat.nameOf(peer), {
        body: describe(message, page),
        icon: '/icon-192.png',
        tag: peer,
      });
      notification.addEventListener('click', () => {
        window.focus();
        goTo('c', peer);
        notification.close();
      });
    });
  }, [chat, notify, page]);
}
