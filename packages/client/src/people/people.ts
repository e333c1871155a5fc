import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { bareOf } from '../address.ts';
import { applyBlocking, type Blocklist } from './blocklist.ts';
import { answerRequest, applyPresence, type Availability, nobody, type Presences } from './presence.ts';
import { applyRosterPush, readRoster, type Roster } from './roster.ts';

interface PeopleParts {
  /** Bare JID. */
  readonly account: string;
  readonly request: (iq: Element) => Promise<Element>;
  readonly send: (stanza: Element) => Promise<void>;
  readonly changed: () => void;
}

/** What may be said of somebody who is added. */
export interface ContactDetails {
  readonly name?: string | undefined;
  readonly groups?: readonly string[];
  readonly invitation?: string | undefined;
}

/** The user's contacts, who of them is there, and who is blocked. What changes it resolves when the server has done it. */
export class People {
  readonly #parts: PeopleParts;
  #roster: Roster = new Map();
  #presences: Presences = nobody;
  #blocked: Blocklist = new Set();
  #isLoaded = false;

  /** @internal */
  constructor(parts: PeopleParts) {
    this.#parts = parts;
  }

  /** Whether the lists have come: until then nobody knows who is no contact. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** By bare JID. */
  get contacts(): Roster {
    return this.#roster;
  }

  /** Bare JIDs that ask to see the user's presence. */
  get asking(): readonly string[] {
    return this.#presences.asking;
  }

  get blocked(): Blocklist {
    return this.#blocked;
  }

  /** The devices of somebody's that are there, the one to speak to first. */
  devicesOf(jid: string): readonly Availability[] {
    return this.#presences.available.get(bareOf(jid)) ?? [];
  }

  /**
   * Puts somebody on the list, or changes name and groups (RFC 6121 §2.3); asks to see their presence if the user doesn't, with
   * what an invitation of theirs brought (XEP-0379 §3.4).
   */
  async add(jid: string, { name, groups = [], invitation }: ContactDetails = {}): Promise<void> {
    const to = bareOf(jid);
    await this.#setItem(xml('item', { jid: to, name }, ...groups.map((group) => xml('group', null, group))));
    const subscription = this.#roster.get(to)?.subscription;
    if (subscription !== 'to' && subscription !== 'both') {
      const preAuth =
        invitation === undefined ? [] : [xml('preauth', { xmlns: NS.preAuthSubscription, token: invitation })];
      await this.#sendPresence(to, 'subscribe', ...preAuth);
    }
  }

  /** Takes somebody from the list; neither sees the other's presence any more: RFC 6121 §2.5. */
  async remove(jid: string): Promise<void> {
    await this.#setItem(xml('item', { jid: bareOf(jid), subscription: 'remove' }));
  }

  /** Lets somebody see the user's presence: RFC 6121 §3.1.4. */
  accept(jid: string): Promise<void> {
    return this.#answer(bareOf(jid), 'subscribed');
  }

  /** Doesn't, or no longer: RFC 6121 §3.2. */
  deny(jid: string): Promise<void> {
    return this.#answer(bareOf(jid), 'unsubscribed');
  }

  /** XEP-0191 §3.3: a JID, or a domain. */
  async block(...jids: string[]): Promise<void> {
    await this.#requestBlocking('block', jids);
  }

  /** XEP-0191 §3.4; without a name everybody. */
  async unblock(...jids: string[]): Promise<void> {
    await this.#requestBlocking('unblock', jids);
  }

  /** Asks for both lists; presence comes anew in every session. Resolves with what was refused. @internal */
  async load(): Promise<readonly StanzaError[]> {
    this.#presences = nobody;
    const refused: StanzaError[] = [];
    const note = (error: unknown): void => {
      if (!(error instanceof StanzaError)) throw error;
      // A server may do without blocking.
      if (error.condition !== 'service-unavailable' && error.condition !== 'feature-not-implemented')
        refused.push(error);
    };
    const get = (name: string, ns: string): Promise<Element | undefined> =>
      this.#parts
        .request(xml('iq', { type: 'get' }, xml(name, { xmlns: ns })))
        .then((answer) => answer.child(name, ns));
    await Promise.all([
      get('query', NS.roster)
        .then((query) => (this.#roster = query === undefined ? this.#roster : readRoster(query)))
        .catch(note),
      get('blocklist', NS.blocking)
        .then((list) => (this.#blocked = list === undefined ? this.#blocked : applyBlocking(this.#blocked, list)))
        .catch(note),
    ]);
    this.#isLoaded = true;
    this.#parts.changed();
    return refused;
  }

  /** @internal */
  takePresence(stanza: Element): void {
    const before = this.#presences;
    this.#presences = applyPresence(before, stanza);
    if (this.#presences !== before) this.#parts.changed();
  }

  /** Takes what the server says has changed. Throws StanzaError when somebody else says it (RFC 6121 §2.1.6). @internal */
  takePush(iq: Element): undefined {
    const { from } = iq.attrs;
    if (from !== undefined && from !== this.#parts.account) throw new StanzaError('forbidden');
    const [payload] = iq.elements;
    if (payload?.ns === NS.roster) this.#roster = applyRosterPush(this.#roster, payload);
    if (payload?.ns === NS.blocking) this.#blocked = applyBlocking(this.#blocked, payload);
    this.#parts.changed();
  }

  async #setItem(item: Element): Promise<void> {
    await this.#parts.request(xml('iq', { type: 'set' }, xml('query', { xmlns: NS.roster }, item)));
  }

  async #requestBlocking(name: 'block' | 'unblock', jids: readonly string[]): Promise<void> {
    const items = jids.map((jid) => xml('item', { jid }));
    await this.#parts.request(xml('iq', { type: 'set' }, xml(name, { xmlns: NS.blocking }, ...items)));
  }

  async #answer(jid: string, type: 'subscribed' | 'unsubscribed'): Promise<void> {
    await this.#sendPresence(jid, type);
    this.#presences = answerRequest(this.#presences, jid);
    this.#parts.changed();
  }

  #sendPresence(to: string, type: string, ...payload: Element[]): Promise<void> {
    return this.#parts.send(xml('presence', { to, type }, ...payload));
  }
}
