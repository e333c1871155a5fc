import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type IqRequest, type ServiceInfo } from '../../feature.ts';
import { accountInfo, domainInfo, type Info, writeInfo } from './info.ts';
import { verificationString } from './verification.ts';

/** The node of our entity capabilities. */
const CAPS_NODE = 'https://tutti.example/caps';

/** XEP-0030 and, because it is the hash of the same information, the server's own part of XEP-0115: what the domain and its accounts can do, from the features' declarations. */
export const disco = defineFeature({
  spec: 'XEP-0030',
  version: '2.5.0',
  name: 'Service Discovery',
  rules: ['E1'],
  setup(api) {
    const describeDomain = (domain: string): Info => domainInfo(api.features, api.discoForms(domain));
    api.iq({ type: 'get', name: 'query', ns: NS.discoInfo, target: ['domain'] }, async (request) => {
      const { node } = request.payload.attrs;
      const info = describeDomain(request.domain);
      // XEP-0115 §6.2: the node of the advertised hash gives the same answer.
      if (node === undefined || node === `${CAPS_NODE}#${hashOf(api, info)}`) return writeInfo(info, node);
      return writeInfo(await describeNode(api, request, node), node);
    });
    api.iq({ type: 'get', name: 'query', ns: NS.discoItems, target: ['domain'] }, async (request) => {
      const { node } = request.payload.attrs;
      const services = node === undefined ? api.serviceDomains().map((jid) => xml('item', { jid })) : undefined;
      return writeItems(await listItems(api, request, node, services), node);
    });
    api.iq({ type: 'get', name: 'query', ns: NS.discoInfo, target: ['own', 'account'] }, async (request) => {
      requireAccess(api, request);
      const { node } = request.payload.attrs;
      return writeInfo(node === undefined ? accountInfo(api.features) : await describeNode(api, request, node), node);
    });
    api.iq({ type: 'get', name: 'query', ns: NS.discoItems, target: ['own', 'account'] }, async (request) => {
      requireAccess(api, request);
      const { node } = request.payload.attrs;
      return writeItems(await listItems(api, request, node, node === undefined ? [] : undefined), node);
    });
    // E1, XEP-0115 §6.3: in the stream features. Every login gets it; what it is the hash of changes with the forms alone.
    const made = new Map<string, { readonly forms: string; readonly caps: Element }>();
    api.streamFeature((domain) => {
      const forms = api.discoForms(domain).join('');
      const known = made.get(domain);
      if (known?.forms === forms) return known.caps;
      const ver = hashOf(api, describeDomain(domain));
      const caps = xml('c', { xmlns: NS.caps, hash: 'sha-1', node: CAPS_NODE, ver });
      made.set(domain, { forms, caps });
      return caps;
    });
  },
});

/** XEP-0030 §8: what an account can do is told to itself and to those who may see its presence; others can't tell that it exists. */
function requireAccess(api: FeatureApi, { target, account, from }: IqRequest): void {
  if (target === 'own') return;
  if (account === undefined || !api.maySeePresence(account, from)) throw new StanzaError('service-unavailable');
}

/** XEP-0030 §3.2: the first feature that knows the node. */
async function describeNode(api: FeatureApi, request: IqRequest, node: string): Promise<ServiceInfo> {
  for (const provider of api.discoProviders()) {
    const info = await provider.info?.(request, node);
    if (info !== undefined) return info;
  }
  throw new StanzaError('item-not-found');
}

/** XEP-0030 §4: the items of all features; a node that none of them knows is not there. */
async function listItems(
  api: FeatureApi,
  request: IqRequest,
  node: string | undefined,
  own: readonly Element[] | undefined,
): Promise<readonly Element[]> {
  const lists = await Promise.all(api.discoProviders().map(async (provider) => provider.items?.(request, node)));
  const known = [own, ...lists].filter((list) => list !== undefined);
  if (known.length === 0) throw new StanzaError('item-not-found');
  return known.flat();
}

function writeItems(items: readonly Element[], node: string | undefined): Element {
  return xml('query', { xmlns: NS.discoItems, node }, ...items);
}

/** XEP-0115 §5.1: SHA-1 in base64, the hash that every client knows. */
function hashOf(api: FeatureApi, info: Info): string {
  const digest = api.digest('sha-1', new TextEncoder().encode(verificationString(info)));
  return btoa(String.fromCharCode(...digest));
}
