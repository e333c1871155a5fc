import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import {
  AnswerTurns,
  createPubsub,
  defineFeature,
  type FeatureApi,
  GET_PENDING,
  PUBSUB_FEATURES,
  type PubsubEngine,
  type ServiceInfo,
  sweepExpired,
} from '../../feature.ts';
import { DomainHost, SERVICE_DEFAULTS } from './host.ts';

const INFO: ServiceInfo = {
  identities: [{ category: 'pubsub', type: 'service', name: 'Nodes' }],
  features: [NS.pubsub, NS.rsm, NS.commands, ...PUBSUB_FEATURES],
};

const COMMAND = 'Show who waits for approval';

/** §8.7, XEP-0050 §2.2. */
const COMMAND_INFO: ServiceInfo = {
  identities: [{ category: 'automation', type: 'command-node', name: COMMAND }],
  features: [NS.commands, NS.dataForms],
};

/** XEP-0060: a pubsub service at pubsub.DOMAIN for each served domain. */
export const publishSubscribe = defineFeature({
  spec: 'XEP-0060',
  version: '1.30.0',
  name: 'Publish-Subscribe',
  note: 'at pubsub.DOMAIN; without collections, subscription ids, leases and digests',
  setup(api) {
    if (!api.config.pubsub.enabled) return;
    const engine = createPubsub(api, () => SERVICE_DEFAULTS);
    const hosts = api.config.domains.map((domain) => openService(api, engine, domain));
    sweepExpired(api, () => engine.expire(false, async (service) => hosts.find(({ jid }) => jid.equals(service))));
    api.on('accountRemoved', async (jid) => {
      for (const host of hosts) await engine.forget(host, jid);
    });
  },
});

function openService(api: FeatureApi, engine: PubsubEngine, domain: string): DomainHost {
  const desk = api.serviceDesk(`pubsub.${domain}`);
  const host = new DomainHost(api, desk.domain, domain);
  const turns = new AnswerTurns(api);
  desk.info = ({ from, to }, node) => {
    if (!to.isDomain) return undefined;
    if (node === undefined) return INFO;
    return node === GET_PENDING ? COMMAND_INFO : engine.describe(host, from, node);
  };
  desk.items = ({ from, to, payload }, node) => {
    if (!to.isDomain) return undefined;
    if (node === NS.commands) return [xml('item', { jid: desk.domain, node: GET_PENDING, name: COMMAND })];
    return node === undefined ? engine.listNodes(host, from, payload) : engine.listItems(host, from, node, payload);
  };
  desk.iq('set', 'command', NS.commands, ({ from, to, payload }) => {
    if (!to.isDomain) throw new StanzaError('item-not-found');
    return engine.command(host, from, payload);
  });
  for (const type of ['get', 'set'] as const) {
    for (const ns of [NS.pubsub, NS.pubsubOwner]) {
      desk.iq(type, 'pubsub', ns, ({ from, to, payload }) => {
        if (!to.isDomain) throw new StanzaError('item-not-found');
        const answer = (): Promise<Element | undefined> => engine.handle(host, { type, from, payload });
        return type === 'get' ? turns.run(api.session(from), payload, answer) : answer();
      });
    }
  }
  desk.onMessage = async (message, from, to) => {
    // A notification that did not reach its subscriber: the service goes on.
    if (message.attrs['type'] === 'error') return;
    if (!to.isDomain || !(await engine.receive(host, from, message))) throw new StanzaError('service-unavailable');
  };
  return host;
}
