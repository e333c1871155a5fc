import { NS, xml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, Row, SessionView } from '../../feature.ts';

/** Rows read at a time. */
const PAGE = 100;

/**
 * D5: hands legacy sessions what no legacy session has had: the archive's rows past the legacy cursor, up to the head
 * at the moment when the session begins to take messages. What is archived after that moment is delivered live, behind
 * what is replayed (RFC 6120 §10.1), so nothing comes twice and nothing falls between. A replay waits for a slow client.
 * When its session ends, or reads the archive itself from now on (IM-NG), the rest goes to another legacy session if
 * there is one; otherwise it stays where it is, past the cursor.
 */
export class Replays {
  readonly #api: FeatureApi;
  /** Accounts with a replay under way, what lies past their cursor is on its way to somebody; and what is to be looked at after that. */
  readonly #running = new WeakMap<AccountView, (() => Promise<void>)[]>();

  constructor(api: FeatureApi) {
    this.#api = api;
  }

  /** A session begins to take messages. Resolves when all is sent, or nobody is there to take it. */
  start(session: SessionView): Promise<void> {
    const { account } = session;
    return this.#inTurn(account, async () => {
      const { head, legacyCursor } = account;
      const isThere = account.sessions.includes(session) && takesMessages(session);
      if (legacyCursor >= head || !isThere || heir(account, session) !== undefined) return;
      await this.#replay(session, legacyCursor, head);
    });
  }

  /** A session has ended: what its client has not acknowledged is given to another legacy session now, if there is one that has not got it. */
  inherit(ended: SessionView, isReader: (session: SessionView) => boolean): Promise<void> {
    const { account } = ended;
    return this.#inTurn(account, async () => {
      // I7, D5: it may have ended in the middle of a delivery to several: the others have that first.
      await Promise.resolve();
      const session = account.sessions.find((one) => takesMessages(one) && !isReader(one));
      if (session === undefined) return;
      // D5: what is on its way to any other is that one's to leave behind.
      const known = new Set(account.sessions.flatMap(({ underWay }) => underWay));
      const due = new Set(ended.underWay.filter((seq) => seq > account.legacyCursor && !known.has(seq)));
      if (due.size === 0) return;
      await this.#replay(session, Math.min(...due) - 1, Math.max(...due), due);
    });
  }

  /** One after the other for each account: at once when nothing is under way. */
  async #inTurn(account: AccountView, replay: () => Promise<void>): Promise<void> {
    const running = this.#running.get(account);
    if (running !== undefined) return void running.push(replay);
    const queue = [replay];
    this.#running.set(account, queue);
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next();
    } finally {
      this.#running.delete(account);
    }
  }

  /** `due`: only these rows. */
  async #replay(first: SessionView, after: number, head: number, due?: ReadonlySet<number>): Promise<void> {
    const { account } = first;
    let session: SessionView | undefined = first;
    let end = this.#api.beginReplay(first);
    let known: ReadonlySet<number> | undefined;
    let any = false;
    try {
      for await (const row of this.#rows(account, after, head)) {
        any = true;
        if (due?.has(row.seq) === false) continue;
        while (!(await this.#isReady(session))) {
          end();
          session = heir(account, session);
          if (session === undefined) return;
          end = this.#api.beginReplay(session);
          known = undefined;
        }
        // I7: asked no sooner than now: the row may have been on its way to this session next when the other ended of it.
        known ??= new Set(session.underWay);
        if (!known.has(row.seq)) this.#send(session, row);
      }
    } finally {
      end();
    }
    // Rows that legacy sessions never get are not looked at again.
    if (!any && due === undefined) this.#api.servedLegacy(account, head);
  }

  /** Waits until it has room. False: it has ended, or reads the archive itself (E4). */
  async #isReady(session: SessionView): Promise<boolean> {
    return isLegacy(session) && (await this.#api.whenRoom(session)) && isLegacy(session);
  }

  #send(session: SessionView, row: Row): void {
    const { account } = session;
    if (session.hasHad(row.seq)) return this.#api.servedLegacy(account, row.seq); // I7
    const stamp = new Date(row.at).toISOString();
    const delay = xml('delay', { xmlns: NS.delay, from: account.jid.domain, stamp });
    this.#api.replay(session, this.#api.present(account, row).append(delay), row.seq);
  }

  /** The messages for legacy sessions among the rows, oldest first, at most the newest `limits.offline_messages`. */
  async *#rows(account: AccountView, after: number, head: number): AsyncGenerator<Row> {
    const name = account.jid.toString();
    let last = await this.#skipOldest(name, after, head);
    while (last < head) {
      const rows = await this.#api.log.read(name, last, PAGE);
      for (const row of rows) if (row.offline && row.seq <= head) yield row;
      last = rows.length < PAGE ? head : (rows.at(-1)?.seq ?? head);
    }
  }

  /** The place after which no more than `limits.offline_messages` messages come. */
  async #skipOldest(name: string, after: number, head: number): Promise<number> {
    const limit = this.#api.config.limits.offlineMessages;
    if (limit === 0 || head - after <= limit) return after;
    let left = limit;
    let before = head + 1;
    for (;;) {
      const { rows, complete } = await this.#api.log.query(
        name,
        { after, before, includeGroupchat: false },
        PAGE,
        false,
      );
      for (const row of rows.toReversed()) {
        if (row.offline) left -= 1;
        if (left < 0) return row.seq;
      }
      before = rows[0]?.seq ?? 0;
      if (complete || before === 0) return after;
    }
  }
}

/** Another legacy session of the account that takes messages. */
function heir(account: AccountView, besides: SessionView): SessionView | undefined {
  return account.sessions.find((session) => session !== besides && takesMessages(session));
}

function takesMessages(session: SessionView): boolean {
  return isLegacy(session) && session.priority !== undefined && session.priority >= 0;
}

function isLegacy({ imNg }: SessionView): boolean {
  return !imNg;
}
