import { type Element, type JID, NS, StanzaError } from '@tutti/xmpp';
import {
  type AccountView,
  AnswerTurns,
  createPubsub,
  defineFeature,
  type FeatureApi,
  type IqRequest,
  nameFeature,
  PUBSUB_FEATURES,
  type PubsubEngine,
  pubsubMigrations,
  sweepExpired,
} from '../../feature.ts';
import { Arrivals } from './arrivals.ts';
import { PEP_DEFAULTS, PepHost } from './host.ts';
import { InterestFinder, readCaps } from './interests.ts';
import { Watchers } from './watchers.ts';

/** XEP-0060 §16.3: what an account's nodes can do. */
const FEATURES = [
  ...PUBSUB_FEATURES,
  ...[
    'access-presence',
    'access-roster',
    'auto-subscribe',
    'filtered-notifications',
    'last-published',
    'presence-subscribe',
    'pubsub-on-a-jid',
  ].map(nameFeature),
];

/** XEP-0163: every account is a pubsub service. */
export const personalEventing = defineFeature({
  spec: 'XEP-0163',
  version: '1.2.2',
  name: 'Personal Eventing Protocol',
  note: 'persistent; all access models; XEP-0222 and XEP-0223 are its publish-options',
  rules: ['D7'],
  disco: {
    account: [NS.pubsub, ...FEATURES],
    accountIdentities: [{ category: 'pubsub', type: 'pep' }],
    // XEP-0223 §6: asked of the server, too.
    domain: [NS.pubsub, ...FEATURES],
    identities: [{ category: 'pubsub', type: 'pep' }],
  },
  migrations: pubsubMigrations,
  setup(api) {
    const engine = createPubsub(api, () => PEP_DEFAULTS);
    const interests = new InterestFinder(api);
    const watchers = new Watchers(api, interests);
    const hostOf = (account: AccountView): PepHost => new PepHost(api, account, watchers);
    answerRequests(api, engine, hostOf);
    answerCommand(api, engine, hostOf);
    answerDiscovery(api, engine, hostOf);
    api.providePersonalEvents({
      config: async (account, node) => (await engine.find(account, node))?.config,
      items: (account, node, ids) => engine.items(account, node, ids),
      nodes: (account) => engine.names(account),
      mayRead: (account, node, peer) => engine.mayRead(hostOf(account), node, peer),
      apply: (account, changes) => api.hold(account, engine.apply(hostOf(account), account.jid, changes)),
    });
    api.portable({
      write: (account) => engine.portable.write(hostOf(account)),
      read: (account, element) => engine.portable.read(hostOf(account), element),
    });

    const arrivals = new Arrivals(api, engine, interests, hostOf);
    api.on('sessionAvailable', (session) => arrivals.sessionCame(session));
    api.on('sessionPresenceChanged', (session) => arrivals.sessionChanged(session));
    api.on('presenceShared', (account, contact) => {
      if (api.isLocalDomain(contact.domain)) return arrivals.contactCame(account, contact);
      for (const { from, presence } of watchers.resourcesOf(account, contact))
        arrivals.strangerCame(account, presence, from);
    });
    api.on('presenceReceived', (account, presence, from) => {
      // What comes for one resource is of a room's occupant or the like: no subscriber.
      if (presence.attrs['to'] !== account.jid.toString()) return;
      const isHere = presence.attrs['type'] === undefined && !from.isBare;
      const caps = isHere ? readCaps(presence) : undefined;
      const before = watchers.note(account, from, caps);
      if (caps !== undefined) arrivals.strangerCame(account, caps, from, before);
    });
    sweepExpired(api, () =>
      engine.expire(true, async (service) => {
        const account = await api.account(service);
        return account && hostOf(account);
      }),
    );
    api.on('accountRemoved', (jid) => forgetEverywhere(api, engine, hostOf, jid));
    // XEP-0060 §8.6: the owner's answer to a request for approval is a message to the own account.
    api.on('enrichMessage', (session, message) => {
      if (message.attrs['to'] === session.account.jid.toString())
        takeApproval(api, engine, hostOf(session.account), message);
      return message;
    });
  },
});

function answerRequests(api: FeatureApi, engine: PubsubEngine, hostOf: (account: AccountView) => PepHost): void {
  const turns = new AnswerTurns(api);
  for (const type of ['get', 'set'] as const) {
    for (const ns of [NS.pubsub, NS.pubsubOwner]) {
      api.iq({ type, name: 'pubsub', ns, target: ['own', 'account'] }, ({ account, from, payload, session }) => {
        if (account === undefined) throw new StanzaError('service-unavailable'); // RFC 6121 §8.5.1
        const answer = (): Promise<Element | undefined> => engine.handle(hostOf(account), { type, from, payload });
        return api.hold(account, type === 'get' ? turns.run(session, payload, answer) : answer());
      });
    }
  }
}

/** XEP-0060 §8.7: the owner asks the own account who waits for approval. */
function answerCommand(api: FeatureApi, engine: PubsubEngine, hostOf: (account: AccountView) => PepHost): void {
  api.iq({ type: 'set', name: 'command', ns: NS.commands, target: ['own'] }, ({ account, from, payload }) => {
    if (account === undefined) throw new StanzaError('item-not-found');
    return engine.command(hostOf(account), from, payload);
  });
}

/** XEP-0163 §6: to whom a node is told that may read it. */
function answerDiscovery(api: FeatureApi, engine: PubsubEngine, hostOf: (account: AccountView) => PepHost): void {
  const host = ({ target, account }: IqRequest): PepHost | undefined =>
    target === 'domain' || account === undefined ? undefined : hostOf(account);
  api.disco({
    info: (request, node) => {
      const service = host(request);
      return service && engine.describe(service, request.from, node);
    },
    items: (request, node) => {
      const service = host(request);
      if (service === undefined) return undefined;
      if (node === undefined) return engine.listNodes(service, request.from, request.payload);
      return engine.listItems(service, request.from, node, request.payload);
    },
  });
}

/** What a removed account has left at the nodes of others; its own go with it. */
async function forgetEverywhere(
  api: FeatureApi,
  engine: PubsubEngine,
  hostOf: (account: AccountView) => PepHost,
  gone: JID,
): Promise<void> {
  for (const service of await engine.servicesWith(gone)) {
    const account = service.local === '' ? undefined : await api.account(service);
    if (account !== undefined) await api.hold(account, engine.forget(hostOf(account), gone));
  }
}

function takeApproval(api: FeatureApi, engine: PubsubEngine, host: PepHost, message: Element): void {
  engine.receive(host, host.jid, message).catch((error: unknown) => {
    api.logger.debug(
      { account: host.account, error: String(error) },
      'an answer to a request for approval does not fit',
    );
  });
}
