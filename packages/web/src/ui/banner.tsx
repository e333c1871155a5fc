import type { JSX } from 'preact';
import { useChat, usePage } from './page.tsx';

/** Says how it stands with the connection, when there is something to say. */
export function Banner(): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const { status, progress } = chat;
  return (
    <div class="banner" role="status">
      {status === 'waiting' && (
        <p>
          {t.offline}{' '}
          <button type="button" class="link" onClick={() => void chat.client.checkConnection()}>
            {t.tryNow}
          </button>
        </p>
      )}
      {status === 'connecting' && <p>{chat.hasLoggedIn || !navigator.onLine ? t.offline : t.connecting}</p>}
      {status === 'catching-up' && <CatchUp done={progress?.done ?? 0} behind={progress?.behind} />}
    </div>
  );
}

function CatchUp({ done, behind }: { readonly done: number; readonly behind: number | undefined }): JSX.Element {
  const { t } = usePage();
  if (behind === undefined) return <p>{t.catchingUp}</p>;
  const all = done + behind;
  return (
    <>
      <p>{t.catchingUpBehind(done, all)}</p>
      <progress value={done} max={Math.max(all, 1)} aria-label={t.catchingUp} />
    </>
  );
}
