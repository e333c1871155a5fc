import type { Conversation } from '@tutti/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Question } from './dialog.tsx';
import { useChat, usePage } from './page.tsx';
import { Request } from './requests.tsx';

interface StrangerProps {
  readonly conversation: Conversation;
  readonly name: string;
}

/** What there is to decide about somebody who writes and is no contact, or asks to be one. */
export function Stranger({ conversation, name }: StrangerProps): JSX.Element | null {
  const { t } = usePage();
  const chat = useChat();
  const [isBlocking, setBlocking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const { people } = chat.client;
  const { peer, messages } = conversation;
  const act = (action: Promise<void>): void => {
    action.catch((error: Error) => setProblem(t.failedAction(error.message)));
  };
  if (!chat.isConnected || people.blocked.has(peer)) return null;
  if (people.asking.includes(peer)) return <Request jid={peer} />;
  const isStranger = people.isLoaded && !people.contacts.has(peer) && messages.some(({ outgoing }) => !outgoing);
  if (!isStranger) return null;
  return (
    <section class="stranger" aria-label={t.notContact(name)}>
      <p>{t.notContact(name)}</p>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <div class="buttons">
        <button type="button" class="primary" onClick={() => act(people.add(peer))}>
          {t.addContact}
        </button>
        <button type="button" onClick={() => setBlocking(true)}>
          {t.block}
        </button>
      </div>
      {isBlocking && (
        <Question
          title={t.block}
          text={t.blockSure(name)}
          action={t.block}
          onYes={() => act(people.block(peer))}
          onClose={() => setBlocking(false)}
        />
      )}
    </section>
  );
}
