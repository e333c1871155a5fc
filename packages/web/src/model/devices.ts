import type { Client } from '@tutti/client';
import { type Element, xml } from '@tutti/xmpp';

/** The own devices, as this server tells of them: docs/devices.md. */
export const DEVICES = 'tutti:devices:0';

/** An installation that may log in, or is logged in. */
export interface Device {
  /** What names it to the server. */
  readonly id: string;
  /** The program that it said it is; '' if it said nothing. */
  readonly software: string;
  /** The name it has, or asked for. */
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

function readDevice({ attrs }: Element): Device {
  const seen = Date.parse(attrs['seen'] ?? '');
  const behind = attrs['behind'];
  return {
    id: attrs['id'] ?? '',
    software: attrs['software'] ?? '',
    name: attrs['name'] ?? '',
    online: attrs['online'] === 'true',
    lastSeen: Number.isNaN(seen) ? undefined : seen,
    behind: behind === undefined ? undefined : Number(behind),
  };
}
