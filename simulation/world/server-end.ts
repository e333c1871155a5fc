import { type Element, NS } from '@tutti/xmpp';
import type { StreamSession } from '../../packages/server/src/stream/host.ts';
import type { Link, ServerEnd } from './link.ts';
import type { Recorder, SessionRecord } from './recorder.ts';

/** The server's side of a link: a session, with what arrives for it written down. */
export function serverEnd(
  session: StreamSession,
  link: Link,
  record: () => SessionRecord | undefined,
  recorder: Recorder,
): ServerEnd {
  return {
    receive(element) {
      const known = record();
      if (known !== undefined) recorder.received(known, element);
      session.receive(element);
    },
    drained: () => session.drained(),
    disconnected: (clean) => session.disconnected(link, clean),
  };
}

/** An element for a story. */
export function shorten(element: Element): string {
  const text = element.toString(NS.client);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
