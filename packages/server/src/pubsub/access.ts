import { type JID, StanzaError } from '@tutti/xmpp';
import { pubsubError } from './errors.ts';
import type { PubsubHost } from './host.ts';
import type { MemberStore } from './member-store.ts';
import type { Affiliation, NodeConfig, NodeRecord } from './model.ts';

/** What somebody is at a node. */
export interface Role {
  readonly affiliation: Affiliation | undefined;
  readonly subscribed: boolean;
}

/** What somebody is at a node, as the service and the database have it. */
export async function findRole(host: PubsubHost, members: MemberStore, node: NodeRecord, jid: JID): Promise<Role> {
  if (host.isOwner(jid)) return { affiliation: 'owner', subscribed: true };
  const bare = jid.bare.toString();
  const [affiliation, subscriptions] = await Promise.all([
    members.affiliation(node.id, bare),
    members.subscriptions(node.id, bare),
  ]);
  return { affiliation, subscribed: subscriptions.some(({ state }) => state === 'subscribed') };
}

/** XEP-0060 §6.1.3, §6.5.2: why somebody may not subscribe to a node or read it; undefined: they may. With `authorize` only who is approved may. */
export function refuseAccess(
  host: PubsubHost,
  config: NodeConfig,
  jid: JID,
  { affiliation, subscribed }: Role,
): StanzaError | undefined {
  switch (affiliation) {
    case 'owner':
    case 'publisher':
    case 'member':
      return undefined;
    case 'outcast':
    case 'publish-only':
      return new StanzaError('forbidden');
    case undefined:
      break;
  }
  if (host.isBlocked(jid)) return new StanzaError('forbidden');
  switch (config.accessModel) {
    case 'open':
      return undefined;
    case 'presence':
      if (host.sharesPresence(jid)) return undefined;
      return pubsubError('not-authorized', 'presence-subscription-required');
    case 'roster':
      if (host.sharesPresence(jid) && host.groupsOf(jid).some((group) => config.rosterGroups.includes(group)))
        return undefined;
      return pubsubError('not-authorized', 'not-in-roster-group');
    case 'whitelist':
      return pubsubError('not-allowed', 'closed-node');
    case 'authorize':
      return subscribed ? undefined : pubsubError('not-authorized', 'not-subscribed');
  }
}

/** XEP-0060 §7.1: may somebody publish? */
export function mayPublish(config: NodeConfig, { affiliation, subscribed }: Role): boolean {
  if (affiliation === 'owner' || affiliation === 'publisher' || affiliation === 'publish-only') return true;
  if (affiliation === 'outcast') return false;
  return config.publishModel === 'open' || (config.publishModel === 'subscribers' && subscribed);
}
