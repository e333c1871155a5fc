import { NS, xml } from '@tutti/xmpp';
import { defineFeature } from '../../feature.ts';

/**
 * XEP-0352: what an inactive client can do without waits until something comes that it can't; the session's outbox does
 * that.
 */
export const clientState = defineFeature({
  spec: 'XEP-0352',
  version: '1.0.0',
  name: 'Client State Indication',
  note: 'Presence waits, the latest of each sender; nothing else is held back.',
  setup(api) {
    api.streamFeature(() => xml('csi', { xmlns: NS.csi })); // §4.1
    for (const [name, active] of [
      ['active', true],
      ['inactive', false],
    ] as const) {
      api.nonza(name, NS.csi, (session) => api.update(session, { active }));
      api.bind2(name, NS.csi, (session) => {
        api.update(session, { active });
        return undefined;
      });
    }
  },
});
