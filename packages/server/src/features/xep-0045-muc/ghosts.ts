import { type Element, type JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { BoundedMap, type FeatureApi, type ServiceDesk } from '../../feature.ts';
import type { Rooms } from './rooms.ts';
import type { Room } from './room.ts';
import { leave } from './visit.ts';

/** XEP-0045 §18.1.2: errors that tell of somebody who can't be reached. */
const GONE: readonly StanzaError['condition'][] = [
  'gone',
  'item-not-found',
  'recipient-unavailable',
  'redirect',
  'remote-server-not-found',
  'remote-server-timeout',
];

/** The way to them is too full, or failed: what they have missed of the room they would not know of. */
const MISSED: readonly StanzaError['condition'][] = [...GONE, 'resource-constraint', 'internal-server-error'];

/** Sessions of which it is known when they were last heard; one that is forgotten is asked earlier than it had to be. */
const CAPACITY = 50_000;

/** Does this stanza of type error say that its sender is not there? */
export function isGone(stanza: Element): boolean {
  const error = stanza.child('error');
  return error !== undefined && GONE.includes(StanzaError.fromElement(error).condition);
}

/** Sessions that are in a room and nowhere else: found by errors, and by asking those who have been silent. */
export class Ghosts {
  readonly #api: FeatureApi;
  readonly #rooms: Rooms;
  readonly #deskOf: (domain: string) => ServiceDesk | undefined;
  /** When something last came from a session, by full JID; ms since 1970 UTC. */
  readonly #heard = new BoundedMap<string, number>(CAPACITY);
  readonly #asked = new Set<string>();

  constructor(api: FeatureApi, rooms: Rooms, deskOf: (domain: string) => ServiceDesk | undefined) {
    this.#api = api;
    this.#rooms = rooms;
    this.#deskOf = deskOf;
    rooms.onMissed = (room, session, { condition }) => {
      if (MISSED.includes(condition)) this.remove(room, session).catch((error: unknown) => this.#report(error));
    };
  }

  heard(from: JID): void {
    if (this.#api.config.rooms.pingAfter > 0) this.#heard.set(from.toString(), this.#api.clock.now());
  }

  forget(from: JID): void {
    this.#heard.delete(from.toString());
  }

  /** XEP-0045 §11.1: out, with 333. */
  async remove(room: JID, session: JID): Promise<void> {
    this.forget(session);
    await this.#rooms.run(
      room,
      (found) => (found === undefined ? { room: found, out: [] } : leave(found, session, { codes: [333] })),
      { isFact: true },
    );
  }

  /** Asks, now and then, whoever has been silent for too long. */
  watch(): void {
    const { pingAfter } = this.#api.config.rooms;
    // Four times in that time, so that nobody is asked much later; a reload is noticed.
    const interval = pingAfter === 0 ? 60_000 : Math.max(1000, pingAfter * 250);
    this.#api.clock.after(interval, () => {
      this.#askSilent();
      this.watch();
    });
  }

  #askSilent(): void {
    const { pingAfter } = this.#api.config.rooms;
    if (pingAfter === 0) return;
    const before = this.#api.clock.now() - pingAfter * 1000;
    const here = new Set<string>();
    for (const room of this.#rooms.present()) {
      for (const { seats } of room.occupants.values()) {
        for (const { jid } of seats) {
          const name = jid.toString();
          here.add(name);
          if ((this.#heard.get(name) ?? 0) <= before && !this.#asked.has(name)) void this.#ask(room, jid, name);
        }
      }
    }
    for (const name of this.#heard.keys()) if (!here.has(name)) this.#heard.delete(name);
  }

  async #ask(room: Room, session: JID, name: string): Promise<void> {
    this.#asked.add(name);
    try {
      if (await this.#isThere(room, session)) this.heard(session);
      else for (const one of this.#rooms.present()) if (one.nicks.has(name)) await this.remove(one.jid, session);
    } catch (error) {
      this.#report(error);
    } finally {
      this.#asked.delete(name);
    }
  }

  #report(error: unknown): void {
    this.#api.logger.error({ error: String(error) }, 'a ghost could not be removed');
  }

  async #isThere(room: Room, session: JID): Promise<boolean> {
    // Of our own sessions we know.
    if (this.#api.isLocalDomain(session.domain)) return this.#api.session(session) !== undefined;
    try {
      await this.#deskOf(room.jid.domain)?.ask('get', room.jid, session, xml('ping', { xmlns: NS.ping }));
      return true;
    } catch (error) {
      // XEP-0199 §4.3: whoever says that it knows no pings is there.
      return error instanceof StanzaError && !GONE.includes(error.condition);
    }
  }
}
