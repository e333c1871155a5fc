import { type Element, NS, xml } from '@tutti/xmpp';
import type { Extra, Sending, Step } from '../story/story.ts';

/** The stanza of a sending; `key` becomes its id and is in its body, so that every copy can be told. */
export function writeMessage(sending: Sending, key: string, sender: string): Element {
  const { to, type, body, marked, originId, extras, size } = sending;
  return xml(
    'message',
    { id: key, to, type },
    body &&
      xml('body', null, `${key} ${'Wherefore art thou? '.repeat(Math.ceil(size / 20)).slice(0, size)}<&>'"\u{1f339}`),
    ...extras.map((extra) => writeExtra(extra, sender, to)),
    marked && xml('im-ng', { xmlns: NS.imNg }),
    type === 'error' && xml('error', { type: 'cancel' }, xml('item-not-found', { xmlns: NS.stanzas })),
    originId && xml('origin-id', { xmlns: NS.sid, id: `o-${key}` }),
  );
}

/** D6: what a room sends: one message, once for each of these resources. */
export function writeRoomCopies(step: Extract<Step, { do: 'room' }>): Element[] {
  const from = `balcony@rooms.localhost/${step.nick}`;
  const key = `m-${step.id}`;
  return step.to.map((to) =>
    xml(
      'message',
      { from, to, type: step.type, id: step.withId ? key : undefined },
      xml('body', null, `${key} in private`),
      xml('x', { xmlns: NS.mucUser }),
    ),
  );
}

function writeExtra(extra: Extra, sender: string, to: string | undefined): Element {
  switch (extra) {
    case 'chat-state':
      return xml('composing', { xmlns: NS.chatStates });
    case 'receipt':
      return xml('received', { xmlns: NS.receipts, id: 'm-s1' });
    case 'receipt-request':
      return xml('request', { xmlns: NS.receipts });
    case 'no-store':
      return xml('no-store', { xmlns: NS.hints });
    case 'no-copy':
      return xml('no-copy', { xmlns: NS.hints });
    case 'private':
      return xml('private', { xmlns: NS.carbons });
    case 'forged-own':
      return xml('stanza-id', { xmlns: NS.sid, by: bareOf(sender), id: 'forged' });
    case 'forged-peer':
      return xml('stanza-id', { xmlns: NS.sid, by: bareOf(to ?? sender), id: 'forged' });
    case 'thread':
      return xml('thread', null, 'verona');
    case 'custom':
      return xml('letter', { xmlns: 'urn:example:letters', seal: 'red' }, 'Montague & Capulet');
  }
}

function bareOf(jid: string): string {
  return jid.split('/')[0] ?? jid;
}
