import type { Conversation, Message } from '@tutti/client';
import { Fragment, type JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isSameDay } from '../text/time.ts';
import { Icon } from './icons.tsx';
import { type MessageHandlers, MessageView } from './message.tsx';
import { useNow, usePage } from './page.tsx';

interface TimelineProps {
  readonly conversation: Conversation;
  /** There may be more than it has yet. */
  readonly isFilling: boolean;
  readonly peerName: string;
  /** A message to go to first. */
  readonly wanted: string | undefined;
  readonly onReply: (message: Message) => void;
  readonly onEdit: (message: Message) => void;
}

/** How many messages are drawn at first, and more with each step back. */
const FIRST = 60;
const STEP = 200;
/** How near the end counts as the end, in pixels. */
const NEAR = 60;
/** Longer pauses separate what one person says. */
const PAUSE_MS = 5 * 60_000;

/** The messages of a conversation. It stays at its end when it is there, and else where the reader is. */
export function Timeline({ conversation, isFilling, peerName, wanted, onReply, onEdit }: TimelineProps): JSX.Element {
  const { t, times } = usePage();
  const now = useNow();
  const { messages } = conversation;
  const box = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState(() => Math.max(FIRST, countFrom(messages, wanted)));
  const [open, setOpen] = useState<string>();
  const [current, setCurrent] = useState<string>();
  const [isAtEnd, setAtEnd] = useState(true);
  const scroll = useRef({ atEnd: wanted === undefined, top: 0, fromBottom: undefined as number | undefined });
  // Where the new ones began when the conversation was opened.
  const [firstNew] = useState(() => findFirstUnread(conversation));

  const keep = (): void => {
    const element = box.current;
    if (element === null) return;
    const { fromBottom, top } = scroll.current;
    // The keyboard has moved it, of which the event is still to come.
    if (element.scrollTop < top && !isNearEnd(element)) scroll.current.atEnd = false;
    if (fromBottom !== undefined) element.scrollTop = element.scrollHeight - fromBottom;
    else if (scroll.current.atEnd) element.scrollTop = element.scrollHeight;
    scroll.current.fromBottom = undefined;
    scroll.current.top = element.scrollTop;
  };
  useLayoutEffect(keep);
  useEffect(() => {
    const observer = new ResizeObserver(keep);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const read = (): void => {
      if (scroll.current.atEnd && document.visibilityState === 'visible' && document.hasFocus()) {
        // It is kept and repeated like any other message; nothing waits for it.
        void conversation.markDisplayed()?.catch(() => undefined);
      }
    };
    read();
    addEventListener('focus', read);
    document.addEventListener('visibilitychange', read);
    return () => {
      removeEventListener('focus', read);
      document.removeEventListener('visibilitychange', read);
    };
  });

  const showEarlier = (): void => {
    const element = box.current;
    if (element !== null) scroll.current.fromBottom = element.scrollHeight - element.scrollTop;
    setShown((n) => n + STEP);
  };
  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    const atEnd = isNearEnd(element);
    scroll.current.atEnd = atEnd;
    scroll.current.top = element.scrollTop;
    setAtEnd(atEnd);
    if (element.scrollTop < NEAR && shown < messages.length) showEarlier();
  };
  const go = (messageId: string): void => {
    setShown((n) => Math.max(n, countFrom(messages, messageId)));
    setCurrent(messageId);
    scroll.current.atEnd = false;
    requestAnimationFrame(() => find(box.current, messageId)?.scrollIntoView({ block: 'center' }));
  };
  useEffect(() => {
    if (wanted !== undefined) go(wanted);
  }, [wanted]);

  const handlers = useMemo<MessageHandlers>(
    () => ({
      toggle: ({ messageId }) => setOpen((before) => (before === messageId ? undefined : messageId)),
      focus: ({ messageId }) => setCurrent(messageId),
      reply: (message) => {
        setOpen(undefined);
        onReply(message);
      },
      edit: (message) => {
        setOpen(undefined);
        onEdit(message);
      },
      go,
      grew: keep,
    }),
    [conversation],
  );

  const first = Math.max(0, messages.length - shown);
  const visible = messages.slice(first);
  const byId = indexById(messages);
  const milestones = findMilestones(visible);
  const keys = nameAll(visible);
  const reached = visible.some(({ messageId }) => messageId === current) ? current : visible.at(-1)?.messageId;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && open !== undefined) {
      event.stopPropagation();
      setOpen(undefined);
      find(box.current, open)?.focus();
      return;
    }
    if (!(event.target instanceof HTMLLIElement)) return;
    const index = visible.findIndex(({ messageId }) => messageId === reached);
    const next = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: visible.length - 1 }[event.key];
    const target = next === undefined ? undefined : visible[next];
    if (event.key === 'Enter' && reached !== undefined) setOpen((before) => (before === reached ? undefined : reached));
    else if (target !== undefined) find(box.current, target.messageId)?.focus();
    else return;
    event.preventDefault();
  };

  return (
    <div class="timeline-frame">
      <div class="timeline" ref={box} onScroll={onScroll} onKeyDown={onKeyDown}>
        {first > 0 && (
          <button type="button" class="quiet earlier" onClick={showEarlier}>
            {t.earlier}
          </button>
        )}
        {messages.length === 0 && <p class="empty">{isFilling ? t.loading : t.nothingYet}</p>}
        <div role="log" aria-label={t.messages}>
          <ol>
            {visible.map((message, index) => {
              const before = visible[index - 1];
              const isNewDay = before === undefined || !isSameDay(before.time, message.time);
              const isContinued =
                !isNewDay && before.outgoing === message.outgoing && message.time - before.time < PAUSE_MS;
              return (
                <Fragment key={keys[index]}>
                  {isNewDay && <li class="divider">{times.day(message.time, now)}</li>}
                  {message.messageId === firstNew && <li class="divider new">{t.newMessages}</li>}
                  <MessageView
                    message={message}
                    answered={message.replyTo === undefined ? undefined : byId.get(message.replyTo)}
                    isContinued={isContinued && message.messageId !== firstNew}
                    isMilestone={milestones.has(message.messageId)}
                    isOpen={open === message.messageId}
                    isCurrent={reached === message.messageId}
                    isWanted={wanted === message.messageId}
                    peerName={peerName}
                    conversation={conversation}
                    handlers={handlers}
                  />
                </Fragment>
              );
            })}
          </ol>
        </div>
      </div>
      {!isAtEnd && (
        <button
          type="button"
          class="round to-latest"
          aria-label={t.toLatest}
          title={t.toLatest}
          onClick={() => {
            scroll.current.atEnd = true;
            keep();
          }}
        >
          <Icon name="down" />
          {conversation.unread > 0 && <span class="badge">{conversation.unread}</span>}
        </button>
      )}
    </div>
  );
}

function isNearEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

function find(box: HTMLElement | null, messageId: string): HTMLElement | undefined {
  const all = box?.querySelectorAll<HTMLElement>('[data-message]') ?? [];
  return [...all].find((element) => element.dataset['message'] === messageId);
}

/** How many messages there are from one to the end; 0 where it is not there. */
function countFrom(messages: readonly Message[], messageId: string | undefined): number {
  const index = messages.findLastIndex((message) => message.messageId === messageId);
  return index === -1 ? 0 : messages.length - index + 10;
}

function indexById(messages: readonly Message[]): ReadonlyMap<string, Message> {
  const byId = new Map<string, Message>();
  for (const message of messages) {
    byId.set(message.messageId, message);
    if (message.originId !== undefined) byId.set(message.originId, message);
  }
  return byId;
}

/** A name for each, the same from the first moment on; ids are the senders' choice, and some choose twice the same. */
function nameAll(messages: readonly Message[]): readonly string[] {
  const taken = new Set<string>();
  return messages.map(({ messageId, id }) => {
    const name = taken.has(messageId) ? `${messageId} ${id}` : messageId;
    taken.add(name);
    return name;
  });
}

function findFirstUnread({ messages, unread }: Conversation): string | undefined {
  let left = unread;
  if (left === 0) return undefined;
  return messages.findLast(({ outgoing }) => {
    if (!outgoing) left -= 1;
    return left === 0;
  })?.messageId;
}

/** For each state the last own message that got there, unless one behind it got further. */
function findMilestones(messages: readonly Message[]): ReadonlySet<string> {
  const order = ['failed', 'sending', 'archived', 'received', 'displayed'];
  const found = new Set<string>();
  let furthest = -1;
  for (const { outgoing, state, messageId } of messages.toReversed()) {
    if (!outgoing || order.indexOf(state) <= furthest) continue;
    furthest = order.indexOf(state);
    found.add(messageId);
  }
  return found;
}
