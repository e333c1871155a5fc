import { registerAccount } from '@tutti/client';
import { Tab } from '@tutti/client/tab';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Account, forgetAccount, loadAccount } from '../model/account.ts';
import { Chat } from '../model/chat.ts';
import { readInvitation } from '../model/invitation.ts';
import type { PageConfig } from '../model/page-config.ts';
import { chooseLanguage, languages } from '../text/language.ts';
import { TimeWriter } from '../text/time.ts';
import { ChatView } from './chat-view.tsx';
import { Logo } from './icons.tsx';
import { explain, type Login, LoginView } from './login.tsx';
import { ChatContext, goTo, linkTo, type Page, PageContext, useChanges } from './page.tsx';
import { loadPreferences, type Preferences, savePreferences } from './preferences.ts';

/** Where the page is in the life of a login. */
type Phase = 'starting' | 'logged-out' | 'other-tab' | 'chat';

/** How long a page that is loaded shows nothing yet, while another tab has the turn. */
const PATIENCE_MS = 1500;

/** The whole page. */
export function Root({ config }: { readonly config: PageConfig }): JSX.Element {
  const page = usePageValue(config);
  const { t } = page;
  const [phase, setPhase] = useState<Phase>('starting');
  const [known, setKnown] = useState<Account>();
  const [chat, setChat] = useState<Chat>();
  const [invitation, setInvitation] = useState(() => readInvitation(location.hash, config.domain));
  const tab = useRef<Tab>(undefined);
  useChanges(chat);
  useConnectionHints(chat);

  const begin = (account: Account, password: string | undefined, insist: boolean): void => {
    tab.current?.leave();
    let secret = password;
    let started: Chat | undefined;
    const taken = new Tab(`${account.username}@${account.domain}`, {
      begin: () => {
        // Somebody may have logged out meanwhile, in the tab whose turn it was.
        if (secret === undefined && loadAccount()?.deviceId !== account.deviceId) return resume();
        started = new Chat({ account, service: config.service, ...(secret !== undefined && { password: secret }) });
        setChat(started);
        started.start();
        // Who was here before sees the messages at once; a newcomer when the login has worked.
        if (secret === undefined) setPhase('chat');
        secret = undefined;
      },
      end: async () => {
        setPhase('other-tab');
        setChat(undefined);
        await started?.client.stop();
      },
      isBusy: () => started?.isUploading === true,
    });
    tab.current = taken;
    if (insist) taken.ask(true);
    // A page that is loaded again finds its own turn ending.
    const wait = (): void => setPhase((before) => (before === 'starting' ? 'other-tab' : before));
    setTimeout(() => !taken.isHere && tab.current === taken && wait(), PATIENCE_MS);
  };
  const resume = (): void => {
    const account = loadAccount();
    if (account !== undefined) return begin(account, undefined, false);
    leaveTab();
    setPhase('logged-out');
  };
  const leaveTab = (): void => {
    tab.current?.leave();
    tab.current = undefined;
  };
  useEffect(resume, []);
  useEffect(() => {
    // A link that is followed while the page is open.
    const read = (): void => setInvitation((before) => readInvitation(location.hash, config.domain) ?? before);
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);

  // The password was right: the chat begins.
  useEffect(() => {
    if (phase === 'chat' || chat?.hasLoggedIn !== true) return;
    if (location.hash.startsWith(linkTo('login'))) goTo();
    setPhase('chat');
  });
  // What an invitation brought is used once there is somebody to use it.
  useEffect(() => {
    if (chat?.status !== 'online' || invitation === undefined) return;
    setInvitation(undefined);
    const { from, fromName, token } = invitation;
    if (from === undefined || from === chat.address) return goTo();
    // What comes of it shows in the contacts.
    void chat.client.people
      .add(from, { name: fromName, invitation: token })
      .catch((error: unknown) => console.warn(error));
    goTo('c', from);
  });
  // The server does not know this browser any more: it has to log in again, over the same messages.
  const isRefused = phase === 'chat' && chat?.failure?.condition === 'refused';
  useEffect(() => {
    if (!isRefused) return;
    setKnown(chat?.account);
    leaveTab();
    setChat(undefined);
    setPhase('logged-out');
  }, [isRefused]);

  const stopTrying = (): void => {
    const [started, taken] = [chat, tab.current];
    setChat(undefined);
    void started?.client.stop().finally(() => taken?.leave());
  };
  const onLogin = ({ username, domain, password }: Login): void => {
    const deviceId = known?.deviceId ?? crypto.randomUUID();
    begin({ username, domain, deviceId }, password, true);
  };
  const onCancel = (): void => {
    stopTrying();
    if (known === undefined || chat !== undefined) return;
    // Somebody else wants to use this browser.
    void forgetAccount(known);
    setKnown(undefined);
  };
  const logOut = (): void => {
    const [started, taken] = [chat, tab.current];
    setChat(undefined);
    setPhase('logged-out');
    location.hash = linkTo();
    void started?.logOut().finally(() => taken?.leave());
  };

  return (
    <PageContext.Provider value={page}>
      {phase === 'logged-out' && (
        <LoginView
          key={`${known?.deviceId} ${invitation?.token}`}
          known={known === undefined ? undefined : `${known.username}@${known.domain}`}
          invitation={invitation}
          register={(login) => registerAccount({ service: config.service, ...login, invitation: invitation?.token })}
          trying={chat}
          onLogin={onLogin}
          onCancel={onCancel}
        />
      )}
      {phase === 'other-tab' && (
        <main class="login">
          <Logo />
          <h1>Tutti</h1>
          <p>{t.otherTab}</p>
          <button type="button" class="primary" onClick={() => tab.current?.ask(true)}>
            {t.useHere}
          </button>
        </main>
      )}
      {phase === 'chat' && chat !== undefined && chat.failure === undefined && (
        <ChatContext.Provider value={chat}>
          <ChatView onLogOut={logOut} />
        </ChatContext.Provider>
      )}
      {phase === 'chat' && chat?.failure !== undefined && !isRefused && (
        <main class="login">
          <Logo />
          <h1>Tutti</h1>
          <p role="alert">{explain(chat.failure, page)}</p>
          <button type="button" class="primary" onClick={() => location.reload()}>
            {t.tryAgain}
          </button>
        </main>
      )}
      {phase === 'starting' && (
        <main class="login" aria-busy="true">
          <Logo />
          <p class="visually-hidden">{t.loading}</p>
        </main>
      )}
    </PageContext.Provider>
  );
}

function usePageValue({ domain, registration }: PageConfig): Page {
  const [preferences, setPreferences] = useState<Preferences>(loadPreferences);
  const language = preferences.language ?? chooseLanguage(navigator.languages);
  useLayoutEffect(() => {
    document.documentElement.lang = language;
    const { theme } = preferences;
    if (theme === undefined) delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }, [language, preferences.theme]);
  return useMemo(
    () => ({
      t: languages[language],
      language,
      // The language for the words, the region of the browser for the numbers.
      times: new TimeWriter(navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language),
      preferences,
      setPreferences: (change) => {
        const changed = { ...preferences, ...change };
        savePreferences(changed);
        setPreferences(changed);
      },
      domain,
      registration,
    }),
    [language, preferences, domain, registration],
  );
}

/** The browser knows of the network, and of being looked at, before the connection does. */
function useConnectionHints(chat: Chat | undefined): void {
  useEffect(() => {
    if (chat === undefined) return undefined;
    const check = (): void => {
      if (document.visibilityState === 'visible') void chat.client.checkConnection();
    };
    const events: readonly (readonly [EventTarget, string])[] = [
      [globalThis, 'online'],
      [globalThis, 'offline'],
      [document, 'visibilitychange'],
    ];
    for (const [target, event] of events) target.addEventListener(event, check);
    return () => {
      for (const [target, event] of events) target.removeEventListener(event, check);
    };
  }, [chat]);
}
