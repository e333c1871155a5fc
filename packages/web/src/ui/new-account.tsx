import { TuttiError } from '@tutti/client';
import { StanzaError } from '@tutti/xmpp';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { readAddress } from '../model/address.ts';
import type { Invitation } from '../model/invitation.ts';
import type { Strings } from '../text/en.ts';
import { AccountForm } from './account-form.tsx';
import type { Login } from './login.tsx';
import { usePage } from './page.tsx';

interface NewAccountProps {
  /** Undefined: anybody may make one. */
  readonly invitation: Invitation | undefined;
  readonly register: (login: Login) => Promise<string>;
  readonly onLogin: (login: Login) => void;
  readonly onHasAccount: () => void;
}

/** Makes an account, where anybody may (XEP-0077) or for who was invited (XEP-0445). */
export function NewAccount({ invitation, register, onLogin, onHasAccount }: NewAccountProps): JSX.Element {
  const { t, domain: own } = usePage();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const domain = invitation?.registerAt ?? own;
  const make = async (login: Login): Promise<void> => {
    setBusy(true);
    try {
      await register(login);
      onLogin(login);
    } catch (error) {
      setProblem(explain(error, t));
      setBusy(false);
    }
  };
  return (
    <AccountForm
      label={t.username}
      name={invitation?.username ?? ''}
      isFixed={invitation?.username !== undefined}
      hint={t.usernameHint(domain)}
      isNew
      problem={problem}
      isBusy={isBusy}
      action={[t.makeAccount, t.makingAccount]}
      onSubmit={(read) => {
        const password = read('password');
        const jid = readAddress(`${read('username').trim()}@${domain}`, domain);
        if (jid === undefined) return setProblem(t.nameNotAllowed);
        if (password !== read('again')) return setProblem(t.passwordsDiffer);
        setProblem(undefined);
        void make({ username: jid.local, domain: jid.domain, password });
      }}
    >
      <button type="button" class="quiet" onClick={onHasAccount}>
        {t.haveAccount}
      </button>
    </AccountForm>
  );
}

function explain(error: unknown, t: Strings): string {
  if (error instanceof StanzaError) {
    if (error.condition === 'conflict') return t.nameTaken;
    if (error.condition === 'item-not-found') return t.invitationGone;
    if (error.condition === 'not-acceptable' || error.condition === 'jid-malformed') return t.nameNotAllowed;
    if (error.condition === 'not-allowed' || error.condition === 'forbidden') return t.noNewAccounts;
  }
  if (error instanceof TuttiError && error.condition === 'refused') return t.noNewAccounts;
  return t.failedAction(error instanceof Error ? error.message : String(error));
}
