import { NS, xml } from '@tutti/xmpp';
import type { AccountView, FeatureApi, Row, SessionView } from '../../feature.ts';

/** Rows read at a time. */
const PAGE = 100;

/** What is to be replayed: all that is owed, to one who comes, or rows that another has left behind. */
interface Offer {
  readonly first?: SessionView;
  readonly rows?: ReadonlySet<number>;
}

/** Rows of an account's log, both ends included. */
type Range = readonly [first: number, last: number];

/**
 * D5: hands legacy sessions what no legacy session has had: the archive's rows past the legacy cursor, up to the head at the moment when a session
 * begins to take messages, and what was given to another one that has ended without acknowledging it. What is archived after that moment is delivered
 * live, behind what is replayed (RFC 6120 §10.1), so nothing comes twice and nothing falls between. A replay waits for a slow client. When its session
 * ends, or reads the archive itself from now on (IM-NG), the rest goes to another legacy session if there is one; otherwise it is owed to the next.
 */
export class Replays {
  readonly #api: FeatureApi;
  readonly #isReader: (session: SessionView) => boolean;
  /** Accounts with a replay under way: what is to be replayed, now and after that. */
  readonly #running = new WeakMap<AccountView, Offer[]>();

  /** `isReader`: the session reads the archive itself. */
  constructor(api: FeatureApi, isReader: (session: SessionView) => boolean) {
    this.#api = api;
    this.#isReader = isReader;
  }

  /** A session begins to take messages. Resolves when all is sent, or nobody is there to take it. */
  start(session: SessionView): Promise<void> {
    this.#api.claimLegacy(session.account);
    return this.#offer(session.account, { first: session });
  }

  /** A session has ended: what its client has not acknowledged is given to another legacy session now, if there is one that has not got it. */
  inherit({ account, underWay }: SessionView): Promise<void> {
    return underWay.length === 0 ? Promise.resolve() : this.#offer(account, { rows: new Set(underWay) });
  }

  /** One after the other for each account. What a session can't take to the end goes to another. */
  async #offer(account: AccountView, offer: Offer): Promise<void> {
    const running = this.#running.get(account);
    if (running !== undefined) return void running.push(offer);
    const queue = [offer];
    this.#running.set(account, queue);
    try {
      for (let next = queue[0]; next !== undefined; next = queue[0]) {
        const takers = account.sessions.filter((one) => takesMessages(one) && !this.#isReader(one));
        const session = takers.find((one) => one === next.first) ?? takers[0];
        if (session === undefined) return;
        if (await this.#replay(session, next.rows)) queue.shift();
      }
    } finally {
      this.#running.delete(account);
    }
  }

  /** `due`: only these rows. False: the session could not take it to the end. */
  async #replay(session: SessionView, due: ReadonlySet<number> | undefined): Promise<boolean> {
    const { account } = session;
    if (account.owed.length === 0) return true;
    const end = this.#api.beginReplay(session);
    try {
      for await (const rows of this.#pages(account)) {
        for (const row of rows) {
          if (due?.has(row.seq) === false) continue;
          if (!(await this.#isReady(session))) return false;
          if (isOwed(account, row.seq)) this.#send(session, row);
        }
      }
      return true;
    } finally {
      end();
    }
  }

  /** Waits until it has room. False: it has ended, or reads the archive itself (E4). */
  async #isReady(session: SessionView): Promise<boolean> {
    return isLegacy(session) && (await this.#api.whenRoom(session)) && isLegacy(session);
  }

  #send(session: SessionView, row: Row): void {
    const { account } = session;
    if (session.hasHad(row.seq)) return this.#api.servedLegacy(account, [row.seq, row.seq]); // I7
    const stamp = new Date(row.at).toISOString();
    const delay = xml('delay', { xmlns: NS.delay, from: account.jid.domain, stamp });
    this.#api.replay(session, this.#api.present(account, row).append(delay), row.seq);
  }

  /** The messages among the rows that are owed, oldest first, at most the newest `limits.offline_messages`. What is no message for them is not owed. */
  async *#pages(account: AccountView): AsyncGenerator<readonly Row[]> {
    const name = account.jid.toString();
    const oldest = await this.#skipOldest(account);
    this.#api.servedLegacy(account, [1, oldest]);
    for (const [first, last] of account.owed) {
      let next = first;
      while (next <= last) {
        const page = await this.#api.log.read(name, next - 1, PAGE);
        const rows = page.filter(({ offline, seq }) => offline && seq <= last);
        const end = page.length < PAGE ? last : Math.min(last, page.at(-1)?.seq ?? last);
        for (const range of rangesBetween(rows, next, end)) this.#api.servedLegacy(account, range);
        next = end + 1;
        // What is on its way to another session is that one's to leave behind (D5), and to this one has come already (I7).
        const known = new Set(account.sessions.flatMap(({ underWay }) => underWay));
        yield rows.filter(({ seq }) => !known.has(seq));
      }
    }
  }

  /** The place after which no more than `limits.offline_messages` messages are owed. */
  async #skipOldest(account: AccountView): Promise<number> {
    const limit = this.#api.config.limits.offlineMessages;
    const { owed } = account;
    if (limit === 0 || owed.reduce((sum, [first, last]) => sum + last - first + 1, 0) <= limit) return 0;
    let left = limit;
    for (const [first, last] of owed.toReversed()) {
      let before = last + 1;
      for (let complete = false; !complete; ) {
        const filter = { after: first - 1, before, includeGroupchat: false };
        const page = await this.#api.log.query(account.jid.toString(), filter, PAGE, false);
        for (const row of page.rows.toReversed()) {
          if (row.offline) left -= 1;
          if (left < 0) return row.seq;
        }
        before = page.rows[0]?.seq ?? first;
        complete = page.complete;
      }
    }
    return 0;
  }
}

/** What lies from one place to another and is none of the rows. */
function rangesBetween(rows: readonly Row[], first: number, last: number): Range[] {
  const ends = [...rows.map(({ seq }) => seq), last + 1];
  return ends
    .map((end, index) => [index === 0 ? first : (ends[index - 1] as number) + 1, end - 1] as const)
    .filter(([from, to]) => from <= to);
}

function isOwed({ owed }: AccountView, seq: number): boolean {
  return owed.some(([first, last]) => first <= seq && seq <= last);
}

function takesMessages(session: SessionView): boolean {
  return isLegacy(session) && session.priority !== undefined && session.priority >= 0;
}

function isLegacy({ imNg }: SessionView): boolean {
  return !imNg;
}
