import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import type { FeatureApi, ServiceDesk } from '../../feature.ts';
import { occupantOf } from './room.ts';
import type { Rooms } from './rooms.ts';
import type { Traffic } from './traffic.ts';

/** XEP-0045 §17.4, XEP-0410: what one occupant asks another is passed on, without saying who asks or answers. */
export function passOn(api: FeatureApi, rooms: Rooms, traffic: Traffic, desk: ServiceDesk): void {
  desk.passesOn = (to) => to.resource !== '';
  desk.onOtherIq = async (iq, from, to) => {
    const { type } = iq.attrs;
    const payload = iq.elements[0];
    if (payload === undefined || (type !== 'get' && type !== 'set')) return;
    if (to.resource === '') throw new StanzaError('service-unavailable');
    const isPing = payload.is('ping', NS.ping);
    const room = await rooms.look(to.bare);
    const asker = room && occupantOf(room, from);
    const by = to.bare.toString();
    // XEP-0410 §3.2; XEP-0045 §6.6.
    if (room === undefined || asker === undefined)
      throw new StanzaError(isPing ? 'not-acceptable' : 'bad-request', { by, type: 'cancel' });
    if (isPing && asker.nick === to.resource) return answer(api, iq); // XEP-0410 §3.3
    const asked = room.occupants.get(to.resource);
    if (asked === undefined) throw new StanzaError('item-not-found', { by });
    traffic.check(iq, from);
    // A vCard is the account's to tell.
    const target = payload.is('vCard', NS.vcardTemp) ? asked.user : asked.seats.at(-1)?.jid;
    if (target === undefined) return;
    const result = await desk.ask(type, asker.jid, target, payload);
    answer(api, iq, result.elements[0]);
  };
}

function answer(api: FeatureApi, iq: Element, payload?: Element): void {
  const { id, from: to, to: from } = iq.attrs;
  api.route(xml('iq', { type: 'result', id, from, to }, payload));
}
