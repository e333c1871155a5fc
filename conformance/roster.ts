import { type Element, NS, xml } from '@tutti/xmpp';
import type { Device } from './client/device.ts';

/** A contact, as a roster shows it. */
export interface Contact {
  readonly jid: string;
  readonly subscription: string;
  /** A request is waiting for the contact's answer. */
  readonly ask: boolean;
  readonly approved: boolean;
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

/** Asks for the roster; from then on the session gets pushes. */
export async function fetchRoster(device: Device): Promise<Map<string, Contact>> {
  return readRoster(await device.ask('get', xml('query', { xmlns: NS.roster })));
}

export function readRoster(iq: Element): Map<string, Contact> {
  const items = iq.child('query', NS.roster)?.childrenNamed('item') ?? [];
  return new Map(items.map(readContact).map((contact) => [contact.jid, contact]));
}

function readContact(item: Element): Contact {
  const { jid = '', subscription = 'none', ask, approved, name } = item.attrs;
  const groups = item.childrenNamed('group').map((group) => group.text());
  return {
    jid,
    subscription,
    ask: ask === 'subscribe',
    approved: approved === 'true' || approved === '1',
    name,
    groups: groups.sort(),
  };
}

/** A roster set with this item; gives the answer. */
export function setContact(
  device: Device,
  attrs: Readonly<Record<string, string>>,
  ...groups: string[]
): Promise<Element> {
  const item = xml('item', attrs, ...groups.map((group) => xml('group', null, group)));
  return device.iq('set', xml('query', { xmlns: NS.roster }, item));
}

/** The contacts in roster pushes among these stanzas, in order. */
export function pushesIn(stanzas: readonly Element[]): Contact[] {
  return stanzas
    .filter(
      (stanza) =>
        stanza.name === 'iq' && stanza.attrs['type'] === 'set' && stanza.child('query', NS.roster) !== undefined,
    )
    .flatMap((push) => [...readRoster(push).values()]);
}

/** The presence stanzas among these, as `type from`. */
export function presencesIn(stanzas: readonly Element[]): string[] {
  return stanzas
    .filter(({ name }) => name === 'presence')
    .map(({ attrs }) => `${attrs['type'] ?? 'available'} ${attrs['from'] ?? ''}`);
}
