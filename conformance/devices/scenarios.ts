import { type Element, NS, xml } from '@tutti/xmpp';

/** Something that one of Alice's three devices sends, and who should see it where every device sees the same conversation. */
export interface Scenario {
  readonly title: string;
  /** `bare`: Bob's bare JID; `full`: that of his phone; `self`: Alice's own; `nobody`: an account that does not exist. */
  readonly to: 'bare' | 'full' | 'nobody' | 'self';
  readonly type?: 'chat' | 'error' | 'headline' | undefined;
  readonly payload: (id: string) => readonly Element[];
  /** Who sends does not have it on the other devices: errors are for whom they answer (S5). */
  readonly unreflected?: true;
  /** Bob's devices, where they are not all online with priority 0. */
  readonly bob?: 'away' | 'tablet behind';
}

const body = (text: string): Element => xml('body', null, text);
const state = (): readonly Element[] => [xml('composing', { xmlns: NS.chatStates })];
const receipt = (): readonly Element[] => [xml('received', { xmlns: NS.receipts, id: 'earlier' })];
const reaction = (): readonly Element[] => [
  xml('reactions', { xmlns: NS.reactions, id: 'earlier' }, xml('reaction', null, '+')),
  xml('store', { xmlns: NS.hints }),
];

/** What people do every day, and what today's servers do with it differs from server to server. */
export const scenarios: readonly Scenario[] = [
  { title: 'a message to the bare JID', to: 'bare', type: 'chat', payload: () => [body('hello')] },
  {
    title: 'a message to a full JID (a reply that is locked to a device)',
    to: 'full',
    type: 'chat',
    payload: () => [body('hello')],
  },
  { title: 'a message without a type to a full JID', to: 'full', payload: () => [body('hello')] },
  {
    title: 'a message to the bare JID; one device has a negative priority',
    to: 'bare',
    type: 'chat',
    payload: () => [body('hello')],
    bob: 'tablet behind',
  },
  {
    title: 'a message while all of his devices are away',
    to: 'bare',
    type: 'chat',
    payload: () => [body('hello')],
    bob: 'away',
  },
  { title: 'a typing notification to a full JID', to: 'full', type: 'chat', payload: state },
  { title: 'a receipt to a full JID (XEP-0184)', to: 'full', type: 'chat', payload: receipt },
  { title: 'a receipt to the bare JID', to: 'bare', type: 'chat', payload: receipt },
  { title: 'a reaction to the bare JID (XEP-0444)', to: 'bare', type: 'chat', payload: reaction },
  { title: 'a reaction to a full JID', to: 'full', type: 'chat', payload: reaction },
  {
    title: 'a message that is not to be stored (XEP-0334)',
    to: 'bare',
    type: 'chat',
    payload: () => [body('hello'), xml('no-store', { xmlns: NS.hints })],
  },
  {
    title: 'an error to a full JID',
    unreflected: true,
    to: 'full',
    type: 'error',
    payload: () => [xml('error', { type: 'cancel' }, xml('not-acceptable', { xmlns: NS.stanzas }))],
  },
  { title: 'a headline to the bare JID', to: 'bare', type: 'headline', payload: () => [body('news')] },
  { title: 'a note to oneself', to: 'self', type: 'chat', payload: () => [body('milk')] },
  {
    title: 'a message to an account that is not there: the bounce',
    to: 'nobody',
    type: 'chat',
    payload: () => [body('hello')],
  },
];
