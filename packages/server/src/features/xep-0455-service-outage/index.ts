import { NS, writeForm } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/** XEP-0455: clients remember where to look when the server is away. */
export const serviceOutage = defineFeature({
  spec: 'XEP-0455',
  version: '0.4.0',
  name: 'Service Outage Status',
  note: 'the addresses; the file is kept elsewhere',
  setup(api) {
    api.on('discoForms', () => {
      const { addresses } = api.config.outage;
      if (addresses.length === 0) return [];
      return [writeForm('result', NS.serviceOutage, [{ var: 'external-status-addresses', value: addresses }])];
    });
  },
});
