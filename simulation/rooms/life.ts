import { type Element, NS, parseXml } from '@tutti/xmpp';
import { parseId } from '../../packages/server/src/log/place.ts';
import type { Connection, StreamSession } from '../../packages/server/src/stream/host.ts';

export const ROOM = 'balcony@conference.localhost';

/** One connection of a device, from its login to its end, with all that it was sent. */
export class Life implements Connection {
  readonly id = 'simulated';
  readonly framing = 'document';
  readonly address = '127.0.0.1';
  readonly secure = true;
  readonly buffered = 0;
  /** Full JID. */
  readonly device: string;
  readonly imNg: boolean;
  readonly received: { readonly at: number; readonly stanza: Element }[] = [];
  session: StreamSession | undefined;
  /** Elapsed ms at which it ended. */
  until: number | undefined;
  readonly #now: () => number;
  readonly #look: (stanza: Element) => void;

  constructor(device: string, imNg: boolean, now: () => number, look: (stanza: Element) => void) {
    this.device = device;
    this.imNg = imNg;
    this.#now = now;
    this.#look = look;
  }

  get account(): string {
    return this.device.split('/')[0] ?? '';
  }

  /** It can send. */
  get isThere(): boolean {
    return this.session !== undefined && this.until === undefined;
  }

  write(bytes: Uint8Array): void {
    if (this.until !== undefined) return;
    const stanza = parseXml(bytes);
    this.received.push({ at: this.#now(), stanza });
    this.#look(stanza);
  }

  end(): void {
    this.until ??= this.#now();
  }

  close(): void {
    this.end();
  }

  pause(): void {}
  resume(): void {}
}

/** The number that a room's archive gave a message; undefined where it has none. */
export function roomSeq(stanza: Element): number | undefined {
  const id = stanza.childrenNamed('stanza-id', NS.sid).find(({ attrs }) => attrs['by'] === ROOM)?.attrs['id'];
  return id === undefined ? undefined : parseId(id)?.seq;
}

export function isFromRoom(stanza: Element): boolean {
  const { from = '' } = stanza.attrs;
  return from === ROOM || from.startsWith(`${ROOM}/`);
}

/** Presence of the room that is about the one who gets it. */
export function isSelf(stanza: Element): boolean {
  const codes = stanza.child('x', NS.mucUser)?.childrenNamed('status') ?? [];
  return stanza.name === 'presence' && isFromRoom(stanza) && codes.some(({ attrs }) => attrs['code'] === '110');
}
