/** XEP-0220 Server Dialback: its keys and its elements. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Element, escapeAttribute, escapeText, NS, StanzaError, xml } from '@tutti/xmpp';

/** The three things that a key is made for. */
export interface DialbackClaim {
  /** The domain that wants to send: the originating server. */
  readonly originating: string;
  /** The domain that it wants to send to. */
  readonly receiving: string;
  /** Made by the receiving server. */
  readonly streamId: string;
}

/** XEP-0185 §2. */
export function makeKey(secret: Uint8Array, { originating, receiving, streamId }: DialbackClaim): string {
  const key = createHash('sha256').update(secret).digest('hex');
  return createHmac('sha256', key).update(`${receiving} ${originating} ${streamId}`).digest('hex');
}

/** Whether a key is one of ours. */
export function isKey(secret: Uint8Array, claim: DialbackClaim, key: string): boolean {
  const expected = Buffer.from(makeKey(secret, claim));
  const given = Buffer.from(key);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

export type DialbackOutcome = 'valid' | 'invalid' | StanzaError;

/** The attributes of an element of dialback. */
export interface DialbackFields {
  readonly from: string;
  readonly to: string;
  readonly id?: string;
}

/** XEP-0220 §2.1.1, §2.1.2: asks, with a key. Written with the prefix `db`, which some servers take for the name. */
export function writeRequest(name: 'result' | 'verify', { from, to, id }: DialbackFields, key: string): string {
  return `<db:${name}${writeFields(from, to, id)}>${escapeText(key)}</db:${name}>`;
}

/** XEP-0220 §2.2.1, §2.2.2, §2.4: answers. */
export function writeAnswer(
  name: 'result' | 'verify',
  { from, to, id }: DialbackFields,
  outcome: DialbackOutcome,
): string {
  const fields = writeFields(from, to, id);
  if (!(outcome instanceof StanzaError)) return `<db:${name}${fields} type='${outcome}'/>`;
  const error = outcome.toElement().toString(NS.client);
  return `<db:${name}${fields} type='error'>${error}</db:${name}>`;
}

/** The outcome that an answer tells, in words; undefined: it is valid. */
export function explainAnswer(answer: Element): string | undefined {
  const { type } = answer.attrs;
  if (type === 'valid') return undefined;
  const condition = answer.elements.find(({ name }) => name === 'error')?.elements[0]?.name;
  return condition === undefined ? `"${type ?? ''}"` : `"${type ?? ''}" (${condition})`;
}

/** XEP-0220 §2.4: the stream feature. */
export function dialbackFeature(): Element {
  return xml('dialback', { xmlns: NS.dialbackFeature }, xml('errors'));
}

function writeFields(from: string, to: string, id: string | undefined): string {
  const idText = id === undefined ? '' : ` id='${escapeAttribute(id)}'`;
  return ` from='${escapeAttribute(from)}' to='${escapeAttribute(to)}'${idText}`;
}
