import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './client/device.ts';
import { check } from './failure.ts';
import { freshLocalpart } from './target.ts';

/** Fields of a configuration form by name; without `#` or a namespace they are of `muc#roomconfig_`. */
export type RoomFields = Readonly<Record<string, string | readonly string[]>>;

/** A room of a test. */
export class Hall {
  /** Bare JID. */
  readonly jid: string;

  constructor(jid: string) {
    this.jid = jid;
  }

  /** A room that nobody else uses, made and opened by this device, with this configuration. */
  static async open(owner: Device, nick: string, fields: RoomFields = {}): Promise<Hall> {
    const hall = new Hall(`${freshLocalpart('room')}@conference.${owner.domain}`);
    await hall.enter(owner, nick);
    await hall.configure(owner, fields);
    return hall;
  }

  /** The address of an occupant. */
  of(nick: string): string {
    return `${this.jid}/${nick}`;
  }

  /** XEP-0045 §7.2: enters, and gives all that came, up to the subject. `inside`: what stands in `<x/>`. */
  async enter(device: Device, nick: string, ...inside: Element[]): Promise<Element[]> {
    const start = device.transcript.length;
    const entered = device.expect((stanza) => this.#isLast(stanza));
    this.knock(device, nick, ...inside);
    const last = await entered;
    check(last.attrs['type'] !== 'error', `${device.name} did not get in: ${last.toString()}`);
    return device.transcript.slice(start).filter((stanza) => isOf(stanza, this.jid));
  }

  /** Asks to come in, and gives the error. */
  async refusal(device: Device, nick: string, ...inside: Element[]): Promise<Element> {
    const answer = device.expect((stanza) => this.#isLast(stanza));
    this.knock(device, nick, ...inside);
    return answer;
  }

  knock(device: Device, nick: string, ...inside: Element[]): void {
    device.presence({ to: this.of(nick) }, xml('x', { xmlns: NS.muc }, ...inside));
  }

  /** XEP-0045 §10.1, §10.2. */
  async configure(owner: Device, fields: RoomFields = {}): Promise<void> {
    await owner.ask(
      'set',
      xml('query', { xmlns: NS.mucOwner }, submit(NS.mucRoomConfig, fields, 'muc#roomconfig_')),
      this.jid,
    );
  }

  say(device: Device, body: string, ...more: Element[]): Element {
    return device.message({ to: this.jid, type: 'groupchat' }, body, ...more);
  }

  whisper(device: Device, nick: string, body: string): Element {
    return device.message({ to: this.of(nick), type: 'chat' }, body, xml('x', { xmlns: NS.mucUser }));
  }

  /** XEP-0045 §8, §9: gives the answer. */
  admin(device: Device, ...items: Readonly<Record<string, string>>[]): Promise<Element> {
    const elements = items.map(({ reason, ...attrs }) =>
      xml('item', attrs, reason !== undefined && xml('reason', null, reason)),
    );
    return device.iq('set', xml('query', { xmlns: NS.mucAdmin }, ...elements), this.jid);
  }

  /** XEP-0045 §8.5, §9.5: the attributes of the items, or the answer where it is an error. */
  async list(device: Device, attrs: Readonly<Record<string, string>>): Promise<Element> {
    return device.iq('get', xml('query', { xmlns: NS.mucAdmin }, xml('item', attrs)), this.jid);
  }

  #isLast(stanza: Element): boolean {
    if (!isOf(stanza, this.jid)) return false;
    if (stanza.name === 'presence') return stanza.attrs['type'] === 'error' || codes(stanza).includes(307);
    return stanza.name === 'message' && stanza.child('subject') !== undefined && stanza.child('body') === undefined;
  }
}

/** A form that is filled in. */
export function submit(formType: string, fields: RoomFields, prefix = ''): Element {
  return xml(
    'x',
    { xmlns: NS.dataForms, type: 'submit' },
    xml('field', { var: 'FORM_TYPE' }, xml('value', null, formType)),
    ...Object.entries(fields).map(([name, value]) =>
      xml(
        'field',
        { var: /[#{]/.test(name) ? name : `${prefix}${name}` },
        ...[value].flat().map((one) => xml('value', null, one)),
      ),
    ),
  );
}

/** From this room, or somebody in it. */
function isOf(stanza: Element, room: string): boolean {
  const { from = '' } = stanza.attrs;
  return from === room || from.startsWith(`${room}/`);
}

/** XEP-0045 §12: the status codes of a stanza, in order. */
export function codes(stanza: Element | undefined): number[] {
  const x = stanza?.child('x', NS.mucUser);
  return (x?.childrenNamed('status') ?? []).map(({ attrs }) => Number(attrs['code'])).sort((a, b) => a - b);
}

/** The `<item/>` of a room's presence. */
export function itemOf(stanza: Element | undefined): Element | undefined {
  return stanza?.child('x', NS.mucUser)?.child('item');
}

/** Presence of somebody in the room, among these. */
export function presenceOf(
  stanzas: readonly Element[] | undefined,
  occupant: string,
  type?: string,
): Element | undefined {
  return stanzas?.findLast(
    (one) => one.name === 'presence' && one.attrs['from'] === occupant && one.attrs['type'] === type,
  );
}

/** What was said in the room, among these. */
export function heard(stanzas: readonly Element[] | undefined): string[] {
  return (stanzas ?? []).flatMap((stanza) =>
    stanza.attrs['type'] === 'groupchat' ? (stanza.child('body')?.text() ?? []) : [],
  );
}

/** The next message of that type that a device gets once this has been done. */
export async function nextMessage(device: Device, type: string | undefined, act: () => void): Promise<Element> {
  const next = device.expect(
    ({ name, attrs }) => name === 'message' && attrs['type'] === type && attrs['id']?.startsWith('fence') !== true,
  );
  act();
  return next;
}

/** The error that answers what is done. */
export function errorOf(device: Device, act: () => void): Promise<Element> {
  return nextMessage(device, 'error', act);
}
