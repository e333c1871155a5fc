import { NS } from '@tutti/xmpp';

/** XEP-0060 §16.3: what every service of the engine can do. */
export const PUBSUB_FEATURES: readonly string[] = [
  'access-authorize',
  'access-open',
  'access-whitelist',
  'auto-create',
  'config-node',
  'config-node-max',
  'create-and-configure',
  'create-nodes',
  'delete-items',
  'delete-nodes',
  'get-pending',
  'instant-nodes',
  'item-ids',
  'manage-subscriptions',
  'member-affiliation',
  'meta-data',
  'modify-affiliations',
  'multi-items',
  'outcast-affiliation',
  'persistent-items',
  'publish',
  'publish-only-affiliation',
  'publish-options',
  'publisher-affiliation',
  'purge-nodes',
  'retrieve-affiliations',
  'retrieve-default',
  'retrieve-default-sub',
  'retrieve-items',
  'retrieve-subscriptions',
  'rsm',
  'subscribe',
  'subscription-notifications',
  'subscription-options',
].map(nameFeature);

/** XEP-0060 §16.3: the feature as service discovery has it. */
export function nameFeature(name: string): string {
  return `${NS.pubsub}#${name}`;
}
