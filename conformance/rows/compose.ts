import { type Element, NS, xml } from '@tutti/xmpp';
import type { Sending } from './row.ts';

/** The stanza that a row sends. */
export function composeMessage(send: Sending, to: string | undefined, id: string): Element {
  const children = send.children ?? [xml('body', null, `message ${id}`)];
  const marker = send.marker === true && xml('im-ng', { xmlns: NS.imNg });
  return xml('message', { to, type: send.type, id }, ...children, marker);
}
