import { NS } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/** XEP-0199: the domain and a user's own account answer (§4.2). Pings to full JIDs are for the clients (§4.4); nobody else's account is told of. */
export const ping = defineFeature({
  spec: 'XEP-0199',
  version: '2.0.1',
  name: 'XMPP Ping',
  disco: { domain: [NS.ping], account: [NS.ping] },
  setup(api) {
    api.iq({ type: 'get', name: 'ping', ns: NS.ping, target: ['domain', 'own'] }, () => undefined);
  },
});
