import { type Element, JID, NS, readForm, StanzaError } from '@tutti/xmpp';
import { type AccountView, defineFeature, type FeatureApi, type IqRequest, type SessionView } from '../../feature.ts';
import { isWorthPushing } from './notification.ts';
import { Notifier } from './notifier.ts';
import { Registrations } from './registrations.ts';
import { pushMigrations } from './schema.ts';

/** The longest node; app servers put a token into it. */
const NODE_BYTES = 4096;

/** Devices that are away are told by their app servers of what they miss. */
export const push = defineFeature({
  spec: 'XEP-0357',
  version: '0.4.1',
  name: 'Push Notifications',
  disco: { account: [NS.push] },
  migrations: pushMigrations,
  setup(api) {
    const registrations = new Registrations(api);
    const notifier = new Notifier(api, registrations);
    handleRequests(api, registrations);
    watchMessages(api, registrations, notifier);
    api.on('accountRemoving', (jid) => {
      const account = api.loadedAccount(jid);
      if (account !== undefined) registrations.end(account);
    });
    for (const name of ['sessionBound', 'sessionResumed'] as const)
      api.on(name, (session) => notifier.returned(session));
  },
});

function handleRequests(api: FeatureApi, registrations: Registrations): void {
  const route = { type: 'set', ns: NS.push, target: ['own'] } as const;
  api.iq({ ...route, name: 'enable' }, async (request) => {
    const session = requireSession(request);
    const service = readService(request.payload);
    const node = request.payload.attrs['node'] ?? '';
    if (node.length > NODE_BYTES) throw new StanzaError('not-acceptable', { text: 'The node is too long.' });
    await registrations.enable(session, { service, node, options: readOptions(api, request.payload) });
    return undefined;
  });
  api.iq({ ...route, name: 'disable' }, async (request) => {
    const { account } = requireSession(request);
    await registrations.disable(account, readService(request.payload), request.payload.attrs['node']);
    return undefined;
  });
}

function watchMessages(api: FeatureApi, registrations: Registrations, notifier: Notifier): void {
  api.on('messageArchived', (account, { stanza, peer, seq, outgoing, transient }) => {
    if (registrations.of(account).length === 0) return;
    if (outgoing) {
      // Who answers, or has a client that says so (XEP-0333), has read what he answers to.
      const isDisplayed = stanza.child('displayed', NS.chatMarkers) !== undefined;
      if (isDisplayed || isWorthPushing(stanza)) notifier.displayed(account, withoutResource(stanza, peer));
      return;
    }
    dropRevoked(registrations, account, stanza, peer, api);
    if (!transient && isWorthPushing(stanza)) notifier.receive(account, stanza, withoutResource(stanza, peer), seq);
  });
  api.on('messageKept', (session, message) => {
    const peer = JID.tryParse(message.attrs['from'] ?? '');
    if (peer !== undefined && isWorthPushing(message)) notifier.receiveKept(session, message, peer.bare);
  });
  // XEP-0490: the items of the node are named by whom the conversation is with.
  api.on('eventsChanged', (account, changes) => {
    for (const { node, publish = [] } of changes) {
      if (node !== NS.displayedSync) continue;
      for (const { id } of publish) {
        const peer = JID.tryParse(id);
        if (peer !== undefined) notifier.displayed(account, peer);
      }
    }
  });
}

/** A conversation is with somebody, whatever he writes from; in a room's private messages he is his nick. */
function withoutResource(message: Element, peer: JID): JID {
  return message.child('x', NS.mucUser) === undefined ? peer.bare : peer;
}

/** §7: the app server takes back that it may be told. */
function dropRevoked(
  registrations: Registrations,
  account: AccountView,
  message: Element,
  from: JID,
  api: FeatureApi,
): void {
  const pubsub = message.child('pubsub', NS.pubsub);
  if (pubsub === undefined || pubsub.child('affiliation')?.attrs['affiliation'] !== 'none') return;
  registrations.disable(account, from, pubsub.attrs['node']).catch((error: unknown) => {
    api.logger.warn({ error: String(error) }, 'a push registration could not be removed');
  });
}

function requireSession({ session }: IqRequest): SessionView {
  if (session === undefined) throw new StanzaError('forbidden');
  return session;
}

function readService(payload: Element): JID {
  const { jid } = payload.attrs;
  if (jid === undefined) throw new StanzaError('bad-request', { text: 'The address of the app server is missing.' });
  const service = JID.tryParse(jid);
  if (service === undefined) throw new StanzaError('jid-malformed');
  return service;
}

/** §5.1: publish options go with each notification. */
function readOptions({ config }: FeatureApi, payload: Element): Element | undefined {
  const form = payload.child('x', NS.dataForms);
  if (form === undefined) return undefined;
  if (readForm(form).formType !== NS.pubsubPublishOptions) {
    throw new StanzaError('bad-request', { text: 'The form is none of publish options.' });
  }
  const { optionsBytes } = config.push;
  if (optionsBytes > 0 && form.toBytes().length > optionsBytes) {
    throw new StanzaError('not-acceptable', { text: `The form may have ${optionsBytes} bytes.` });
  }
  return form;
}
