import { NS } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/**
 * XEP-0359, declared: archived messages carry the account's stanza-id (A4, A5), forged ones are removed (§3), origin-ids name repetitions (S8).
 * It is done where messages are routed, in `@tutti/routing` and `router/`.
 */
export const stanzaIds = defineFeature({
  spec: 'XEP-0359',
  version: '0.7.0',
  name: 'Unique and Stable Stanza IDs',
  rules: ['A4', 'A5', 'S8'],
  disco: { domain: [NS.sid], account: [NS.sid] },
});
