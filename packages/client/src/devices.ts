import { type Element, NS, xml } from '@tutti/xmpp';

/** An installation of a client that may log in to the account, or is logged in. */
export interface Device {
  /** What names it to the server: the `deviceId` of a client. */
  readonly id: string;
  /** What it calls itself; '' for nothing. */
  readonly name: string;
  /** Logged in now. */
  readonly online: boolean;
  /** When it was last heard of, in milliseconds since 1970. */
  readonly lastSeen: number | undefined;
  /** How many messages it lacks; undefined where the server does not know. */
  readonly behind: number | undefined;
}

/** The account's own devices, where the server tells of them (`tutti:devices:0`); what others refuse rejects with a StanzaError. */
export class Devices {
  readonly #request: (iq: Element) => Promise<Element>;

  /** @internal */
  constructor(request: (iq: Element) => Promise<Element>) {
    this.#request = request;
  }

  async list(): Promise<readonly Device[]> {
    const answer = await this.#request(xml('iq', { type: 'get' }, xml('devices', { xmlns: NS.tuttiDevices })));
    const devices = answer.child('devices', NS.tuttiDevices)?.childrenNamed('device') ?? [];
    return devices.map(readDevice);
  }

  /** Ends the sessions of some, and what lets them log in again without the password. */
  async revoke(...ids: string[]): Promise<void> {
    const named = ids.map((id) => xml('device', { id }));
    await this.#request(xml('iq', { type: 'set' }, xml('revoke', { xmlns: NS.tuttiDevices }, ...named)));
  }

  /** Says what to call this one. */
  async nameThis(name: string): Promise<void> {
    await this.#request(xml('iq', { type: 'set' }, xml('name', { xmlns: NS.tuttiDevices }, name)));
  }
}

function readDevice({ attrs }: Element): Device {
  const seen = Date.parse(attrs['seen'] ?? '');
  const behind = attrs['behind'];
  return {
    id: attrs['id'] ?? '',
    name: attrs['name'] ?? '',
    online: attrs['online'] === 'true',
    lastSeen: Number.isNaN(seen) ? undefined : seen,
    behind: behind === undefined ? undefined : Number(behind),
  };
}
