import { type Element, JID, StanzaError } from '@tutti/xmpp';
import { type AccountView, backOff, type FeatureApi, type SessionView } from '../../feature.ts';
import { cut, type Summary, writePublish } from './notification.ts';
import { OTHERS, type Registration, type Registrations } from './registrations.ts';

/** Peers whose messages are counted for themselves, for each device: a stranger may have any number of addresses. */
const MOST_PEERS = 1000;

/** Milliseconds until an app server that could not be reached is told again; each failure doubles it up to the longest. */
const RETRY_FIRST_MS = 10_000;
const RETRY_LONGEST_MS = 300_000;
/** After so long without an answer it is not told before there is something new. */
const RETRY_FOR_MS = 86_400_000;

/** A message that a device may have to be told of. */
interface News {
  /** Bare JID, or that of a room with the nick. */
  readonly peer: JID;
  /** As much of it as an app server may be told. */
  readonly body: string;
  /** Its place in the account's log; undefined: a room has it. */
  readonly seq: number | undefined;
  /** It has been displayed meanwhile. */
  isSeen: boolean;
}

/** What is under way to an app server. */
interface Delivery {
  /** What it is to be told next. */
  last: Summary['last'];
  isDue: boolean;
  isBusy: boolean;
  /** Failures in a row that say nothing of the registration, and when the first of them was (ms since 1970 UTC). */
  failures: number;
  failingSince: number;
}

/** Decides who is told of a message, and when, and tells them. */
export class Notifier {
  readonly #api: FeatureApi;
  readonly #registrations: Registrations;
  /** Messages that wait for acknowledgements, by account. */
  readonly #waiting = new Map<string, Set<News>>();
  readonly #deliveries = new WeakMap<Registration, Delivery>();

  constructor(api: FeatureApi, registrations: Registrations) {
    this.#api = api;
    this.#registrations = registrations;
  }

