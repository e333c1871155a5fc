import type { Element } from '@tutti/xmpp';
import { NS, StanzaError } from '@tutti/xmpp';
import { check } from './failure.ts';

/** Throws unless the stanza is an error with this condition; `type` is compared where it is given. */
export function checkErrorIs(stanza: Element, condition: string | readonly string[], type?: string): void {
  const error = stanza.child('error', NS.client);
  const wanted = typeof condition === 'string' ? [condition] : condition;
  check(
    stanza.attrs['type'] === 'error' && error !== undefined,
    `must be <${wanted.join('/> or <')}/>: ${stanza.toString()}`,
  );
  const found = StanzaError.fromElement(error);
  check(wanted.includes(found.condition), `must be <${wanted.join('/> or <')}/>: ${stanza.toString()}`);
  const given = error.attrs['type'];
  check(
    given !== undefined && (type === undefined || given === type),
    `the error's type must be ${type ?? 'there'}: ${stanza.toString()}`,
  );
}

/** Throws unless the stanza is an IQ result. */
export function checkResult(stanza: Element): void {
  check(stanza.name === 'iq' && stanza.attrs['type'] === 'result', `must be a result: ${stanza.toString()}`);
}

/** Throws unless nothing is in the list. */
export function checkNothing(stanzas: readonly Element[] | undefined, who: string): void {
  check(
    stanzas !== undefined && stanzas.length === 0,
    `${who} must get nothing: ${stanzas?.join(' ') ?? 'not connected'}`,
  );
}

/** Throws unless both are the same, as JSON. */
export function checkEqual(actual: unknown, wanted: unknown, what: string): void {
  const [is, must] = [JSON.stringify(actual), JSON.stringify(wanted)];
  check(is === must, `${what} must be ${must}, is ${is}`);
}

/** The bodies of messages, in order. */
export function bodies(stanzas: readonly Element[]): string[] {
  return stanzas.flatMap((stanza) => stanza.child('body', NS.client)?.text() ?? []);
}
