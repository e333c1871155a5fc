import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { createInvitation } from '../model/services.ts';
import { readAddress } from '../model/address.ts';
import { type FormEvent, takeForm } from './form.ts';
import { Icon } from './icons.tsx';
import { goTo, linkTo, useChat, usePage } from './page.tsx';

/** Begins a conversation with somebody new, or invites them. */
export function NewView(): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const [problem, setProblem] = useState<string>();
  const onSubmit = (event: FormEvent): void => {
    const read = takeForm(event);
    const name = read('name').trim();
    const jid = readAddress(read('address'), chat.account.domain)?.bare;
    if (jid === undefined) return setProblem(t.badAddress);
    if (jid === chat.address || chat.client.people.contacts.has(jid)) return goTo('c', jid);
    chat.client.people.add(jid, name === '' ? {} : { name }).then(
      () => goTo('c', jid),
      (error: Error) => setProblem(t.failedAction(error.message)),
    );
  };
  return (
    <main tabIndex={-1} class="panel" aria-label={t.newConversation}>
      <header>
        <a class="plain round back always" href={linkTo()} aria-label={t.back}>
          <Icon name="back" />
        </a>
        <h1>{t.newConversation}</h1>
      </header>
      <form class="stack" onSubmit={onSubmit}>
        <label>
          {t.theirAddress}
          <input
            name="address"
            inputMode="email"
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            placeholder={t.theirAddressExample(chat.account.domain)}
            required
          />
        </label>
        <label>
          {t.theirName}
          <input name="name" autocomplete="off" />
        </label>
        {problem !== undefined && <p role="alert">{problem}</p>}
        <div class="buttons">
          <button type="submit" class="primary" disabled={chat.status !== 'online'}>
            {t.start}
          </button>
          <a class="button quiet" href={linkTo('c', chat.address)}>
            {t.notes}
          </a>
        </div>
      </form>
      {chat.services?.invitations === true && <Invite />}
    </main>
  );
}

function Invite(): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const [link, setLink] = useState<string>();
  const [note, setNote] = useState<string>();
  const invite = (): void => {
    createInvitation(chat.client, chat.account.domain, location.origin).then(setLink, (error: Error) =>
      setNote(t.failedAction(error.message)),
    );
  };
  return (
    <section class="stack">
      <h2>{t.invite}</h2>
      <p class="hint">{t.inviteHint}</p>
      <button type="button" onClick={invite}>
        <Icon name="invite" /> {t.invite}
      </button>
      {link !== undefined && (
        <div class="inline">
          <input
            readOnly
            aria-label={t.inviteLink}
            value={link}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
          <button
            type="button"
            onClick={() => {
              // Where the browser does not let us, the link is there to be marked by hand.
              void navigator.clipboard.writeText(link).then(
                () => setNote(t.copied),
                () => undefined,
              );
            }}
          >
            {t.copyLink}
          </button>
        </div>
      )}
      <p role="status">{note}</p>
    </section>
  );
}
