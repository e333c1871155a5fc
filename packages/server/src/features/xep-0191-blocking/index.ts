import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { type AccountView, defineFeature, type FeatureApi, type IqRequest, type SessionView } from '../../feature.ts';
import { BlockLists } from './block-lists.ts';
import { blockingMigrations } from './schema.ts';

/** Blocking Command. What it means for messages is decided in `@tutti/routing` (D4), for presence in the presence feature. */
export const blocking = defineFeature({
  spec: 'XEP-0191',
  version: '1.3',
  name: 'Blocking Command',
  rules: ['D4'],
  disco: { domain: [NS.blocking], account: [NS.blocking] },
  migrations: blockingMigrations,
  setup(api) {
    const lists = new BlockLists(api);
    api.blocks(lists.blocks);
    screen(api, lists);
    handleRequests(api, lists);
    api.portable({
      *write(account) {
        const { jids } = lists.of(account);
        if (jids.size > 0) yield xml('blocklist', { xmlns: NS.blocking }, ...writeItems(jids));
      },
      async read(account, element) {
        if (!element.is('blocklist', NS.blocking)) return false;
        const jids = readItems(element).filter((jid) => jid !== account.jid.toString());
        if (jids.length > 0) await lists.block(account, jids);
        return true;
      },
    });
  },
});

/** §3.3: what goes between the account and whom it blocks is refused, on both ways. */
function screen(api: FeatureApi, lists: BlockLists): void {
  api.on('screenOutgoing', (session, _stanza, to) => {
    if (!lists.blocks(session.account, to)) return;
    throw new StanzaError('not-acceptable', { type: 'cancel', extra: xml('blocked', { xmlns: NS.blockingErrors }) });
  });
  api.on('screenIncoming', (account, _stanza, from) => {
    if (lists.blocks(account, from)) throw new StanzaError('service-unavailable');
  });
}

function handleRequests(api: FeatureApi, lists: BlockLists): void {
  /** Sessions that have asked for the list get its changes (§3.3, §3.4). */
  const interested = new WeakSet<SessionView>();
  const push = (account: AccountView, change: Element): void => {
    for (const session of account.sessions) {
      // Whatever a client says to it, it has been told.
      if (interested.has(session)) api.ask(session, 'set', change).catch(() => undefined);
    }
  };
  const route = { ns: NS.blocking, target: ['own'] } as const;

  api.iq({ ...route, type: 'get', name: 'blocklist' }, (request) => {
    const session = requireSession(request);
    interested.add(session);
    return xml('blocklist', { xmlns: NS.blocking }, ...writeItems(lists.of(session.account).jids));
  });
  api.iq({ ...route, type: 'set', name: 'block' }, async (request) => {
    const { account } = requireSession(request);
    const jids = readItems(request.payload);
    if (jids.length === 0) throw new StanzaError('bad-request', { text: 'There is nobody to block.' }); // §3.3
    if (jids.includes(account.jid.toString())) throw new StanzaError('not-allowed', { text: 'That is you.' });
    await lists.block(account, jids);
    push(account, xml('block', { xmlns: NS.blocking }, ...writeItems(jids)));
    // XEP-0377 §4: who is reported is blocked first.
    for (const item of request.payload.childrenNamed('item')) {
      const report = item.child('report', NS.reporting);
      if (report !== undefined) api.contactReported(account, JID.parse(item.attrs['jid'] ?? ''), report);
    }
    return undefined;
  });
  api.iq({ ...route, type: 'set', name: 'unblock' }, async (request) => {
    const { account } = requireSession(request);
    const jids = readItems(request.payload);
    await (jids.length === 0 ? lists.unblock(account) : lists.unblock(account, jids)); // §3.5: nobody named means everybody
    push(account, xml('unblock', { xmlns: NS.blocking }, ...writeItems(jids)));
    return undefined;
  });
}

function requireSession({ session }: IqRequest): SessionView {
  if (session === undefined) throw new StanzaError('forbidden');
  return session;
}

/** The addresses of a request, in normal form, each once. */
function readItems(payload: Element): readonly string[] {
  const jids = payload.childrenNamed('item').map((item) => {
    const text = item.attrs['jid'];
    if (text === undefined) throw new StanzaError('bad-request', { text: 'An item needs a jid.' });
    const jid = JID.tryParse(text);
    if (jid === undefined) throw new StanzaError('jid-malformed');
    return jid.toString();
  });
  return [...new Set(jids)];
}

function writeItems(jids: Iterable<string>): readonly Element[] {
  return [...jids].map((jid) => xml('item', { jid }));
}
