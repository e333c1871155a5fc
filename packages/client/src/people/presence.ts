import type { Element } from '@tutti/xmpp';
import { bareOf } from '../address.ts';

/** One device of somebody's that is there: RFC 6121 §4.7. */
export interface Availability {
  /** The device's full JID. */
  readonly address: string;
  readonly show: 'chat' | 'away' | 'xa' | 'dnd' | undefined;
  /** What the user wrote about it; '' for nothing. */
  readonly status: string;
  readonly priority: number;
}

/** Who is there, and who wants to know whether the user is. */
export interface Presences {
  /** By bare JID; the device of the highest priority first, of equals the one that spoke last. */
  readonly available: ReadonlyMap<string, readonly Availability[]>;
  /** Bare JIDs that ask to see the user's presence: RFC 6121 §3.1.3. */
  readonly asking: readonly string[];
}

export const nobody: Presences = { available: new Map(), asking: [] };

/** What is known after a presence came. */
export function applyPresence(presences: Presences, stanza: Element): Presences {
  const { from, type } = stanza.attrs;
  if (from === undefined) return presences;
  const jid = bareOf(from);
  switch (type) {
    case undefined:
      return setDevices(presences, jid, (devices) => [readAvailability(from, stanza), ...withoutDevice(devices, from)]);
    case 'unavailable':
    case 'error':
      // RFC 6121 §4.6.3: from the bare JID it speaks of all devices.
      return setDevices(presences, jid, (devices) => (from === jid ? [] : withoutDevice(devices, from)));
    case 'subscribe':
      return presences.asking.includes(jid) ? presences : { ...presences, asking: [...presences.asking, jid] };
    case 'unsubscribe':
      return answerRequest(presences, jid);
    default:
      return presences;
  }
}

/** What is known after a request was answered, or taken back. */
export function answerRequest(presences: Presences, jid: string): Presences {
  return { ...presences, asking: presences.asking.filter((one) => one !== jid) };
}

function readAvailability(address: string, stanza: Element): Availability {
  const show = stanza.child('show')?.text().trim();
  const priority = Number.parseInt(stanza.child('priority')?.text() ?? '0', 10);
  return {
    address,
    show: show === 'chat' || show === 'away' || show === 'xa' || show === 'dnd' ? show : undefined,
    status: stanza.child('status')?.text() ?? '',
    priority: Number.isNaN(priority) ? 0 : priority,
  };
}

function withoutDevice(devices: readonly Availability[], address: string): readonly Availability[] {
  return devices.filter((device) => device.address !== address);
}

function setDevices(
  presences: Presences,
  jid: string,
  by: (devices: readonly Availability[]) => readonly Availability[],
): Presences {
  const available = new Map(presences.available);
  const devices = by(available.get(jid) ?? []).toSorted((one, other) => other.priority - one.priority);
  if (devices.length === 0) available.delete(jid);
  else available.set(jid, devices);
  return { ...presences, available };
}
