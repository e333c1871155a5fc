import type { ComponentChildren, JSX } from 'preact';
import { type FormEvent, takeForm } from './form.ts';
import { usePage } from './page.tsx';

interface AccountFormProps {
  /** What the first field asks for: an address, or the name of a new one. */
  readonly label: string;
  readonly name: string;
  /** Whether the name is given. */
  readonly isFixed: boolean;
  readonly placeholder?: string;
  readonly hint?: string;
  /** Whether the password is a new one, which is asked for twice. */
  readonly isNew: boolean;
  readonly problem: string | undefined;
  readonly isBusy: boolean;
  /** What the button says, and what it says while it is busy. */
  readonly action: readonly [now: string, busy: string];
  readonly onSubmit: (read: (name: 'username' | 'password' | 'again') => string) => void;
  /** More buttons. */
  readonly children: ComponentChildren;
}

/** Where somebody says who they are, and with which password. */
export function AccountForm(props: AccountFormProps): JSX.Element {
  const { t } = usePage();
  const { label, name, isFixed, placeholder, hint, isNew, problem, isBusy, action, onSubmit, children } = props;
  const [now, busy] = action;
  return (
    <form class="stack" onSubmit={(event: FormEvent) => onSubmit(takeForm(event))}>
      <label>
        {label}
        <input
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          inputMode={isNew ? 'text' : 'email'}
          placeholder={placeholder}
          defaultValue={name}
          readOnly={isFixed}
          aria-describedby={hint === undefined ? undefined : 'username-hint'}
          required
        />
      </label>
      {hint !== undefined && (
        <p class="hint" id="username-hint">
          {hint}
        </p>
      )}
      <label>
        {t.password}
        <input name="password" type="password" autocomplete={isNew ? 'new-password' : 'current-password'} required />
      </label>
      {isNew && (
        <label>
          {t.passwordAgain}
          <input name="again" type="password" autocomplete="new-password" required />
        </label>
      )}
      <p role="alert" class="problem">
        {problem}
      </p>
      <div class="buttons">
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? busy : now}
        </button>
        {children}
      </div>
    </form>
  );
}
