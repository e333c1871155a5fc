import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Avatar } from './avatar.tsx';
import { Question } from './dialog.tsx';
import { useChat, usePage } from './page.tsx';

/** Those who ask to be a contact; whose conversation is open asks there. */
export function Requests({ selected }: { readonly selected: string | undefined }): JSX.Element | null {
  const { t } = usePage();
  const { client } = useChat();
  const asking = client.people.asking.filter((jid) => jid !== selected);
  if (asking.length === 0) return null;
  return (
    <section class="requests" aria-label={t.requests}>
      {asking.map((jid) => (
        <Request key={jid} jid={jid} />
      ))}
    </section>
  );
}

/** Somebody asks to be a contact. */
export function Request({ jid }: { readonly jid: string }): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const [isBlocking, setBlocking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const { people } = chat.client;
  const act = (action: () => Promise<void>): void => {
    action().catch((error: Error) => setProblem(t.failedAction(error.message)));
  };
  const accept = async (): Promise<void> => {
    await people.accept(jid);
    // Both see each other.
    await people.add(jid);
  };
  return (
    <div class="request">
      <Avatar jid={jid} name={jid} />
      <div>
        <p>
          <strong>{t.wantsContact(jid)}</strong>
        </p>
        <p class="hint">{t.wantsContactHint}</p>
        {problem !== undefined && <p role="alert">{problem}</p>}
        <div class="buttons">
          <button type="button" class="primary" onClick={() => act(accept)}>
            {t.accept}
          </button>
          <button type="button" onClick={() => act(() => people.deny(jid))}>
            {t.decline}
          </button>
          <button type="button" onClick={() => setBlocking(true)}>
            {t.block}
          </button>
        </div>
      </div>
      {isBlocking && (
        <Question
          title={t.block}
          text={t.blockSure(jid)}
          action={t.block}
          onYes={() =>
            act(async () => {
              await people.block(jid);
              await people.deny(jid);
            })
          }
          onClose={() => setBlocking(false)}
        />
      )}
    </div>
  );
}
