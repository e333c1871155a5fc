import { NS, xml } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/** XEP-0202: the domain's time. Its time zone is UTC: where the machine stands is nobody's business (§6). */
export const entityTime = defineFeature({
  spec: 'XEP-0202',
  version: '2.0',
  name: 'Entity Time',
  disco: { domain: [NS.time] },
  setup(api) {
    api.iq({ type: 'get', name: 'time', ns: NS.time, target: ['domain'] }, () => {
      const utc = new Date(api.clock.now()).toISOString();
      return xml('time', { xmlns: NS.time }, xml('tzo', null, '+00:00'), xml('utc', null, utc));
    });
  },
});
