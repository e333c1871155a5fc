import type { TuttiError } from '@tutti/client';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { readAddress } from '../model/address.ts';
import type { Chat } from '../model/chat.ts';
import type { Invitation } from '../model/invitation.ts';
import type { Strings } from '../text/en.ts';
import { AccountForm } from './account-form.tsx';
import { Logo } from './icons.tsx';
import { type Page, useChanges, usePage, useRoute } from './page.tsx';
import { NewAccount } from './new-account.tsx';

/** Whom to log in as. */
export interface Login {
  readonly username: string;
  readonly domain: string;
  readonly password: string;
}

interface LoginProps {
  /** The address that was logged in before, and has to come again. */
  readonly known: string | undefined;
  readonly invitation: Invitation | undefined;
  readonly register: (login: Login) => Promise<string>;
  /** A chat that tries to log in. */
  readonly trying: Chat | undefined;
  readonly onLogin: (login: Login) => void;
  readonly onCancel: () => void;
}

/** The first thing that a newcomer sees. */
export function LoginView(props: LoginProps): JSX.Element {
  const { t, registration } = usePage();
  const { invitation, trying } = props;
  const [wantsAccount, setWantsAccount] = useState(invitation?.registerAt !== undefined);
  useChanges(trying);
  const isNew = wantsAccount && trying === undefined;
  return (
    <main class="login">
      <Logo />
      <h1>Tutti</h1>
      <p>{t.welcome}</p>
      {invitation !== undefined && <p class="invitation">{sayWho(invitation, t)}</p>}
      {isNew ? (
        <NewAccount
          invitation={invitation}
          register={props.register}
          onLogin={props.onLogin}
          onHasAccount={() => setWantsAccount(false)}
        />
      ) : (
        <LoginForm {...props} />
      )}
      {registration && !isNew && trying === undefined && props.known === undefined && (
        <button type="button" class="quiet" onClick={() => setWantsAccount(true)}>
          {t.makeAccount}
        </button>
      )}
    </main>
  );
}

function LoginForm({ known, trying, onLogin, onCancel }: LoginProps): JSX.Element {
  const page = usePage();
  const { t, domain } = page;
  const [problem, setProblem] = useState<string | undefined>(known === undefined ? undefined : t.notLoggedInAnyMore);
  // `#/login/alice` is a link for somebody.
  const [place, name] = useRoute();
  const suggested = place === 'login' && name !== undefined ? name : '';
  const failure = trying?.failure;
  useEffect(() => {
    if (failure === undefined) return;
    setProblem(explain(failure, page));
    onCancel();
  }, [failure]);
  const isTrying = trying !== undefined && failure === undefined;
  return (
    <>
      <AccountForm
        label={t.address}
        name={known ?? suggested}
        isFixed={known !== undefined}
        placeholder={t.addressExample(domain)}
        isNew={false}
        problem={problem}
        isBusy={isTrying}
        action={[t.logIn, t.loggingIn]}
        onSubmit={(read) => {
          const jid = readAddress(read('username'), domain);
          setProblem(jid === undefined ? t.badAddress : undefined);
          if (jid !== undefined) onLogin({ username: jid.local, domain: jid.domain, password: read('password') });
        }}
      >
        {(isTrying || known !== undefined) && (
          <button type="button" onClick={onCancel}>
            {isTrying ? t.cancel : t.otherAccount}
          </button>
        )}
      </AccountForm>
      <p role="status">{isTrying && trying.status === 'waiting' && t.serverAway}</p>
    </>
  );
}

function sayWho({ from, fromName, registerAt }: Invitation, t: Strings): string {
  const name = fromName ?? from;
  return name === undefined ? t.invitedTo(registerAt ?? '') : t.invitedBy(name);
}

/** Why a client ended, for people. */
export function explain(failure: TuttiError, { t, domain }: Page): string {
  const cause = failure.cause as { readonly condition?: string } | undefined;
  if (failure.condition === 'refused' && cause?.condition === 'not-authorized') return t.wrongPassword;
  if (failure.condition === 'refused' && cause?.condition === 'host-unknown') return t.otherServer(domain);
  if (failure.condition === 'no-archive') return t.serverWithoutArchive;
  if (failure.condition === 'store') return t.storageFailed;
  return t.stoppedBecause(failure.message);
}
