import { NS, StanzaError } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type SessionView } from '../../feature.ts';

/** XEP-0280: switched on and off here; which messages are copied to whom is decided in `@tutti/routing` (D2, S2). */
export const carbons = defineFeature({
  spec: 'XEP-0280',
  version: '1.0.1',
  name: 'Message Carbons',
  rules: ['D2', 'S2', 'E3'],
  disco: { domain: [NS.carbons, NS.carbonsRules], account: [NS.carbons, NS.carbonsRules] },
  setup(api) {
    for (const [name, carbonsOn] of [
      ['enable', true],
      ['disable', false],
    ] as const) {
      api.iq({ type: 'set', name, ns: NS.carbons, target: ['own', 'domain'] }, ({ session }) => {
        if (session === undefined) throw new StanzaError('forbidden');
        // E3: IM-NG and Carbons exclude each other; the first stays on.
        if (carbonsOn && session.imNg)
          throw new StanzaError('conflict', { type: 'cancel', text: 'IM-NG is on already.' });
        api.update(session, { carbons: carbonsOn });
        return undefined;
      });
    }
    api.bind2('enable', NS.carbons, (session) => enableInline(api, session));
  },
});

/** XEP-0386: asked for together with IM-NG, IM-NG wins (E3). */
function enableInline(api: FeatureApi, session: SessionView): undefined {
  if (!session.imNg) api.update(session, { carbons: true });
  return undefined;
}
