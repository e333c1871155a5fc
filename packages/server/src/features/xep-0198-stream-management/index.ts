import { NS, xml } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/** XEP-0198, declared: the session counts, acknowledges what is committed (A3) and can be resumed; see `session/stream-management.ts`. */
export const streamManagement = defineFeature({
  spec: 'XEP-0198',
  version: '1.6.3',
  name: 'Stream Management',
  note: 'one server: a session is resumed where it was',
  rules: ['A3'],
  setup(api) {
    api.streamFeature(() => xml('sm', { xmlns: NS.sm })); // §3
  },
});
