import { type Element, NS, writeForm, xml } from '@tutti/xmpp';
import type { Config } from '../../feature.ts';

/** What an app server may be told of. */
export interface Summary {
  /** Messages that nobody has seen. */
  readonly count: number;
  /** The last one; undefined: there is no new one. */
  readonly last: { readonly from: string /** Cut. */; readonly body: string } | undefined;
}

/** §6: the item that is published, with no more than the configuration lets out of the house. */
export function writePublish(
  { node, options }: { readonly node: string; readonly options: Element | undefined },
  { count, last }: Summary,
  { content }: Config['push'],
): Element {
  const isSender = content === 'sender' || content === 'body';
  const fields = [
    { var: 'message-count', value: count },
    ...(last !== undefined && isSender ? [{ var: 'last-message-sender', value: last.from }] : []),
    ...(last !== undefined && content === 'body' ? [{ var: 'last-message-body', value: last.body }] : []),
  ];
  const summary = content === 'nothing' ? undefined : writeForm('submit', NS.pushSummary, fields);
  const notification = xml('notification', { xmlns: NS.push }, summary);
  return xml(
    'pubsub',
    { xmlns: NS.pubsub },
    xml('publish', { node }, xml('item', null, notification)),
    options !== undefined && xml('publish-options', null, options),
  );
}

/** As much of a text as fits into so many bytes of UTF-8, whole characters; 0 = all of it. */
export function cut(text: string, bytes: number): string {
  if (bytes === 0) return text;
  let left = bytes;
  let kept = '';
  for (const character of text) {
    left -= ENCODER.encode(character).length;
    if (left < 0) break;
    kept += character;
  }
  return kept;
}

const ENCODER = new TextEncoder();

/** Is it something that a person wants to be woken for: a text, a secret one, a call, an invitation? Not a receipt, nor that somebody types. */
export function isWorthPushing(message: Element): boolean {
  const { type } = message.attrs;
  if (type === 'error' || type === 'headline') return false;
  return message.elements.some((child) => {
    if (child.name === 'body') return child.ns === message.ns && child.text() !== '';
    if (child.name === 'encrypted') return child.ns === NS.omemo || child.ns === NS.omemoLegacy;
    if (child.name === 'propose') return child.ns === NS.jingleMessage;
    if (child.ns === NS.mucDirectInvite) return true;
    return child.ns === NS.mucUser && child.child('invite') !== undefined;
  });
}