  /** A message has come for an account. */
  receive(account: AccountView, message: Element, peer: JID, seq: number): void {
    const all = this.#registrations.of(account);
    if (all.length === 0) return;
    const news: News = { peer, body: this.#readBody(message), seq, isSeen: false };
    // Who has no connection at all is told at once, unless somebody sits at another device and may see it there.
    const isWatched = account.sessions.some(isActive);
    const later = all.filter(({ session }) => isWatched || session?.connected === true);
    for (const one of all) if (!later.includes(one)) this.#tell(one, news);
    if (later.length > 0) this.#wait(account, news, later);
  }

  /** A room's message is kept for a session that is away. */
  receiveKept(session: SessionView, message: Element, peer: JID): void {
    for (const one of this.#registrations.of(session.account)) {
      if (one.session !== session) continue;
      this.#tell(one, { peer, body: this.#readBody(message), seq: undefined, isSeen: false });
    }
  }

  /** The device is back: it sees for itself. */
  returned(session: SessionView): void {
    for (const one of this.#registrations.of(session.account)) {
      if (!one.isOf(session)) continue;
      one.session = session;
      const delivery = this.#deliveries.get(one);
      if (delivery !== undefined) Object.assign(delivery, { isDue: false, last: undefined });
      if (one.count === 0) continue;
      one.unread.clear();
      this.#keep(one);
    }
  }

  /** What the peer has written was displayed on some device of the account. */
  displayed(account: AccountView, peer: JID): void {
    for (const news of this.#waiting.get(account.jid.toString()) ?? []) if (isOf(news, peer)) news.isSeen = true;
    for (const one of this.#registrations.of(account)) {
      if (!one.unread.delete(peer.toString())) continue;
      const delivery = this.#deliveryOf(one);
      delivery.last = undefined;
      if (this.#api.config.push.withdraw && this.#api.config.push.content !== 'nothing') this.#send(one);
      this.#keep(one);
    }
  }

  #wait(account: AccountView, news: News, concerned: readonly Registration[]): void {
    const key = account.jid.toString();
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting.add(news));
    const over = new Promise<void>((resolve) => {
      this.#api.clock.after(this.#api.config.push.ackTime * 1000, () => {
        waiting.delete(news);
        if (waiting.size === 0) this.#waiting.delete(key);
        if (!news.isSeen && !wasSeen(account, news)) for (const one of concerned) this.#tellUnlessHad(one, news);
        resolve();
      });
    });
    void this.#api.hold(account, over);
  }

  #tellUnlessHad(one: Registration, news: News): void {
    const { session } = one;
    const isHad = session !== undefined && !session.ended && news.seq !== undefined && session.hasRow(news.seq);
    if (!isHad) this.#tell(one, news);
  }

  /** The message is not kept while its acknowledgement is waited for: there may be many, and large ones. */
  #readBody(message: Element): string {
    const { content, bodyBytes } = this.#api.config.push;
    return content === 'body' ? cut(message.child('body')?.text() ?? '', bodyBytes) : '';
  }

  #tell(one: Registration, { peer, body }: News): void {
    if (one.isOver) return;
    const from = peer.toString();
    const key = one.unread.has(from) || one.unread.size < MOST_PEERS ? from : OTHERS;
    one.unread.set(key, (one.unread.get(key) ?? 0) + 1);
    this.#deliveryOf(one).last = { from, body };
    this.#send(one);
  }

  /** One at a time, and not too often: what comes meanwhile is told in one. */
  #send(one: Registration): void {
    const delivery = this.#deliveryOf(one);
    delivery.isDue = true;
    if (delivery.isBusy) return;
    delivery.isBusy = true;
    void this.#publish(one, delivery).then((pause) => {
      this.#api.clock.after(pause, () => {
        delivery.isBusy = false;
        if (delivery.isDue && !one.isOver) this.#send(one);
      });
    });
  }

  /** Gives how long, in ms, to wait before the next time. */
  async #publish(one: Registration, delivery: Delivery): Promise<number> {
    delivery.isDue = false;
    const interval = this.#api.config.push.interval * 1000;
    const { account, service } = one;
    const { push } = this.#api.config;
    const payload = writePublish(one, { count: one.count, last: delivery.last }, push);
    const { domain } = JID.parse(account);
    try {
      await this.#api.askAs(JID.parse(domain), JID.parse(service), 'set', payload);
      one.errors = delivery.failures = 0;
      this.#api.metrics.pushes.taken.inc();
    } catch (error) {
      this.#api.metrics.pushes.refused.inc();
      const isRefusal = !isUnreachable(error);
      if (isRefusal) one.errors += 1;
      const fields = { account, service, errors: one.errors, error: String(error) };
      this.#api.logger.info(fields, 'an app server could not be told');
      if (!isRefusal) {
        this.#keep(one);
        return Math.max(interval, this.#retry(delivery));
      }
      delivery.failures = 0;
    }
    // §6: who answers with errors only is told nothing more.
    if (one.errors < push.errors) {
      this.#keep(one);
      return interval;
    }
    const loaded = await this.#api.account(JID.parse(account));
    if (loaded !== undefined && !one.isOver) await this.#registrations.remove(loaded, one).catch(this.#log);
    return interval;
  }

  /** What could not be told is told later, with what comes until then. Gives when, in ms from now. */
  #retry(delivery: Delivery): number {
    const { clock, random } = this.#api;
    if (delivery.failures === 0) delivery.failingSince = clock.now();
    delivery.failures += 1;
    delivery.isDue = clock.now() - delivery.failingSince < RETRY_FOR_MS;
    return backOff(delivery.failures, RETRY_FIRST_MS, RETRY_LONGEST_MS, random);
  }

  #keep(one: Registration): void {
    if (!one.isOver) this.#registrations.keep(one).catch(this.#log);
  }

  readonly #log = (error: unknown): void => {
    this.#api.logger.warn({ error: String(error) }, 'a push registration could not be written');
  };

  #deliveryOf(one: Registration): Delivery {
    const known = this.#deliveries.get(one);
    if (known !== undefined) return known;
    const made: Delivery = { last: undefined, isDue: false, isBusy: false, failures: 0, failingSince: 0 };
    this.#deliveries.set(one, made);
    return made;
  }
}

/** §6 lets what is transient pass: it tells of the way to the app server, or of its state, and not of the registration. */
function isUnreachable(error: unknown): boolean {
  return error instanceof StanzaError && (error.type === 'wait' || error.condition === 'remote-server-not-found');
}

/** XEP-0352: somebody sits there, as the client says. */
function isActive({ connected, clientActive }: SessionView): boolean {
  return connected && clientActive === true;
}

/** A device that somebody sits at has it. */
function wasSeen(account: AccountView, { seq }: News): boolean {
  return seq !== undefined && account.sessions.some((session) => isActive(session) && session.hasRow(seq));
}

function isOf({ peer }: News, other: JID): boolean {
  return peer.equals(other);
}
