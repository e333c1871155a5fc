import { type Element, JID, StanzaError } from '@tutti/xmpp';
import { type FeatureApi, randomId } from '../../feature.ts';
import type { Change, Circumstances, Decide, Out } from './decision.ts';
import { refusal } from './refusal.ts';
import { RoomActor, type RoomWorld, type RunOptions } from './room-actor.ts';
import { RoomArchive } from './room-archive.ts';
import { defaultConfig } from './room-config.ts';
import { RoomStore } from './room-store.ts';
import type { Person, Room } from './room.ts';
import type { RoomTables } from './schema.ts';

/** Rooms without occupants that stay in memory. */
const IDLE_ROOMS = 1000;

/** All rooms of all services: those in memory by address, the others in the database. */
export class Rooms implements RoomWorld {
  readonly log;
  readonly logger;
  readonly archive: RoomArchive;
  readonly store: RoomStore;
  /** A message to everybody in a room has not reached somebody elsewhere. */
  onMissed: (room: JID, session: JID, error: StanzaError) => void = () => undefined;
  readonly #api: FeatureApi;
  readonly #actors = new Map<string, RoomActor>();
  /** How many rooms there are, by domain and by creator. */
  readonly #counts = new Map<string, number>();
  #operators: { readonly of: readonly string[] | undefined; readonly set: ReadonlySet<string> } = {
    of: undefined,
    set: new Set(),
  };
  /** Undefined once all is ready. */
  #opening: Promise<void> | undefined;

  constructor(api: FeatureApi) {
    this.#api = api;
    this.log = api.log;
    this.logger = api.logger;
    this.store = new RoomStore(api.store<RoomTables>());
    this.archive = new RoomArchive(api, this.store);
    this.#opening = this.#open().then(
      () => void (this.#opening = undefined),
      (error: unknown) => api.logger.error({ error: String(error) }, 'the rooms could not be opened'),
    );
  }

  /** Does what is decided in the room at this address, when its turn comes; gives the answer. */
  run(jid: JID, decide: Decide, options: RunOptions = {}): Promise<Element | undefined> {
    const operators = this.#currentOperators();
    const decideNow: Decide = (room) =>
      decide(room === undefined || room.operators === operators ? room : { ...room, operators });
    if (this.#opening !== undefined) return this.#opening.then(() => this.#actor(jid).run(decideNow, options));
    return this.#actor(jid).run(decideNow, options);
  }

  /** Who runs the service, as the configuration has it now: the same object as long as that stays. */
  #currentOperators(): ReadonlySet<string> {
    const { admins } = this.#api.config;
    if (this.#operators.of !== admins) this.#operators = { of: admins, set: new Set(admins) };
    return this.#operators.set;
  }

  /** The room as it is when everything before has been done. */
  async look(jid: JID): Promise<Room | undefined> {
    let found: Room | undefined;
    await this.run(jid, (room) => {
      found = room;
      return { room, out: [] };
    });
    return found;
  }

  /** The rooms in memory, with whatever is going on in them. */
  *present(): Iterable<Room> {
    for (const { room } of this.#actors.values()) if (room !== undefined) yield room;
  }

  /** The moment, for a decision. */
  here(): Circumstances {
    const { clock, random, config } = this.#api;
    return {
      now: clock.now(),
      limits: config.rooms,
      newId: () => randomId(random),
      occupantId: (secret, user) => this.#occupantId(secret, user),
    };
  }

  /** XEP-0045 §10.1: a room that somebody creates by coming in. Throws StanzaError where that is not allowed. */
  create(jid: JID, by: JID): Room {
    const { config, random } = this.#api;
    const operators = this.#currentOperators();
    const creator = by.bare.toString();
    const isOperator = operators.has(creator);
    const { create, rooms, roomsPerAccount, history } = config.rooms;
    const isAllowed = isOperator || create === 'anyone' || (create === 'local' && this.#api.isLocalDomain(by.domain));
    if (!isAllowed) throw refusal({ jid }, 'not-allowed', 'You may not create rooms here.');
    if (rooms > 0 && this.#count(jid.domain) >= rooms)
      throw refusal({ jid }, 'resource-constraint', 'There are too many rooms.');
    if (roomsPerAccount > 0 && this.#count(creator) >= roomsPerAccount) {
      throw refusal({ jid }, 'resource-constraint', 'You have created too many rooms.');
    }
    const owner: Person = { affiliation: 'owner', nick: undefined, reason: undefined, hats: [] };
    return {
      jid,
      creator,
      locked: true,
      config: defaultConfig(history),
      people: new Map([[creator, owner]]),
      requests: new Map(),
      operators,
      occupants: new Map(),
      nicks: new Map(),
      subject: undefined,
      history: [],
      hats: new Map(),
      avatar: undefined,
      secret: randomId(random, 32),
    };
  }

  async load(jid: JID): Promise<Room | undefined> {
    const { config } = this.#api;
    const room = await this.store.load(jid, this.#currentOperators());
    if (room === undefined) return undefined;
    return { ...room, ...(await this.archive.recall(room, config.rooms)) };
  }

  save(jid: JID, changes: readonly Change[]): Promise<void> {
    return this.store.save(jid, changes);
  }

  send(out: readonly Out[]): void {
    for (const { to, stanza } of out) {
      const isForAll = stanza.name === 'message' && stanza.attrs['type'] === 'groupchat';
      const from = isForAll ? JID.tryParse(stanza.attrs['from'] ?? '') : undefined;
      for (const jid of to) {
        const copy = stanza.with({ to: jid.toString() });
        if (from === undefined || this.#api.isLocalDomain(jid.domain)) this.#api.route(copy);
        else this.#api.hand(copy, from, jid).catch((error: StanzaError) => this.onMissed(from.bare, jid, error));
      }
    }
  }

  counted({ jid, creator }: Room, by: 1 | -1): void {
    for (const key of [jid.domain, creator]) this.#counts.set(key, this.#count(key) + by);
  }

  /** Addresses without a room are forgotten at once, rooms without occupants when there are many. */
  idle(actor: RoomActor): void {
    const { room } = actor;
    if (room === undefined) {
      this.#forget(actor);
      return;
    }
    if (room.occupants.size > 0 || this.#actors.size <= IDLE_ROOMS) return;
    for (const one of this.#actors.values()) {
      if (this.#actors.size <= IDLE_ROOMS) return;
      if (one.isIdle && one.room?.occupants.size === 0 && one !== actor) this.#forget(one);
    }
  }

  #actor(jid: JID): RoomActor {
    const name = jid.toString();
    const known = this.#actors.get(name);
    if (known !== undefined) return known;
    const actor = new RoomActor(jid, this);
    this.#actors.set(name, actor);
    return actor;
  }

  #forget(actor: RoomActor): void {
    const name = actor.jid.toString();
    if (this.#actors.get(name) === actor) this.#actors.delete(name);
  }

  #count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Rooms that were not to outlive the last process go; the others are counted. */
  async #open(): Promise<void> {
    for (const name of await this.store.temporary()) {
      await this.log.remove(name);
      await this.store.save(JID.parse(name), [{ kind: 'destroy' }]);
    }
    for (const [key, rooms] of await this.store.counts()) this.#counts.set(key, rooms);
  }

  /** XEP-0421 §4.1: keyed by the room's secret, so that it says nothing about the user and differs from room to room. */
  #occupantId(secret: string, user: JID): string {
    const hash = (text: string): string => toHex(this.#api.digest('sha-256', new TextEncoder().encode(text)));
    return hash(`${secret} ${hash(`${secret} ${user.bare.toString()}`)}`);
  }
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The address of a room: neither the service itself nor somebody in a room. Throws StanzaError. */
export function roomAddress(to: JID): JID {
  if (to.local === '') throw new StanzaError('service-unavailable');
  return to.bare;
}
