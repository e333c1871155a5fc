import { type Element, NS, xml } from '@tutti/xmpp';
import { type Copy, keyOf, readCopy } from '../model/message.ts';
import type { Coming } from '../story/story.ts';
import { CatchUp } from './catch-up.ts';
import type { Chance } from './chance.ts';
import { ClientCounts } from './client-counts.ts';
import type { Link } from './link.ts';
import type { Scheduler } from './scheduler.ts';

/** Something that a client has received. */
export interface Reception {
  readonly session: number;
  readonly connection: number;
  readonly copy: Copy;
  /** The session had IM-NG on, as the client knows it. */
  readonly imNg: boolean;
}

/** A message with an origin-id, as it was sent, until its reflection has come. */
interface Outstanding {
  readonly stanza: Element;
  reflected: boolean;
}

/** What a device needs of its world. */
export interface DeviceWorld {
  readonly scheduler: Scheduler;
  /** A new connection: binds, or resumes. `name` forks its chance. */
  connect(device: Device, name: string): Link;
  bind(device: Device, link: Link, inline: Element | undefined): void;
  resume(device: Device, link: Link, resume: Element): void;
  problem(check: string, text: string): void;
}

/** A client: sends, acknowledges, catches up, and remembers everything. It survives crashes of the server. */
export class Device {
  /** Full JID. */
  readonly jid: string;
  readonly account: string;
  readonly resource: string;
  readonly received: Reception[] = [];
  /** What it would show its user: stanza-ids in order, over all its sessions (K5). */
  readonly catchUp: CatchUp;
  link: Link | undefined;
  /** The number of its session, for its receptions. */
  session = 0;
  connection = 0;
  sm: ClientCounts | undefined;
  imNg = false;
  carbons = false;
  /** Keys of messages, and numbers of sessions, that the server has counted as handled. */
  readonly acknowledged = new Set<string>();
  /** What was sent with an origin-id, by key. */
  readonly outstanding = new Map<string, Outstanding>();
  /** The impossible count that it has claimed. */
  wrongCount: string | undefined;
  readonly #world: DeviceWorld;
  readonly #chance: Chance;
  #asked = new Map<string, (answer: Element) => void>();
  #next = 1;
  #coming: Coming | undefined;
  /** Bound or resumed. */
  #ready = false;
  /** Takes `<a/>` to every `<r/>` at once, or late. */
  readonly #promptness: number;

  constructor(jid: string, world: DeviceWorld, chance: Chance) {
    this.jid = jid;
    [this.account = '', this.resource = ''] = jid.split('/');
    this.#world = world;
    this.#chance = chance;
    this.#promptness = chance.pick([1, 1, 0.5, 0.1]);
    this.catchUp = new CatchUp(chance.pick([2, 7, 50]), (payload, take) => this.ask('set', payload, take));
  }

  /** It has a session, and a connection. */
  get online(): boolean {
    return this.#ready && this.link?.isOpen === true;
  }

  /** On its way: it is there, or has begun to come. */
  get isConnected(): boolean {
    return this.link?.isOpen === true;
  }

  /** It is there, has caught up, and all that it has sent is counted. */
  get isSettled(): boolean {
    const { sm } = this;
    const isCounted = sm === undefined || !sm.inbound || sm.acknowledged === sm.total;
    return this.online && isCounted && (!this.imNg || this.catchUp.complete);
  }

  /** Connects and binds, in place of whatever connection it had. */
  come(name: string, coming: Coming): void {
    this.#drop(this.#chance.fork(name).happens(0.4));
    this.#forget();
    this.#coming = coming;
    this.link = this.#world.connect(this, name);
    this.#world.bind(this, this.link, coming.inline ? this.#inlineRequests(coming) : undefined);
  }

  /** Connects and resumes its session (XEP-0198 §5); comes anew where there is nothing to resume. */
  return(name: string, coming: Coming, h: 'right' | 'too high' = 'right'): void {
    const { sm } = this;
    if (sm?.id === undefined) return this.come(name, coming);
    this.#coming = coming;
    this.#drop(this.#chance.fork(name).happens(0.6));
    this.link = this.#world.connect(this, name);
    const count = h === 'right' ? sm.received : sm.received + 100_000;
    this.wrongCount = h === 'right' ? undefined : String(count);
    this.#world.resume(this, this.link, xml('resume', { xmlns: NS.sm, previd: sm.id, h: count }));
  }

