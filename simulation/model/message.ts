import { type Element, NS, parseXml } from '@tutti/xmpp';

/** How a message reached a session. `direct`: itself; `received`, `sent`: a carbon; `replay`: from before it came (D5); `result`: of a MAM query. */
export type Form = 'direct' | 'received' | 'sent' | 'replay' | 'result';

/** A message as somebody has it. */
export interface Copy {
  /** Names the message; errors end with `!`. */
  readonly key: string;
  readonly form: Form;
  /** The stanza-id by the account that has it. */
  readonly id: string | undefined;
  /** Without that stanza-id, and without the delay of a replay. */
  readonly xml: string;
  /** Whether it was wrapped as it should be; undefined: not at all. */
  readonly wrapper: Element | undefined;
  readonly type: string | undefined;
}

/** Names a message: its id, or its text where it has none. The error that answers a message has its id. */
export function keyOf(message: Element): string {
  const id = message.attrs['id'] ?? message.child('body')?.text().split(' ')[0] ?? '?';
  return message.attrs['type'] === 'error' ? `${id}!` : id;
}

/** Reads what a session of `account` got; undefined for what is no message. */
export function readCopy(element: Element, account: string): Copy | undefined {
  if (element.name !== 'message') return undefined;
  const result = element.child('result', NS.mam);
  if (result !== undefined) return unwrap('result', element, result, account, result.attrs['id']);
  if (element.attrs['from'] === account) {
    for (const form of ['received', 'sent'] as const) {
      const carbon = element.child(form, NS.carbons);
      if (carbon !== undefined) return unwrap(form, element, carbon, account, undefined);
    }
  }
  const delayed = element.elements.some((child) => child.is('delay', NS.delay));
  return copyOf(delayed ? 'replay' : 'direct', element, account, undefined, undefined);
}

/** The stanza of a row. */
export function readRow(bytes: Uint8Array): Element {
  return parseXml(bytes, NS.client);
}

function unwrap(
  form: Form,
  wrapper: Element,
  child: Element,
  account: string,
  id: string | undefined,
): Copy | undefined {
  const inner = child.child('forwarded', NS.forward)?.elements.find(({ name }) => name === 'message');
  return inner && copyOf(form, inner, account, wrapper, id);
}

function copyOf(
  form: Form,
  message: Element,
  account: string,
  wrapper: Element | undefined,
  id: string | undefined,
): Copy {
  const ours = message.elements.filter((child) => child.is('stanza-id', NS.sid) && child.attrs['by'] === account);
  const last = ours.at(-1);
  const rest = message.without((child) => child === last || (form === 'replay' && child.is('delay', NS.delay)));
  return {
    key: keyOf(message),
    form,
    id: id ?? last?.attrs['id'],
    xml: rest.toString(NS.client),
    wrapper,
    type: message.attrs['type'],
  };
}
