import { NS, type StanzaCondition, StanzaError, xml } from '@tutti/xmpp';

/** The conditions of XEP-0060's own that this server uses (§16.2). */
export type PubsubCondition =
  | 'closed-node'
  | 'invalid-jid'
  | 'invalid-payload'
  | 'item-forbidden'
  | 'item-required'
  | 'jid-required'
  | 'max-items-exceeded'
  | 'max-nodes-exceeded'
  | 'nodeid-required'
  | 'not-in-roster-group'
  | 'not-subscribed'
  | 'payload-required'
  | 'payload-too-big'
  | 'pending-subscription'
  | 'precondition-not-met'
  | 'presence-subscription-required'
  | 'too-many-subscriptions'
  | 'unsupported-access-model';

/** A stanza error with a condition of XEP-0060's own. */
export function pubsubError(condition: StanzaCondition, specific: PubsubCondition, text?: string): StanzaError {
  const extra = xml(specific, { xmlns: NS.pubsubErrors });
  return new StanzaError(condition, {
    extra,
    text,
    ...(condition === 'resource-constraint' ? { type: 'cancel' } : {}),
  });
}

/** A part of XEP-0060 that is not there (`feature` is its name without prefix, §16.3). */
export function unsupported(feature: string): StanzaError {
  const extra = xml('unsupported', { xmlns: NS.pubsubErrors, feature });
  return new StanzaError('feature-not-implemented', { extra });
}
