import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type IqRequest } from '../../feature.ts';
import { accountInfo, domainInfo, type Info, writeInfo } from './info.ts';
import { verificationString } from './verification.ts';

/** The node of our entity capabilities. */
const CAPS_NODE = 'https://tutti.example/caps';

/** XEP-0030 and, because it is the hash of the same information, XEP-0115: what the domain and its accounts can do, from the features' declarations. */
export const disco = defineFeature({
  spec: 'XEP-0030',
  version: '2.5.0',
  name: 'Service Discovery',
  rules: ['E1'],
  setup(api) {
    const describeDomain = (domain: string): Info => domainInfo(api.features, api.discoForms(domain));
    api.iq({ type: 'get', name: 'query', ns: NS.discoInfo, target: ['domain'] }, ({ payload, domain }) => {
      const { node } = payload.attrs;
      const info = describeDomain(domain);
      // XEP-0115 §6.2: the node of the advertised hash gives the same answer.
      if (node !== undefined && node !== `${CAPS_NODE}#${hashOf(api, info)}`) throw new StanzaError('item-not-found');
      return writeInfo(info, node);
    });
    api.iq({ type: 'get', name: 'query', ns: NS.discoItems, target: ['domain'] }, ({ payload }) => {
      requireNoNode(payload);
      return xml('query', { xmlns: NS.discoItems }, ...api.serviceDomains().map((jid) => xml('item', { jid })));
    });
    api.iq({ type: 'get', name: 'query', ns: NS.discoInfo, target: ['own', 'account'] }, (request) => {
      requireAccess(api, request);
      requireNoNode(request.payload);
      return writeInfo(accountInfo(api.features), undefined);
    });
    api.iq({ type: 'get', name: 'query', ns: NS.discoItems, target: ['own', 'account'] }, (request) => {
      requireAccess(api, request);
      requireNoNode(request.payload);
      return xml('query', { xmlns: NS.discoItems });
    });
    // E1, XEP-0115 §6.3: in the stream features.
    api.streamFeature((domain) => {
      const ver = hashOf(api, describeDomain(domain));
      return xml('c', { xmlns: NS.caps, hash: 'sha-1', node: CAPS_NODE, ver });
    });
  },
});

export const caps = defineFeature({
  spec: 'XEP-0115',
  version: '1.6.0',
  name: 'Entity Capabilities',
  note: "the server's own, in its stream features",
  disco: { domain: [NS.caps] },
});

/** XEP-0030 §8: what an account can do is told to itself and to those who may see its presence; others can't tell that it exists. */
function requireAccess(api: FeatureApi, { target, account, from }: IqRequest): void {
  if (target === 'own') return;
  if (account === undefined || !api.maySeePresence(account, from)) throw new StanzaError('service-unavailable');
}

function requireNoNode(payload: Element): void {
  if (payload.attrs['node'] !== undefined) throw new StanzaError('item-not-found');
}

/** XEP-0115 §5.1: SHA-1 in base64, the hash that every client knows. */
function hashOf(api: FeatureApi, info: Info): string {
  const digest = api.digest('sha-1', new TextEncoder().encode(verificationString(info)));
  return btoa(String.fromCharCode(...digest));
}
