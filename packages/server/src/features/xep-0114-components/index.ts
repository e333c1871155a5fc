import { defineFeature } from '../../feature.ts';

/** XEP-0114, declared: external components connect to a port of their own; done in `components/`. */
export const components = defineFeature({
  spec: 'XEP-0114',
  version: '1.6',
  name: 'Jabber Component Protocol',
  note: 'several connections of one component share its work by the sender’s bare JID',
});
