import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Language, languages } from '../text/language.ts';
import { Devices } from './devices.tsx';
import { Question } from './dialog.tsx';
import { type FormEvent, takeForm } from './form.ts';
import { Icon } from './icons.tsx';
import { linkTo, useChat, usePage } from './page.tsx';

/** The account, its devices, and how the page is. */
export function SettingsView({ onLogOut }: { readonly onLogOut: () => void }): JSX.Element {
  const { t, preferences, setPreferences } = usePage();
  const chat = useChat();
  const [isLeaving, setLeaving] = useState(false);
  const unsent = chat.client.conversations
    .flatMap(({ messages }) => messages)
    .filter(({ id }) => id === undefined).length;
  return (
    <main tabIndex={-1} class="panel" aria-label={t.settings}>
      <header>
        <a class="plain round back always" href={linkTo()} aria-label={t.back}>
          <Icon name="back" />
        </a>
        <h1>{t.settings}</h1>
      </header>
      <section class="stack">
        <h2>{t.account}</h2>
        <p>{chat.address}</p>
        <PasswordForm />
        <button type="button" class="danger" onClick={() => setLeaving(true)}>
          {t.logOut}
        </button>
      </section>
      {chat.services?.devices === true && <Devices />}
      <section class="stack">
        <h2>{t.thisBrowser}</h2>
        <label>
          {t.language}
          <select
            value={preferences.language ?? ''}
            onChange={({ currentTarget }) =>
              setPreferences({ language: choose(currentTarget.value, Object.keys(languages) as Language[]) })
            }
          >
            <option value="">{t.automatic}</option>
            {Object.entries(languages).map(([tag, strings]) => (
              <option key={tag} value={tag} lang={tag}>
                {strings.languageName}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t.appearance}
          <select
            value={preferences.theme ?? ''}
            onChange={({ currentTarget }) =>
              setPreferences({ theme: choose(currentTarget.value, ['light', 'dark'] as const) })
            }
          >
            <option value="">{t.automatic}</option>
            <option value="light">{t.light}</option>
            <option value="dark">{t.dark}</option>
          </select>
        </label>
        <Notifications />
      </section>
      <Blocked />
      {isLeaving && (
        <Question
          title={t.logOut}
          text={unsent > 0 ? `${t.logOutSure} ${t.logOutUnsent(unsent)}` : t.logOutSure}
          action={t.logOut}
          onYes={onLogOut}
          onClose={() => setLeaving(false)}
        />
      )}
    </main>
  );
}

/** The choice of that name; undefined for the first line, which leaves it to the browser. */
function choose<T extends string>(value: string, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}

function Notifications(): JSX.Element | null {
  const { t, preferences, setPreferences } = usePage();
  const [isDenied, setDenied] = useState(false);
  if (!('Notification' in globalThis)) return null;
  const choose = async (wanted: boolean): Promise<void> => {
    const isAllowed = wanted && (await Notification.requestPermission()) === 'granted';
    setDenied(wanted && !isAllowed);
    setPreferences({ notify: isAllowed });
  };
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={preferences.notify === true}
          onChange={({ currentTarget }) => void choose(currentTarget.checked)}
        />
        {t.notifications}
      </label>
      {isDenied && <p role="alert">{t.notificationsDenied}</p>}
    </>
  );
}

function PasswordForm(): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const [note, setNote] = useState<{ readonly text: string; readonly isProblem: boolean }>();
  const onSubmit = (event: FormEvent): void => {
    const read = takeForm(event);
    const form = event.currentTarget;
    if (read('password') !== read('again')) return setNote({ text: t.passwordsDiffer, isProblem: true });
    chat.changePassword(read('password')).then(
      () => {
        form.reset();
        setNote({ text: t.passwordChanged, isProblem: false });
      },
      (error: Error) => setNote({ text: t.failedAction(error.message), isProblem: true }),
    );
  };
  return (
    <details>
      <summary>{t.changePassword}</summary>
      <form class="stack" onSubmit={onSubmit}>
        <input type="hidden" autocomplete="username" value={chat.address} />
        <label>
          {t.newPassword}
          <input name="password" type="password" autocomplete="new-password" required />
        </label>
        <label>
          {t.passwordAgain}
          <input name="again" type="password" autocomplete="new-password" required />
        </label>
        <p role={note?.isProblem === true ? 'alert' : 'status'}>{note?.text}</p>
        <div class="buttons">
          <button type="submit" class="primary" disabled={chat.status !== 'online'}>
            {t.changePassword}
          </button>
        </div>
      </form>
    </details>
  );
}

function Blocked(): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const { people } = chat.client;
  const [problem, setProblem] = useState<string>();
  const unblock = (jid: string): void => {
    people.unblock(jid).catch((error: Error) => setProblem(t.failedAction(error.message)));
  };
  return (
    <section class="stack">
      <h2>{t.blockedPeople}</h2>
      {problem !== undefined && <p role="alert">{problem}</p>}
      {people.blocked.size === 0 && <p class="hint">{t.nobodyBlocked}</p>}
      <ul class="entries">
        {[...people.blocked].map((jid) => (
          <li key={jid}>
            <span>{jid}</span>
            <button type="button" onClick={() => unblock(jid)}>
              {t.unblock}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
