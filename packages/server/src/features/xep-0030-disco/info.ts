import { type Element, NS, xml } from '@tutti/xmpp';
import type { FeatureDefinition, ServiceInfo } from '../../feature.ts';

/** What an entity says of itself (XEP-0030 §3), before it is written. */
export type Info = Required<Omit<ServiceInfo, 'only'>>;

/** The domain's: the sum of what the features declare. */
export function domainInfo(features: readonly FeatureDefinition[], forms: readonly Element[]): Info {
  return {
    identities: [
      { category: 'server', type: 'im', name: 'Tutti' },
      ...features.flatMap(({ disco }) => disco?.identities ?? []),
    ],
    features: unique([NS.discoInfo, NS.discoItems, ...features.flatMap(({ disco }) => disco?.domain ?? [])]),
    forms,
  };
}

/** An account's bare JID's. */
export function accountInfo(features: readonly FeatureDefinition[]): Info {
  return {
    identities: [
      { category: 'account', type: 'registered' },
      ...features.flatMap(({ disco }) => disco?.accountIdentities ?? []),
    ],
    features: unique([NS.discoInfo, NS.discoItems, ...features.flatMap(({ disco }) => disco?.account ?? [])]),
    forms: [],
  };
}

export function writeInfo(info: ServiceInfo, node: string | undefined): Element {
  return xml(
    'query',
    { xmlns: NS.discoInfo, node },
    ...info.identities.map(({ category, type, name }) => xml('identity', { category, type, name })),
    ...info.features.map((feature) => xml('feature', { var: feature })),
    ...(info.forms ?? []),
  );
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted();
}
