import { defineFeature } from '../../feature.ts';

/** Portable Import/Export Format: each feature says with `api.portable` what it keeps; `transfer/` reads and writes the files. */
export const portableData = defineFeature({
  spec: 'XEP-0227',
  version: '1.1',
  name: 'Portable Import/Export Format for XMPP-IM Servers',
  note: '`tutti export` and `tutti import`, while the server does not run; privacy lists are left out',
});