  /** Resumes on a second connection while the server takes the first for alive. */
  takeOver(name: string): void {
    if (this.online && this.sm?.id !== undefined) this.return(name, this.#coming as Coming);
  }

  leave(): void {
    const { link } = this;
    this.#forget();
    this.link = undefined;
    link?.closeByClient();
  }

  cut(): void {
    this.link?.cut();
  }

  /** Sends a message. */
  say(stanza: Element): void {
    if (!this.online) return;
    if (isConversation(stanza) && stanza.child('origin-id', NS.sid) !== undefined)
      this.outstanding.set(keyOf(stanza), { stanza, reflected: false });
    this.#send(stanza);
  }

  /** S8: sends the last message with an origin-id once more. */
  repeat(): void {
    const last = [...this.outstanding.values()].at(-1);
    if (last !== undefined && this.imNg && this.online) this.#send(last.stanza);
  }

  /** Sends a request. False: it has no connection. */
  ask(type: 'get' | 'set', payload: Element, take: (answer: Element) => void = () => {}): boolean {
    if (!this.online) return false;
    const id = `${this.resource}-${this.#next++}`;
    this.#asked.set(id, take);
    this.#send(xml('iq', { type, id }, payload));
    return true;
  }

  enableImNg(): void {
    if (this.imNg) return;
    if (this.carbons) this.setCarbons(false);
    this.ask('set', xml('enable', { xmlns: NS.imNg }), (answer) => {
      const ok = answer.attrs['type'] === 'result';
      if (!ok && !this.carbons) this.#world.problem('E2', `${this.jid} may not enable IM-NG: ${answer}`);
      if (ok) this.#imNgEnabled();
    });
  }

  setCarbons(on: boolean): void {
    this.ask('set', xml(on ? 'enable' : 'disable', { xmlns: NS.carbons }), (answer) => {
      const ok = answer.attrs['type'] === 'result';
      if (ok && on && this.imNg) this.#world.problem('E3', `${this.jid} has IM-NG and Carbons`);
      if (ok) this.carbons = on;
    });
  }

  sendPresence(priority: number | undefined): void {
    if (!this.online) return;
    this.#send(
      priority === undefined
        ? xml('presence', { type: 'unavailable' })
        : xml('presence', null, xml('priority', null, String(priority))),
    );
  }

  /** Reads what it has missed (K5). */
  query(): void {
    if (this.imNg && this.online) this.catchUp.start();
    else if (this.online) this.ask('set', xml('query', { xmlns: NS.mam, queryid: 'legacy' }));
  }

  acknowledge(): void {
    if (this.online && this.sm?.inbound === true) this.#nonza(xml('a', { xmlns: NS.sm, h: this.sm.received }));
  }

  requestCount(): void {
    if (this.online && this.sm?.outbound === true) this.#nonza(xml('r', { xmlns: NS.sm }));
  }

  // What the world tells

  /** Bound, with the answers to inline requests. */
  bound(inline: readonly Element[]): void {
    const coming = this.#coming as Coming;
    this.#ready = true;
    for (const element of inline) if (element.is('enabled', NS.sm)) this.#smEnabled(element);
    if (coming.inline) {
      if (coming.imNg === 'at once') this.#imNgEnabled();
      this.carbons = coming.carbons && coming.imNg !== 'at once';
    } else {
      if (coming.sm !== 'none') {
        this.sm = new ClientCounts();
        this.sm.outbound = true;
        this.#nonza(xml('enable', { xmlns: NS.sm, resume: coming.sm === 'resumable' ? 'true' : undefined }));
      }
      if (coming.imNg === 'at once') this.enableImNg();
      if (coming.carbons && !(coming.imNg === 'at once')) this.setCarbons(true);
    }
    if (coming.priority !== undefined) this.sendPresence(coming.priority);
    if (coming.imNg === 'later') this.enableImNg();
  }

