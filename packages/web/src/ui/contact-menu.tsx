import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog, Question } from './dialog.tsx';
import { type FormEvent, takeForm } from './form.ts';
import { Icon } from './icons.tsx';
import { useChat, usePage } from './page.tsx';

/** What can be done about a contact. */
export function ContactMenu({ peer, name }: { readonly peer: string; readonly name: string }): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const [open, setOpen] = useState<'menu' | 'block' | 'remove'>();
  const [problem, setProblem] = useState<string>();
  const { people } = chat.client;
  const contact = people.contacts.get(peer);
  const close = (): void => setOpen(undefined);
  const act = (action: Promise<void>): void => {
    action.then(close).catch((error: Error) => {
      setOpen('menu');
      setProblem(t.failedAction(error.message));
    });
  };
  const onSubmit = (event: FormEvent): void => {
    const chosen = takeForm(event)('name').trim();
    act(people.add(peer, { name: chosen, groups: contact?.groups ?? [] }));
  };
  return (
    <>
      <button
        type="button"
        class="plain round"
        aria-label={t.contactActions}
        title={t.contactActions}
        onClick={() => setOpen('menu')}
      >
        <Icon name="more" />
      </button>
      {open === 'menu' && (
        <Dialog title={name} onClose={close}>
          <p class="hint">{peer}</p>
          {problem !== undefined && <p role="alert">{problem}</p>}
          <form class="inline" onSubmit={onSubmit}>
            <label>
              {t.theirName}
              <input name="name" autocomplete="off" defaultValue={contact?.name ?? ''} />
            </label>
            <button type="submit" class="primary">
              {contact === undefined ? t.addContact : t.rename}
            </button>
          </form>
          <div class="buttons">
            {contact !== undefined && (
              <button type="button" onClick={() => setOpen('remove')}>
                {t.removeContact}
              </button>
            )}
            {people.blocked.has(peer) ? (
              <button type="button" onClick={() => act(people.unblock(peer))}>
                {t.unblock}
              </button>
            ) : (
              <button type="button" class="danger" onClick={() => setOpen('block')}>
                {t.block}
              </button>
            )}
          </div>
        </Dialog>
      )}
      {open === 'block' && (
        <Question
          title={t.block}
          text={t.blockSure(name)}
          action={t.block}
          onYes={() => act(people.block(peer))}
          onClose={close}
        />
      )}
      {open === 'remove' && (
        <Question
          title={t.removeContact}
          text={t.removeSure(name)}
          action={t.removeContact}
          onYes={() => act(people.remove(peer))}
          onClose={close}
        />
      )}
    </>
  );
}
