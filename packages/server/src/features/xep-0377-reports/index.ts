import { type Element, type JID, NS } from '@tutti/xmpp';
import { type AccountView, defineFeature, type FeatureApi, randomId } from '../../feature.ts';
import { reportMigrations, type ReportRow, type ReportTables } from './schema.ts';

/** §3.3: what a user may agree to; nothing of it is done here. */
const AGREEMENTS = ['report-origin', 'third-party'] as const;
const DEFAULT_LIST = 100;
const LONGEST_REASON = 255;

/** Reports that come with a block are kept for the administrator; the block itself is XEP-0191's. */
export const reports = defineFeature({
  spec: 'XEP-0377',
  version: '0.4.1',
  name: 'Blocking Command Reports',
  note: 'kept for the administrator; not forwarded',
  disco: { domain: [NS.reporting] },
  migrations: reportMigrations,
  setup(api) {
    let turn: Promise<unknown> = Promise.resolve();
    api.on('contactReported', (account, peer, report) => {
      // One at a time: what is kept of an account is bounded.
      turn = turn
        .then(() => keep(api, account, peer, report))
        .catch((error: unknown) => {
          api.logger.warn({ account: account.jid.toString(), error: String(error) }, 'a report could not be kept');
        });
    });
    api.control('reports.list', (params) => list(api, params));
  },
});

async function keep(api: FeatureApi, account: AccountView, peer: JID, report: Element): Promise<void> {
  const db = api.store<ReportTables>();
  const { perAccount, retention, textBytes } = api.config.reports;
  const { reason } = report.attrs;
  // §3: it has a reason, or it is none.
  if (reason === undefined || reason === '' || reason.length > LONGEST_REASON) return;
  const name = account.jid.toString();
  const now = api.clock.now();
  const messages = await readMessages(api, name, peer, report);
  const row: ReportRow = {
    id: randomId(api.random),
    account: name,
    peer: peer.toString(),
    at: now,
    reason,
    text: cut(report.child('text')?.text() ?? '', textBytes),
    messages: JSON.stringify(messages),
    agreed: AGREEMENTS.filter((one) => report.child(one) !== undefined).join(' '),
  };
  await db.insertInto('report').values(row).execute();
  api.logger.warn({ account: name, peer: row.peer, reason, messages: messages.length }, 'a user reports somebody');
  if (retention !== Infinity)
    await db
      .deleteFrom('report')
      .where('at', '<=', now - retention * 1000)
      .execute();
  if (perAccount === 0) return;
  const newest = db
    .selectFrom('report')
    .select('id')
    .where('account', '=', name)
    .orderBy('at', 'desc')
    .limit(perAccount);
  await db.deleteFrom('report').where('account', '=', name).where('id', 'not in', newest).execute();
}

/** §3.4: the reported messages, as far as they are from whom is reported and the account's archive has them. */
async function readMessages(api: FeatureApi, account: string, peer: JID, report: Element): Promise<readonly string[]> {
  const { messages: most } = api.config.reports;
  const ids = report.childrenNamed('stanza-id', NS.sid).map(({ attrs }) => attrs['id'] ?? '');
  const kept: string[] = [];
  for (const id of most === 0 ? ids : ids.slice(0, most)) {
    const seq = await api.log.resolve(account, id);
    const [row] = seq === undefined ? [] : await api.log.read(account, seq - 1, 1);
    const isTheirs = row !== undefined && row.seq === seq && !row.outgoing && row.peer === peer.bare.toString();
    if (isTheirs) kept.push(new TextDecoder().decode(row.stanza));
  }
  return kept;
}

/** For `tutti reports`, the newest first. */
async function list(api: FeatureApi, { limit }: Readonly<Record<string, unknown>>): Promise<readonly object[]> {
  const rows = await api
    .store<ReportTables>()
    .selectFrom('report')
    .selectAll()
    .orderBy('at', 'desc')
    .limit(typeof limit === 'number' ? limit : DEFAULT_LIST)
    .execute();
  return rows.map(({ id, account, peer, at, reason, text, messages, agreed }) => ({
    id,
    account,
    peer,
    at: new Date(at).toISOString(),
    reason,
    text,
    messages: JSON.parse(messages) as readonly string[],
    agreed: agreed.split(' ').filter(Boolean),
  }));
}

/** As much of a text as fits into so many bytes of UTF-8; 0 = all of it. */
function cut(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text);
  if (bytes === 0 || encoded.length <= bytes) return text;
  return new TextDecoder().decode(encoded.subarray(0, bytes)).replace(/\uFFFD+$/, '');
}
