import { type Element, NS, xml } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type SessionView } from '../../feature.ts';

/** XEP-0490: what has been displayed is kept in a node of the account; the server makes the item of what comes along with a message. */
export const displayedSync = defineFeature({
  spec: 'XEP-0490',
  version: '1.0.1',
  name: 'Message Displayed Synchronization',
  rules: ['A4'],
  disco: { account: [NS.displayedServerAssist] },
  setup(api) {
    // §5.2: before the message is archived, and before it is reflected.
    api.on('enrichMessage', (session, message) => {
      const displayed = message.child('displayed', NS.displayedSync);
      if (displayed === undefined) return message;
      const stripped = message.without((child) => child.is('displayed', NS.displayedSync));
      const { to } = message.attrs;
      if (to === undefined || message.attrs['type'] === 'error') return stripped;
      return keep(api, session, to, displayed).then(() => stripped);
    });
  },
});

/** §4.5.3: the node is private from its first item on; the id of the item is the address of the message as it was written. A message goes its way whatever becomes of this. */
async function keep(api: FeatureApi, { account }: SessionView, to: string, displayed: Element): Promise<void> {
  const payload = xml('displayed', { xmlns: NS.displayedSync }, ...displayed.children);
  try {
    const change = { node: NS.displayedSync, publish: [{ id: to, payload }] };
    await api.personalEvents().apply(account, [change]);
  } catch (error) {
    const fields = { account: account.jid.toString(), error: String(error) };
    api.logger.warn(fields, 'what was displayed could not be kept');
  }
}
