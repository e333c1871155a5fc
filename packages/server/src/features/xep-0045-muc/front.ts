import { type Element, errorReply, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import type { FeatureApi, ServiceDesk, ServiceInfo, ServiceRequest } from '../../feature.ts';
import { administer, list } from './admin.ts';
import { hearAside } from './aside.ts';
import type { Decide } from './decision.ts';
import { commandHats, HAT_COMMANDS } from './hats.ts';
import { SERVICE_INFO, writeRoomInfo } from './info.ts';
import { join } from './join.ts';
import { listRooms } from './room-list.ts';
import { moderate, moderatedId, retractedId, retractOwn } from './moderate.ts';
import { own, showConfig } from './owner.ts';
import { type Ghosts, isGone } from './ghosts.ts';
import { register, showRegistration } from './register.ts';
import { roomAddress, type Rooms, toHex } from './rooms.ts';
import type { Room } from './room.ts';
import { isSubjectChange, type Retraction, returnError, speak, whisper } from './speak.ts';
import type { Traffic } from './traffic.ts';
import { setVcard } from './vcard.ts';
import { leave } from './visit.ts';

/** Who is invited and is looked up, of one message. */
const CHECKED_INVITES = 50;

/** Where everything for the rooms of one domain comes in: says what it is, and has the room decide. */
export class Front {
  readonly #api: FeatureApi;
  readonly #rooms: Rooms;
  readonly #traffic: Traffic;
  readonly #ghosts: Ghosts;

  constructor(api: FeatureApi, rooms: Rooms, traffic: Traffic, ghosts: Ghosts) {
    this.#api = api;
    this.#rooms = rooms;
    this.#traffic = traffic;
    this.#ghosts = ghosts;
  }

  /** Takes its place at the desk of a domain. */
  serve(desk: ServiceDesk): void {
    desk.info = (request, node) => this.#info(request, node);
    desk.items = (request, node) => this.#items(request, node, desk.domain);
    desk.onMessage = (message, from, to) => this.#message(message, from, to);
    desk.onPresence = (presence, from, to) => this.#presence(presence, from, to);
    this.#handle(desk);
  }

  #handle(desk: ServiceDesk): void {
    const decide = (type: 'get' | 'set', name: string, ns: string, how: (request: ServiceRequest) => Decide): void =>
      desk.iq(type, name, ns, async (request) => {
        const { to, answer } = request;
        return this.#rooms.run(roomAddress(to), how(request), { answer });
      });
    const here = () => this.#rooms.here();
    decide(
      'get',
      'query',
      NS.mucAdmin,
      ({ from, payload }) =>
        (room) =>
          list(room, from, payload),
    );
    decide(
      'set',
      'query',
      NS.mucAdmin,
      ({ from, payload }) =>
        (room) =>
          administer(room, from, payload, here()),
    );
    decide(
      'get',
      'query',
      NS.mucOwner,
      ({ from }) =>
        (room) =>
          showConfig(room, from, here()),
    );
    decide(
      'set',
      'query',
      NS.mucOwner,
      ({ from, payload }) =>
        (room) =>
          own(room, from, payload, here()),
    );
    decide(
      'get',
      'query',
      NS.register,
      ({ from }) =>
        (room) =>
          showRegistration(room, from),
    );
    decide('set', 'query', NS.register, ({ iq, from, payload }) => {
      this.#traffic.check(iq, from);
      return (room) => register(room, from, payload, here());
    });
    decide(
      'set',
      'command',
      NS.commands,
      ({ from, payload }) =>
        (room) =>
          commandHats(room, from, payload, here()),
    );
    const sha1 = (data: Uint8Array): string => toHex(this.#api.digest('sha-1', data));
    decide(
      'set',
      'vCard',
      NS.vcardTemp,
      ({ from, payload }) =>
        (room) =>
          setVcard(room, from, payload, here().limits, sha1),
    );
    desk.iq('get', 'vCard', NS.vcardTemp, async ({ to }) => {
      await this.#room(to);
      return (await this.#rooms.store.vcard(to.bare)) ?? xml('vCard', { xmlns: NS.vcardTemp });
    });
    desk.iq('set', 'moderate', NS.messageModerate, async ({ from, to, payload }) => {
      const target = await this.#rooms.archive.find(roomAddress(to), moderatedId(payload));
      return this.#rooms.run(to.bare, (room) => moderate(room, from, payload, target, here()));
    });
    const { archive } = this.#rooms;
    desk.iq('set', 'query', NS.mam, async ({ from, to, payload }) =>
      archive.answer(await this.#room(to), from, payload),
    );
    desk.iq('get', 'query', NS.mam, async ({ from, to }) => archive.form(await this.#room(to), from));
    desk.iq('get', 'metadata', NS.mam, async ({ from, to }) => archive.metadata(await this.#room(to), from));
  }

  async #message(message: Element, from: JID, to: JID): Promise<void> {
    const room = roomAddress(to);
    if (message.attrs['type'] === 'error') return this.#error(message, from, to);
    this.#traffic.check(message, from);
    this.#ghosts.heard(from);
    const here = () => this.#rooms.here();
    if (to.resource !== '') await this.#rooms.run(room, (found) => whisper(found, from, to.resource, message, here()));
    else if (message.attrs['type'] !== 'groupchat') {
      const nobody = await this.#strangers(message);
      await this.#rooms.run(room, (found) => hearAside(found, from, message, nobody, here()));
    } else {
      const id = isSubjectChange(message) ? undefined : retractedId(message);
      const retraction = id === undefined ? undefined : await this.#retraction(room, from, message, id);
      await this.#rooms.run(room, (found) => speak(found, from, message, retraction, here()));
    }
  }

  /** XEP-0045 §7.8.2: whom an invitation names although there is no such account here; bare JIDs. */
  async #strangers(message: Element): Promise<ReadonlySet<string>> {
    const nobody = new Set<string>();
    const invites = message.child('x', NS.mucUser)?.childrenNamed('invite') ?? [];
    for (const { attrs } of invites.slice(0, CHECKED_INVITES)) {
      const to = JID.tryParse(attrs['to'] ?? '')?.bare;
      if (to === undefined || to.local === '' || !this.#api.isLocalDomain(to.domain)) continue;
      if (!(await this.#api.accounts.exists(to))) nobody.add(to.toString());
    }
    return nobody;
  }

  /** XEP-0424 §5: a tombstone for the author's own message; anybody else's retraction is a message like others, which clients pass over. */
  async #retraction(room: JID, from: JID, message: Element, id: string): Promise<Retraction | undefined> {
    const target = await this.#rooms.archive.find(room, id);
    const tombstone = target && retractOwn(message, from, target, this.#api.clock.now());
    return target === undefined || tombstone === undefined ? undefined : { id, seq: target.seq, tombstone };
  }

  /** XEP-0045 §11.1, §18.1.2: who can't be reached is not there. Other errors answer what an occupant has sent. */
  async #error(error: Element, from: JID, to: JID): Promise<void> {
    if (isGone(error)) await this.#ghosts.remove(to.bare, from);
    else if (to.resource !== '')
      await this.#rooms.run(to.bare, (found) => returnError(found, from, to.resource, error));
  }

  async #presence(presence: Element, from: JID, to: JID): Promise<void> {
    const { type } = presence.attrs;
    if (to.local === '') return; // the service has no presence
    if (type === 'error') {
      if (isGone(presence)) await this.#ghosts.remove(to.bare, from);
      return;
    }
    if (type === 'unavailable') {
      this.#ghosts.forget(from);
      const said = presence.child('status');
      const notice = said === undefined ? {} : { presence: xml('presence', null, said) };
      await this.#rooms.run(
        to.bare,
        (found) => (found === undefined ? { room: found, out: [] } : leave(found, from, notice)),
        { isFact: true },
      );
      return;
    }
    // §17.3: nothing else is a join; subscriptions and probes are no business of a room's.
    if (type !== undefined) return;
    if (to.resource === '')
      throw new StanzaError('jid-malformed', { by: to.bare.toString(), text: 'A nickname is missing.' });
    if (from.resource === '') throw new StanzaError('bad-request');
    this.#traffic.check(presence, from);
    this.#ghosts.heard(from);
    const room = to.bare;
    try {
      await this.#rooms.run(room, (found) =>
        join(found, from, to.resource, presence, () => this.#rooms.create(room, from), this.#rooms.here()),
      );
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      // §7.2.5 to §7.2.9: the answer says that it is a room's.
      const { attrs, elements } = errorReply(presence, error);
      this.#api.route(xml('presence', attrs, xml('x', { xmlns: NS.muc }), ...elements));
    }
  }

  async #info({ from, to }: ServiceRequest, node: string | undefined): Promise<ServiceInfo | undefined> {
    if (to.local === '') return node === undefined ? SERVICE_INFO : undefined;
    const room = await this.#room(to);
    if (node === undefined) return writeRoomInfo(room, this.#hatsHash(room));
    if (node === 'x-roomuser-item') {
      // XEP-0045 §7.12
      const nick = room.people.get(from.bare.toString())?.nick;
      return {
        identities: nick === undefined ? [] : [{ category: 'conference', type: 'text', name: nick }],
        features: [],
        only: true,
      };
    }
    // XEP-0045 §18.1.1: nothing is discarded here.
    if (node === `${NS.muc}#traffic`) throw new StanzaError('service-unavailable');
    const command = HAT_COMMANDS.get(node);
    if (command === undefined) return undefined;
    return {
      identities: [{ category: 'automation', type: 'command-node', name: command }],
      features: [NS.commands, NS.dataForms],
    };
  }

  /** XEP-0045 §6.3, §6.5: the rooms, in pages; who is in a room is nobody's business. */
  async #items(
    { to, payload }: ServiceRequest,
    node: string | undefined,
    domain: string,
  ): Promise<readonly Element[] | undefined> {
    if (to.local === '') {
      if (node !== undefined) return undefined;
      const rooms = await this.#rooms.store.listPublic(domain);
      return listRooms(rooms, payload, this.#api.config.rooms.listPage);
    }
    await this.#room(to);
    if (node === undefined) return [];
    if (node !== NS.commands) return undefined;
    return [...HAT_COMMANDS].map(([command, name]) => xml('item', { jid: to.bare.toString(), node: command, name }));
  }

  /** XEP-0317 §2. */
  #hatsHash({ hats }: Room): string | undefined {
    if (hats.size === 0) return undefined;
    return toHex(this.#api.digest('sha-1', new TextEncoder().encode(JSON.stringify([...hats.values()]))));
  }

  async #room(to: JID): Promise<Room> {
    const room = await this.#rooms.look(roomAddress(to));
    if (room === undefined) throw new StanzaError('item-not-found');
    return room;
  }
}
