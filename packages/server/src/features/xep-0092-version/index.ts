import { NS, xml } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/** XEP-0092: what the domain runs. The operating system is nobody's business (§5). */
export const softwareVersion = defineFeature({
  spec: 'XEP-0092',
  version: '1.1',
  name: 'Software Version',
  disco: { domain: [NS.version] },
  setup(api) {
    const answer = xml('query', { xmlns: NS.version }, xml('name', null, 'Tutti'), xml('version', null, api.version));
    api.iq({ type: 'get', name: 'query', ns: NS.version, target: ['domain'] }, () => answer);
  },
});
