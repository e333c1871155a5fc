import { type JID, NS, StanzaError } from '@tutti/xmpp';
import type { Kysely } from 'kysely';
import { defineFeature, type FeatureApi } from '../../feature.ts';
import {
  DEFAULT_PREFERENCES,
  findException,
  isFallback,
  type Preferences,
  readPreferences,
  writePreferences,
} from './preferences.ts';
import { preferenceMigrations, type PreferenceTables } from './schema.ts';

/** What users want to have archived: a fact for the planner (A8). */
export const mamPreferences = defineFeature({
  spec: 'XEP-0441',
  version: '0.2.0',
  name: 'Message Archive Management Preferences',
  rules: ['A8'],
  migrations: preferenceMigrations,
  setup(api) {
    const db = api.store<PreferenceTables>();
    const state = api.accountState(async (account) => ({ current: await load(db, account) }));

    api.archives((account, peer) => {
      const preferences = account.state(state).current;
      const exception = findException(preferences, peer);
      if (exception !== undefined) return exception;
      if (preferences.fallback !== 'roster') return preferences.fallback === 'always';
      // §2.1.1; nobody is a stranger to themselves (A8).
      return peer.bare.equals(account.jid) || api.isContact(account, peer);
    });
    api.portable({
      *write(account) {
        const { current } = account.state(state);
        if (current !== DEFAULT_PREFERENCES) yield writePreferences(current);
      },
      async read(account, element) {
        if (!element.is('prefs', NS.mam)) return false;
        const preferences = readPreferences(element);
        await save(db, account.jid, preferences);
        account.state(state).current = preferences;
        return true;
      },
    });
    api.iq({ type: 'get', name: 'prefs', ns: NS.mam, target: ['own'] }, ({ account }) => {
      if (account === undefined) throw new StanzaError('forbidden');
      return writePreferences(account.state(state).current);
    });
    api.iq({ type: 'set', name: 'prefs', ns: NS.mam, target: ['own'] }, async ({ account, payload }) => {
      if (account === undefined) throw new StanzaError('forbidden');
      const preferences = readPreferences(payload);
      checkSize(api, preferences);
      await save(db, account.jid, preferences);
      account.state(state).current = preferences;
      return writePreferences(preferences);
    });
  },
});

function checkSize(api: FeatureApi, { exceptions }: Preferences): void {
  const limit = api.config.limits.mamPreferences;
  if (limit === 0 || exceptions.size <= limit) return;
  throw new StanzaError('resource-constraint', { type: 'cancel', text: `At most ${limit} addresses in both lists.` });
}

async function load(db: Kysely<PreferenceTables>, account: JID): Promise<Preferences> {
  const name = account.toString();
  const [row, exceptions] = await Promise.all([
    db.selectFrom('archive_preference').select('fallback').where('account', '=', name).executeTakeFirst(),
    db.selectFrom('archive_exception').select(['jid', 'archived']).where('account', '=', name).execute(),
  ]);
  return {
    fallback: isFallback(row?.fallback) ? row.fallback : DEFAULT_PREFERENCES.fallback,
    exceptions: new Map(exceptions.map(({ jid, archived }) => [jid, archived === 1])),
  };
}

/** Transactions end in the order in which they began: the last one of two is also the one that stays in memory. */
async function save(db: Kysely<PreferenceTables>, jid: JID, { fallback, exceptions }: Preferences): Promise<void> {
  const account = jid.toString();
  const rows = [...exceptions].map(([peer, archived]) => ({ account, jid: peer, archived: archived ? 1 : 0 }));
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('archive_preference')
      .values({ account, fallback })
      .onConflict((conflict) => conflict.column('account').doUpdateSet({ fallback }))
      .execute();
    await trx.deleteFrom('archive_exception').where('account', '=', account).execute();
    // SQLite takes up to 32,766 values in a statement.
    for (let start = 0; start < rows.length; start += 1000) {
      await trx
        .insertInto('archive_exception')
        .values(rows.slice(start, start + 1000))
        .execute();
    }
  });
}
