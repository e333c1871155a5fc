/**
 * IM Routing-NG (XEP-0409) for Converse.js: a plugin that enables it instead of Message Carbons, so that Converse shows the same conversation as all other
 * devices of the account. On servers without it Converse works as ever.
 */

const IM_NG = 'urn:xmpp:im-ng:0';
const CARBONS = 'urn:xmpp:carbons:2';

/** What the plugin uses of `converse.env` and the `_converse` object of its initialize(). */
interface ConverseApi {
  readonly listen: { on(event: string, listener: (...args: never[]) => unknown): void };
  readonly connection: { get(): { readonly jid: string } };
  readonly disco: { supports: (feature: string, jid: string) => Promise<unknown> };
  sendIQ(iq: unknown, timeout?: number | null, reject?: boolean): Promise<Element | null>;
  trigger(event: string, data: unknown): unknown;
}

interface Converse {
  readonly plugins: { add(name: string, plugin: object): void };
  readonly env: { readonly $iq: (attrs: object) => { c(name: string, attrs: object): unknown } };
}

interface PluginContext {
  readonly _converse: { readonly api: ConverseApi; readonly session: { get(key: string): string } };
}

/** What Converse makes of a message, as far as it is used here. */
interface MessageAttributes {
  readonly sender?: 'me' | 'them';
  readonly is_carbon?: boolean;
  readonly is_archived?: boolean;
}

/**
 * Adds the plugin `im-ng`; call it before `converse.initialize`, and name it among `whitelisted_plugins`.
 *
 * Events: `imNgEnabled`, once a session has it; `privateMessage` with `{ stanza }` for messages that were for this session alone (K3) and are no
 * part of any conversation.
 */
export function addImNg(converse: Converse): void {
  converse.plugins.add('im-ng', {
    initialize(this: PluginContext) {
      const { _converse } = this;
      const { api } = _converse;
      let isEnabled = false;
      // K1: before the initial presence, and before Carbons are thought of: Converse waits for what this gives.
      api.listen.on('afterResourceBinding', async () => {
        const request = converse.env.$iq({ from: api.connection.get().jid, type: 'set' }).c('enable', { xmlns: IM_NG });
        const answer = await api.sendIQ(request, null, false);
        isEnabled = answer?.getAttribute('type') === 'result';
        if (isEnabled) api.trigger('imNgEnabled', {});
      });
      // K1: never Carbons where there is IM-NG.
      const { disco } = api;
      const supports = disco.supports.bind(disco);
      disco.supports = async (feature, jid) => (feature === CARBONS && isEnabled ? false : supports(feature, jid));
      api.listen.on('parseMessage', (stanza: Element, attrs: MessageAttributes) => {
        if (!isEnabled || attrs.is_archived === true || attrs.is_carbon === true) return attrs;
        if (isMarked(stanza) && stanza.getAttribute('type') !== 'error') {
          api.trigger('privateMessage', { stanza });
          return new Error('A message for this session alone is no part of a conversation.'); // K3
        }
        // K4: what says that the account itself has sent it is a reflection only where the server vouches for it.
        if (attrs.sender === 'me' && !isVouchedFor(stanza, _converse.session.get('bare_jid'))) {
          return new Error('A message claims to be of the own account, and its server knows nothing of it.');
        }
        return attrs;
      });
    },
  });
}

function isMarked(stanza: Element): boolean {
  return [...stanza.children].some(({ localName, namespaceURI }) => localName === 'im-ng' && namespaceURI === IM_NG);
}

function isVouchedFor(stanza: Element, own: string): boolean {
  return [...stanza.children].some((child) => child.localName === 'stanza-id' && child.getAttribute('by') === own);
}
