import { NS } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';
import { CapsCache } from './caps-cache.ts';

/** Entity Capabilities: the server's own are in its stream features (XEP-0030 writes them); those of clients are learned for PEP. */
export const caps = defineFeature({
  spec: 'XEP-0115',
  version: '1.6.0',
  name: 'Entity Capabilities',
  note: "the server's own, in its stream features; those of clients by their SHA-1 or SHA-256 hash",
  disco: { domain: [NS.caps] },
  setup(api) {
    api.provideCaps(new CapsCache(api));
  },
});
