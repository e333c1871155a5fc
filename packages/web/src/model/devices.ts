import type { Client } from '@tutti/client';
import { type Element, NS, xml } from '@tutti/xmpp';

/** The own devices, as this server tells of them: docs/devices.md. */
const DEVICES = NS.tuttiDevices;

/** An installation that may log in, or is logged in. */
export interface Device {
  /** What names it to the server. */
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

export async function listDevices(client: Client): Promise<readonly Device[]> {
  const answer = await client.request(xml('iq', { type: 'get' }, xml('devices', { xmlns: DEVICES })));
  const devices = answer.child('devices', DEVICES)?.childrenNamed('device') ?? [];
  return devices.map(readDevice);
}

/** Ends the sessions of some devices, and what lets them log in again without the password. */
export async function revokeDevices(client: Client, ids: readonly string[]): Promise<void> {
  const named = ids.map((id) => xml('device', { id }));
  await client.request(xml('iq', { type: 'set' }, xml('revoke', { xmlns: DEVICES }, ...named)));
}

/** Tells the server what to call this device. */
export async function nameDevice(client: Client, name: string): Promise<void> {
  await client.request(xml('iq', { type: 'set' }, xml('name', { xmlns: DEVICES }, name)));
}

const BROWSERS = ['Edg', 'OPR', 'SamsungBrowser', 'Firefox', 'Chrome', 'Safari'];
const BROWSER_NAMES: Readonly<Record<string, string>> = {
  Edg: 'Edge',
  OPR: 'Opera',
  SamsungBrowser: 'Samsung Internet',
};
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac', 'CrOS', 'Linux'];

/** What a browser is called by people, from what it calls itself: `Firefox, Linux`. */
export function describeBrowser(userAgent: string): string {
  // Many claim to be others too; the more special ones come first.
  const browser = BROWSERS.find((name) => userAgent.includes(`${name}/`));
  const system = SYSTEMS.find((name) => userAgent.includes(name));
  const named = browser === undefined ? undefined : (BROWSER_NAMES[browser] ?? browser);
  return [named, system].filter((part) => part !== undefined).join(', ');
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
