import { type Element, NS, StanzaError } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type SessionView } from '../../feature.ts';

/** XEP-0409 §3: discovery and activation. What IM-NG does to messages is decided in `@tutti/routing`. */
export const imNg = defineFeature({
  spec: 'XEP-0409',
  version: '0.1.0',
  name: 'IM Routing-NG',
  rules: ['E1', 'E2', 'E3', 'E4', 'E5'],
  disco: { domain: [NS.imNg], account: [NS.imNg] }, // E1
  setup(api) {
    // E2: without `to`, or to the own bare JID or domain; a foreign address finds no handler.
    api.iq({ type: 'set', name: 'enable', ns: NS.imNg, target: ['own', 'domain'] }, ({ payload, session }) => {
      if (session === undefined) throw new StanzaError('forbidden');
      enable(api, session, payload);
      return undefined;
    });
    api.iq({ type: 'get', name: 'enable', ns: NS.imNg, target: ['own', 'domain'] }, () => {
      throw new StanzaError('bad-request', { text: 'Enabling IM-NG is a set.' });
    });
    // E5: XEP-0313 adds the archive's metadata, taken at the barrier.
    api.bind2('enable', NS.imNg, (session, element) => {
      enable(api, session, element);
      return undefined;
    });
  },
});

/** E2, E3. Places the barrier (E4) at the account's head: what is committed after this is delivered live. */
function enable(api: FeatureApi, session: SessionView, element: Element): void {
  if (element.elements.length > 0) throw new StanzaError('bad-request', { text: '<enable/> has no children.' });
  if (session.carbons) throw new StanzaError('conflict', { type: 'cancel', text: 'Disable Carbons first.' });
  api.update(session, { imNg: true });
}
