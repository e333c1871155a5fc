import { JID, NS, xml } from '@tutti/xmpp';
import { defineFeature, type FeatureApi } from '../../feature.ts';
import { Availability } from './availability.ts';
import { DirectedPresence } from './directed.ts';
import { Outlet } from './outlet.ts';
import { Presences } from './presences.ts';
import { PortableRosters } from './portable.ts';
import { hasFrom, hasTo } from './roster.ts';
import { Rosters } from './rosters.ts';
import { rosterMigrations } from './schema.ts';
import { Subscriptions } from './subscriptions.ts';

/** RFC 6121 §2 to §4: rosters, presence subscriptions and presence. */
export const rosterAndPresence = defineFeature({
  spec: 'RFC 6121',
  name: 'Instant Messaging and Presence',
  migrations: rosterMigrations,
  setup(api) {
    const rosters = new Rosters(api);
    const outlet = new Outlet(api);
    const subscriptions = new Subscriptions(api, rosters, outlet);
    const directed = new DirectedPresence(() => api.config.limits.directedPresences);
    const availability = new Availability(api, rosters, subscriptions, outlet, directed);

    api.provideRoster({
      isContact: (account, peer) => rosters.item(account, peer) !== undefined,
      contacts: (account) => rosters.of(account).items.values(),
      subscribe: (account, peer, type) => subscriptions.send(account, peer, type, xml('presence', { type })),
      contact: (account, peer) => rosters.item(account, peer),
      maySeePresence: (account, peer) => peer.bare.equals(account.jid) || hasFrom(rosters.item(account, peer)),
    });
    handleRosterRequests(api, rosters, subscriptions);
    api.portable(new PortableRosters(api, rosters));
    api.streamFeature(() => xml('ver', { xmlns: NS.rosterVersioning })); // §2.6.1
    api.streamFeature(() => xml('sub', { xmlns: NS.preApproval })); // §3.4.1

    api.presence(new Presences(api, availability, subscriptions, outlet, directed));
    api.on('sessionEnded', (session) => availability.withdraw(session)); // §4.5.2
    api.on('blockChanged', (account, blocked, concerns) => availability.blockChanged(account, blocked, concerns));
    api.on('accountRemoved', (jid) => endSubscriptions(api, rosters, subscriptions, jid));
  },
});

function handleRosterRequests(api: FeatureApi, rosters: Rosters, subscriptions: Subscriptions): void {
  const route = { name: 'query', ns: NS.roster, target: ['own', 'account'] } as const;
  api.iq({ ...route, type: 'get' }, (request) => rosters.get(request));
  api.iq({ ...route, type: 'set' }, async (request) => {
    const item = rosters.read(request);
    const { session } = request;
    if (session === undefined) return undefined;
    if (item.remove) await subscriptions.remove(session.account, item.jid);
    else await rosters.set(session, item);
    return undefined;
  });
}

/** The contacts of an account that is no more: neither side of a subscription is left, for whoever has its name later. */
async function endSubscriptions(
  api: FeatureApi,
  rosters: Rosters,
  subscriptions: Subscriptions,
  gone: JID,
): Promise<void> {
  for (const name of await rosters.store.accountsWith(gone.toString())) {
    const account = await api.account(JID.parse(name));
    if (account === undefined) continue;
    for (const type of ['unsubscribe', 'unsubscribed'] as const) {
      await subscriptions.receive(account, gone, type, xml('presence', { type }));
    }
  }
  await sayGoodbye(api, rosters, gone);
}

/** XEP-0077 §3.2: contacts elsewhere hear that the subscriptions are over; the roster goes with the account, right after this. */
async function sayGoodbye(api: FeatureApi, rosters: Rosters, gone: JID): Promise<void> {
  const roster = await rosters.store.load(gone.toString());
  const say = (jid: JID, type: 'unsubscribe' | 'unsubscribed'): void => {
    if (!api.isLocalDomain(jid.domain)) api.route(xml('presence', { from: gone.toString(), to: jid.toString(), type }));
  };
  for (const item of roster.items.values()) {
    if (item.ask || hasTo(item)) say(item.jid, 'unsubscribe');
    if (hasFrom(item)) say(item.jid, 'unsubscribed');
  }
  for (const asking of roster.requests) say(JID.parse(asking), 'unsubscribed');
}
