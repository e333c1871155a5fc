import { type Element, JID, StanzaError } from '@tutti/xmpp';
import { isKey, writeAnswer } from './dialback.ts';
import type { FederationEnvironment } from './environment.ts';

/** The two domains of an element of dialback; undefined when one is missing or is none. */
export function readPair({ attrs }: Element): { readonly from: string; readonly to: string } | undefined {
  const from = JID.tryParse(attrs['from'] ?? '');
  const to = JID.tryParse(attrs['to'] ?? '');
  return from?.isDomain === true && to?.isDomain === true ? { from: from.domain, to: to.domain } : undefined;
}

/** XEP-0220 §2.2.2: another server asks whether a key is ours. Gives the answer; undefined when the question makes no sense. */
export function answerVerification(question: Element, env: FederationEnvironment): string | undefined {
  const pair = readPair(question);
  const { id } = question.attrs;
  if (pair === undefined || id === undefined) return undefined;
  const { from: receiving, to: originating } = pair;
  const fields = { from: originating, to: receiving, id };
  if (!env.isLocalDomain(originating)) return writeAnswer('verify', fields, new StanzaError('item-not-found'));
  const isOurs = isKey(env.secret, { originating, receiving, streamId: id }, question.text().trim());
  if (!isOurs)
    env.logger.warn({ local: originating, remote: receiving }, 's2s: somebody poses as us: a key is not ours');
  return writeAnswer('verify', fields, isOurs ? 'valid' : 'invalid');
}
