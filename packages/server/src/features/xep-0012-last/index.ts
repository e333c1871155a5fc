import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { defineFeature, type FeatureApi, type IqRequest, type SessionView } from '../../feature.ts';
import { LastActivity, lastActivityMigrations } from './last-activity.ts';

/**
 * XEP-0012: how long the server runs, and how long ago an account was last online, for those that may see its presence.
 */
export const lastActivity = defineFeature({
  spec: 'XEP-0012',
  version: '2.0',
  name: 'Last Activity',
  disco: { domain: [NS.last], account: [NS.last] },
  migrations: lastActivityMigrations,
  setup(api) {
    const departures = new LastActivity(api);
    const startedAt = api.clock.now();
    api.iq({ type: 'get', name: 'query', ns: NS.last, target: ['domain'] }, () => answer(api, startedAt));
    api.iq({ type: 'get', name: 'query', ns: NS.last, target: ['own', 'account'] }, (request) => {
      return answerFor(api, departures, request);
    });
    protectSessions(api);
    recordDepartures(api, departures);
  },
});

/** §5 (server): the clock may have been set since; less than nothing is nothing. */
function answer(api: FeatureApi, since: number, status = ''): Element {
  const seconds = Math.max(0, Math.floor((api.clock.now() - since) / 1000));
  return xml('query', { xmlns: NS.last, seconds }, status);
}

/** §3 (offline user). */
function answerFor(api: FeatureApi, departures: LastActivity, { account, from }: IqRequest): Element {
  // Whether there is such an account is not told either.
  if (account === undefined || !api.maySeePresence(account, from)) throw new StanzaError('forbidden');
  if (account.sessions.length > 0) return xml('query', { xmlns: NS.last, seconds: 0 });
  const departure = departures.of(account);
  if (departure === undefined) throw new StanzaError('item-not-found', { text: 'Never seen.' });
  return answer(api, departure.at, departure.status);
}

/** §4 (online user): who may not see the presence doesn't learn of a resource by asking it. */
function protectSessions(api: FeatureApi): void {
  api.on('screenIncoming', (account, stanza, from) => {
    if (stanza.name !== 'iq' || stanza.attrs['type'] !== 'get') return;
    if (stanza.elements[0]?.is('query', NS.last) !== true || api.maySeePresence(account, from)) return;
    throw new StanzaError('forbidden');
  });
}

/** Kept when the last session of an account ends, with the status it gave when it became unavailable. */
function recordDepartures(api: FeatureApi, departures: LastActivity): void {
  const statuses = new WeakMap<SessionView, string>();
  api.on('sessionUnavailable', (session, presence) => statuses.set(session, presence.child('status')?.text() ?? ''));
  api.on('sessionEnded', (session) => {
    const { account } = session;
    if (account.sessions.length > 0) return;
    const wasLost = session.priority !== undefined;
    const departure = { at: api.clock.now(), status: wasLost ? '' : (statuses.get(session) ?? '') };
    departures.record(account, departure);
  });
  api.on('accountRemoved', (jid) => departures.forget(jid)); // its last sessions have ended before
  api.on('serverStopping', () => departures.stop());
}