  resumed(h: number): void {
    const { sm } = this;
    const acknowledged = sm?.acknowledge(h);
    if (sm === undefined || acknowledged === undefined)
      return this.#world.problem('SM', `${this.jid}: <resumed h='${h}'/> counts what was not sent`);
    this.#ready = true;
    this.#countAcknowledged(acknowledged);
    for (const element of sm.unacknowledged) this.link?.send(element);
    if (this.imNg && !this.catchUp.complete) this.catchUp.start(() => this.#repeatUnreflected());
  }

  /** There is nothing to resume: comes anew. */
  notResumed(): void {
    const name = this.link?.id ?? '';
    this.come(`${name} anew`, this.#coming as Coming);
  }

  take(element: Element): void {
    if (element.is('bound', NS.bind2)) return this.bound(element.elements);
    if (element.is('resumed', NS.sm)) return this.resumed(Number(element.attrs['h']));
    if (element.is('failed', NS.sm)) return this.notResumed();
    if (element.ns === NS.sm) return this.#takeCount(element);
    if (this.sm?.inbound === true && element.ns === NS.client) this.sm.received += 1;
    if (element.name === 'iq') return this.#takeIq(element);
    const copy = readCopy(element, this.account);
    if (copy === undefined) return;
    this.received.push({ session: this.session, connection: this.connection, copy, imNg: this.imNg });
    const own = this.outstanding.get(copy.key);
    if (own !== undefined) own.reflected = true; // also without an id, where it is not archived (A8)
    // K6, S7: who is told that it came to nothing does not say it again; what has to wait is worth another try.
    const refused =
      copy.form === 'direct' && isFinal(element) ? this.outstanding.get(copy.key.slice(0, -1)) : undefined;
    if (refused !== undefined) refused.reflected = true;
    if (copy.form === 'result') this.catchUp.result(copy, copy.wrapper?.child('result', NS.mam)?.attrs['queryid']);
    else if (this.imNg && copy.form === 'direct' && copy.id !== undefined) this.catchUp.live(copy);
  }

  /** Nothing that the next session could resume. */
  #forget(): void {
    this.sm = undefined;
    this.imNg = false;
    this.carbons = false;
    this.#asked = new Map();
    this.catchUp.abandon();
  }

  /** Its connection, if any, is dead. `silently`: the server has not noticed. */
  #drop(silently: boolean): void {
    const { link } = this;
    this.#ready = false;
    this.link = undefined;
    if (silently) link?.abandon();
    else link?.cut();
  }

  #inlineRequests(coming: Coming): Element {
    return xml(
      'bind',
      { xmlns: NS.bind2 },
      coming.imNg === 'at once' && xml('enable', { xmlns: NS.imNg }),
      coming.carbons && xml('enable', { xmlns: NS.carbons }),
      coming.sm !== 'none' && xml('enable', { xmlns: NS.sm, resume: coming.sm === 'resumable' ? 'true' : undefined }),
    );
  }

  #imNgEnabled(): void {
    if (this.imNg) return;
    this.imNg = true;
    this.catchUp.start(() => this.#repeatUnreflected());
  }

  /** K6: what got no reflection, and is not in the archive either as it has just been read. */
  #repeatUnreflected(): void {
    for (const { stanza, reflected } of this.outstanding.values()) {
      const waits = this.sm?.unacknowledged.includes(stanza) === true;
      if (!reflected && !waits && this.online) this.#send(stanza);
    }
  }

  #smEnabled(enabled: Element): void {
    this.sm ??= new ClientCounts();
    this.sm.outbound = true;
    this.sm.inbound = true;
    const id = enabled.attrs['id'];
    if (enabled.attrs['resume'] === 'true' && id !== undefined) this.sm.id = id;
  }

  #takeCount(element: Element): void {
    const { sm } = this;
    if (element.name === 'enabled') this.#smEnabled(element);
    else if (element.name === 'a' && sm !== undefined) {
      const h = Number(element.attrs['h']);
      const acknowledged = sm.acknowledge(h);
      if (acknowledged === undefined)
        this.#world.problem('SM', `${this.jid}: <a h='${h}'/> counts what was not sent, or less than before`);
      else this.#countAcknowledged(acknowledged);
    } else if (element.name === 'r' && sm !== undefined) {
      const link = this.link;
      const delay = this.#chance.happens(this.#promptness) ? 1 : this.#chance.between(100, 3000);
      this.#world.scheduler.after(delay, () => {
        if (this.link === link) this.acknowledge();
      });
    }
  }

  #countAcknowledged(elements: readonly Element[]): void {
    for (const element of elements)
      if (element.name === 'message') this.acknowledged.add(`${keyOf(element)} ${this.session}`);
  }

  #takeIq(iq: Element): void {
    const { id = '', type, from } = iq.attrs;
    if (type === 'get' || type === 'set') {
      if (this.online) this.#send(xml('iq', { type: 'result', id, to: from === this.account ? undefined : from }));
      return;
    }
    const take = this.#asked.get(id);
    this.#asked.delete(id);
    take?.(iq);
  }

  #send(element: Element): void {
    this.sm?.sent(element);
    this.link?.send(element);
  }

  #nonza(element: Element): void {
    this.link?.send(element);
  }
}

/** K6: a message that is reflected. */
function isConversation(stanza: Element): boolean {
  const { to, type } = stanza.attrs;
  const isMarked = to?.includes('/') === true && stanza.child('im-ng', NS.imNg) !== undefined;
  return !isMarked && (type === undefined || type === 'chat' || type === 'normal');
}

/** An error that says more than "later". */
function isFinal(message: Element): boolean {
  return message.attrs['type'] === 'error' && message.child('error')?.attrs['type'] !== 'wait';
}
