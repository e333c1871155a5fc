import { NS, xml } from '@tutti/xmpp';
import { type Out, statuses } from './decision.ts';
import type { Room } from './room.ts';

/** XEP-0045 §11.2: the service ends; each occupant hears it of itself alone. The room stays what it is. */
export function sayClosing(room: Room): Out[] {
  return [...room.occupants.values()].map(({ jid, seats, id }) => {
    const item = xml('item', { affiliation: 'none', role: 'none' });
    const x = xml('x', { xmlns: NS.mucUser }, item, ...statuses([110, 332]));
    const identified = xml('occupant-id', { xmlns: NS.occupantId, id });
    return {
      to: seats.map((seat) => seat.jid),
      stanza: xml('presence', { type: 'unavailable', from: jid.toString() }, x, identified),
    };
  });
}
