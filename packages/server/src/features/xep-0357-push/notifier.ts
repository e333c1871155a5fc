import { type Element, JID } from '@tutti/xmpp';
import type { AccountView, FeatureApi, SessionView } from '../../feature.ts';
import { cut, type Summary, writePublish } from './notification.ts';
import { OTHERS, type Registration, type Registrations } from './registrations.ts';

/** Peers whose messages are counted for themselves, for each device: a stranger may have any number of addresses. */
const MOST_PEERS = 1000;

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
    void this.#publish(one, delivery).finally(() => {
      this.#api.clock.after(this.#api.config.push.interval * 1000, () => {
        delivery.isBusy = false;
        if (delivery.isDue && !one.isOver) this.#send(one);
      });
    });
  }

  async #publish(one: Registration, delivery: Delivery): Promise<void> {
    delivery.isDue = false;
    const { account, service } = one;
    const { push } = this.#api.config;
    const payload = writePublish(one, { count: one.count, last: delivery.last }, push);
    const { domain } = JID.parse(account);
    try {
      await this.#api.askAs(JID.parse(domain), JID.parse(service), 'set', payload);
      one.errors = 0;
      this.#api.metrics.pushes.taken.inc();
    } catch (error) {
      one.errors += 1;
      this.#api.metrics.pushes.refused.inc();
      const fields = { account, service, errors: one.errors, error: String(error) };
      this.#api.logger.info(fields, 'an app server could not be told');
    }
    // §6: who answers with errors only is told nothing more.
    if (one.errors < push.errors) return this.#keep(one);
    const loaded = await this.#api.account(JID.parse(account));
    if (loaded !== undefined && !one.isOver) await this.#registrations.remove(loaded, one).catch(this.#log);
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
    const made: Delivery = { last: undefined, isDue: false, isBusy: false };
    this.#deliveries.set(one, made);
    return made;
  }
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
