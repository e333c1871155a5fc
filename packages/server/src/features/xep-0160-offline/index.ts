import { NS } from '@tutti/xmpp';
import { defineFeature, type SessionView } from '../../feature.ts';
import { Replays } from './replays.ts';

/**
 * XEP-0160: there is no store of offline messages; what a legacy client has missed is read from the archive (D5). A
 * session that reads the archive itself gets none of it: with IM-NG, after a query (XEP-0313), or bound with Bind 2
 * (XEP-0386 §4, which leaves the past to the archive).
 */
export const offlineMessages = defineFeature({
  spec: 'XEP-0160',
  version: '1.0.1',
  name: 'Best Practices for Handling Offline Messages',
  rules: ['D5'],
  disco: { domain: [NS.offlineMessages] },
  setup(api) {
    const readers = new WeakSet<SessionView>();
    const replays = new Replays(api, (session) => readers.has(session));
    const report = (session: SessionView, replay: Promise<void>): void => {
      replay.catch((error: unknown) => {
        const fields = { rule: 'D5', session: session.jid.toString(), error: String(error) };
        api.logger.error(fields, 'offline messages could not be read');
      });
    };
    api.on('sessionQueriedArchive', (session) => readers.add(session));
    api.on('boundInline', async (session) => {
      readers.add(session);
      return undefined;
    });
    api.on('sessionTakesMessages', (session) => {
      if (!readers.has(session)) report(session, replays.start(session));
    });
    api.on('sessionEnded', (session) => report(session, replays.inherit(session)));
  },
});
