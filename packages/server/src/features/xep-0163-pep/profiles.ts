import { NS } from '@tutti/xmpp';
import { defineFeature, type FeatureDefinition } from '../../feature.ts';

/** Specifications that say how clients use the nodes of an account: the server has no more to do for them than XEP-0163. */
export const pepProfiles: readonly FeatureDefinition[] = [
  defineFeature({ spec: 'XEP-0172', version: '1.1', name: 'User Nickname', note: 'as a node of the account' }),
  defineFeature({ spec: 'XEP-0222', version: '1.0', name: 'Persistent Storage of Public Data via PubSub' }),
  defineFeature({ spec: 'XEP-0223', version: '1.1.1', name: 'Persistent Storage of Private Data via PubSub' }),
  defineFeature({
    spec: 'XEP-0292',
    version: '0.12.0',
    name: 'vCard4 Over XMPP',
    note: 'as a node of the account',
    disco: { account: [NS.vcard4] },
  }),
  defineFeature({
    spec: 'XEP-0384',
    version: '0.9.1',
    name: 'OMEMO Encryption',
    note: 'device lists and bundles are nodes of the account, as open as clients make them',
  }),
];
