import type { Message } from '@tutti/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Question } from './dialog.tsx';
import type { MessageProps } from './message.tsx';
import { usePage } from './page.tsx';

/** What one reacts with mostly. */
const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🎉'];

/** What can be done with a message. */
export function MessageActions({ message, conversation, handlers }: MessageProps): JSX.Element {
  const { t } = usePage();
  const [isTakingBack, setTakingBack] = useState(false);
  const close = (): void => handlers.toggle(message);
  const { outgoing, body, state, reactions } = message;
  const isStored = state !== 'failed' && state !== 'sending';
  const react = (emoji: string): void => {
    close();
    // What comes of it shows in the message.
    void conversation.react(message, ...toggle(reactions.own, emoji)).catch(() => undefined);
  };
  return (
    <div class="actions" role="group" aria-label={t.actions}>
      {isStored && (
        <div class="emoji">
          {EMOJI.map((emoji) => (
            <button
              key={emoji}
              type="button"
              class="plain"
              aria-label={t.reactWith(emoji)}
              aria-pressed={reactions.own.includes(emoji)}
              onClick={() => react(emoji)}
            >
              {emoji}
            </button>
          ))}
        </div>
      )}
      <div class="verbs">
        {isStored && (
          <button type="button" class="plain" onClick={() => handlers.reply(message)}>
            {t.reply}
          </button>
        )}
        {isStored && outgoing && body !== '' && (
          <button type="button" class="plain" onClick={() => handlers.edit(message)}>
            {t.edit}
          </button>
        )}
        {body !== '' && (
          <button type="button" class="plain" onClick={() => copy(message, close)}>
            {t.copy}
          </button>
        )}
        {isStored && outgoing && (
          <button type="button" class="plain" onClick={() => setTakingBack(true)}>
            {t.takeBack}
          </button>
        )}
      </div>
      {isTakingBack && (
        <Question
          title={t.takeBack}
          text={t.takeBackSure}
          action={t.takeBack}
          onYes={() => {
            close();
            void conversation.retract(message).catch(() => undefined);
          }}
          onClose={() => setTakingBack(false)}
        />
      )}
    </div>
  );
}

function toggle(reactions: readonly string[], emoji: string): readonly string[] {
  return reactions.includes(emoji) ? reactions.filter((one) => one !== emoji) : [...reactions, emoji];
}

function copy({ body }: Message, done: () => void): void {
  // A browser that does not let us leaves the text as it is: to be marked by hand.
  void navigator.clipboard.writeText(body).catch(() => undefined);
  done();
}
