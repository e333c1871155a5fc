import { type Conversation, type Message } from '@tutti/client';
import { StanzaError } from '@tutti/xmpp';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { loadDraft, saveDraft } from '../model/account.ts';
import { isPicture, readWebUrl } from '../text/links.ts';
import { describe } from './conversation-list.tsx';
import { Icon } from './icons.tsx';
import { useChat, usePage } from './page.tsx';
import { useTyping } from './typing.ts';

/** What the next text is about. */
export type Purpose = { readonly kind: 'reply' | 'edit'; readonly message: Message } | undefined;

interface ComposerProps {
  readonly conversation: Conversation;
  readonly peerName: string;
  readonly purpose: Purpose;
  readonly onPurpose: (purpose: Purpose) => void;
}

/** Where messages are written. */
export function Composer({ conversation, peerName, purpose, onPurpose }: ComposerProps): JSX.Element {
  const { t } = usePage();
  const chat = useChat();
  const { peer } = conversation;
  const [text, setText] = useState(() => loadDraft(peer));
  const [note, setNote] = useState<string>();
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const typing = useTyping(conversation, chat);
  const upload = chat.services?.upload;

  useLayoutEffect(() => {
    const element = area.current;
    if (element === null) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
  useEffect(() => {
    if (purpose?.kind === 'edit') setText(purpose.message.body);
    if (purpose !== undefined) area.current?.focus();
  }, [purpose]);
  useEffect(() => {
    // On a phone the keyboard would cover what is to be read.
    if (!matchMedia('(pointer: coarse)').matches) area.current?.focus();
  }, [peer]);

  const write = (value: string): void => {
    setText(value);
    if (purpose?.kind !== 'edit') saveDraft(peer, value);
    typing.wrote(value !== '');
  };
  const leavePurpose = (): void => {
    if (purpose?.kind === 'edit') setText(loadDraft(peer));
    onPurpose(undefined);
  };
  const send = (): void => {
    const body = text.trim();
    if (body === '') return;
    // What comes of it shows in the message.
    void submit(conversation, purpose, body).catch(() => undefined);
    if (purpose?.kind === 'edit') setText(loadDraft(peer));
    else {
      setText('');
      saveDraft(peer, '');
    }
    typing.sent();
    onPurpose(undefined);
  };
  const sendFiles = async (files: Iterable<File>): Promise<void> => {
    for (const file of files) {
      setNote(t.uploading(file.name));
      try {
        await chat.sendFile(conversation, file);
        setNote(undefined);
      } catch (error) {
        const isTooLarge = error instanceof StanzaError && error.condition === 'not-acceptable';
        setNote(isTooLarge ? t.uploadTooLarge(file.name) : t.uploadFailed(file.name));
      }
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !matchMedia('(pointer: coarse)').matches) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && purpose !== undefined) {
      event.stopPropagation();
      leavePurpose();
    } else if (event.key === 'ArrowUp' && text === '') {
      const last = conversation.messages.findLast(({ outgoing, retracted }) => outgoing && !retracted);
      if (last !== undefined && last.body !== '' && last.state !== 'failed') onPurpose({ kind: 'edit', message: last });
      event.preventDefault();
    }
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
        area.current?.focus();
      }}
    >
      {purpose !== undefined && <PurposeLine purpose={purpose} peerName={peerName} onLeave={leavePurpose} />}
      {note !== undefined && (
        <p class="note" role="status">
          {note}
        </p>
      )}
      <div class="line">
        {upload !== undefined && (
          <>
            <input
              ref={picker}
              type="file"
              multiple
              hidden
              onChange={({ currentTarget }) => {
                void sendFiles([...(currentTarget.files ?? [])]);
                currentTarget.value = '';
              }}
            />
            <button
              type="button"
              class="plain round"
              aria-label={t.attach}
              title={t.attach}
              disabled={chat.status !== 'online'}
              onClick={() => picker.current?.click()}
            >
              <Icon name="attach" />
            </button>
          </>
        )}
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          aria-label={t.writeTo(peerName)}
          placeholder={t.write}
          enterkeyhint="send"
          value={text}
          onInput={({ currentTarget }) => write(currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = [...(event.clipboardData?.files ?? [])];
            if (files.length === 0 || upload === undefined) return;
            event.preventDefault();
            void sendFiles(files);
          }}
        />
        <button type="submit" class="primary round" aria-label={t.send} title={t.send} disabled={text.trim() === ''}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}

interface PurposeProps {
  readonly purpose: NonNullable<Purpose>;
  readonly peerName: string;
  readonly onLeave: () => void;
}

function PurposeLine({ purpose: { kind, message }, peerName, onLeave }: PurposeProps): JSX.Element {
  const page = usePage();
  const { t } = page;
  return (
    <div class="purpose">
      <div>
        <strong>{kind === 'edit' ? t.editing : t.replyingTo(message.outgoing ? t.you : peerName)}</strong>
        <span>{describe({ ...message, outgoing: false }, page)}</span>
      </div>
      <button type="button" class="plain round" aria-label={t.cancel} onClick={onLeave}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Sends a text for what it is: an answer, a new wording, the address of a picture, or itself. */
function submit(conversation: Conversation, purpose: Purpose, body: string): Promise<string> {
  if (purpose?.kind === 'edit') {
    return body === purpose.message.body ? Promise.resolve('') : conversation.edit(purpose.message, body);
  }
  if (purpose?.kind === 'reply') return conversation.reply(purpose.message, body);
  const url = /\s/.test(body) ? undefined : readWebUrl(body);
  return url !== undefined && isPicture(url)
    ? conversation.send({ body, attachments: [body] })
    : conversation.send(body);
}
