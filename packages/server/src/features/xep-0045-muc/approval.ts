import { type DataForm, JID, NS, readBoolean, readSingle, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { admit, checkNick } from './admission.ts';
import type { Circumstances, Decision, Out } from './decision.ts';
import { isAdmin } from './privileges.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, mainSeat, type Room, withRequest } from './room.ts';

/** Whose request it is: beside the fields of the XEP, so that an admin sees it, and may give another nickname. */
const USER = `{${NS.tuttiMuc}}jid`;

/** XEP-0045 §9.9: the request waits, also for a process to come, and each admin is asked; once, however often it is sent. */
export function askAdmins(room: Room, from: JID, nick: string, here: Circumstances): Decision {
  checkNick(room, from, nick);
  const jid = from.bare.toString();
  if (room.requests.get(jid)?.nick === nick) return { room, out: [] };
  const { requests } = here.limits;
  if (requests > 0 && room.requests.size >= requests && !room.requests.has(jid)) {
    throw refusal(room, 'resource-constraint', 'Too many registrations wait for an admin of the room.', 'wait');
  }
  const request = { nick, at: here.now };
  const after = withRequest(room, jid, request);
  return { room: after, out: tellAdmins(after, jid, nick), save: [{ kind: 'request', jid, request }] };
}

function tellAdmins(room: Room, jid: string, nick: string): Out[] {
  const form = writeForm(
    'form',
    NS.mucRegister,
    [
      { var: USER, type: 'jid-single', label: 'User', value: jid },
      { var: 'muc#register_roomnick', type: 'text-single', label: 'Desired nickname', value: nick },
      {
        var: 'muc#register_allow',
        type: 'boolean',
        label: 'Allow this person to register with the room?',
        value: false,
      },
    ],
    {
      title: 'Registration request',
      instructions: `Somebody wants to become a member of ${room.jid.toString()}. Submit the form to decide.`,
    },
  );
  // One session of each admin who is in the room; with IM-NG the others get it as well (C5), once. Who is not there finds it later.
  const seats = new Map([...room.occupants.values()].map((one) => [one.user.toString(), mainSeat(one).jid]));
  const admins = [...room.people].filter(([, person]) => isAdmin(person)).map(([name]) => name);
  const to = admins.map((name) => seats.get(name) ?? JID.parse(name)).filter(({ local }) => local !== '');
  return to.length === 0 ? [] : [{ to, stanza: xml('message', { from: room.jid.toString() }, form) }];
}

/** XEP-0045 §9.9: an admin's answer. What somebody else has answered before, or was taken back, comes to nothing. */
export function answerRequest(room: Room, from: JID, form: DataForm, here: Circumstances): Decision {
  if (!isAdmin({ affiliation: affiliationOf(room, from) })) throw refusal(room, 'forbidden');
  const allow = readBoolean(form, 'muc#register_allow');
  if (allow === undefined) throw refusal(room, 'bad-request');
  const nick = readSingle(form, 'muc#register_roomnick') ?? '';
  const jid = readSingle(form, USER) ?? [...room.requests].find(([, asked]) => asked.nick === nick)?.[0];
  const asked = jid === undefined ? undefined : room.requests.get(jid);
  if (jid === undefined || asked === undefined) return { room, out: [] };
  if (!allow)
    return { room: withRequest(room, jid, undefined), out: [], save: [{ kind: 'request', jid, request: undefined }] };
  if (nick.trim() === '') throw new StanzaError('bad-request', { text: 'The nickname is missing.' });
  return admit(room, JID.parse(jid), room.jid.withResource(nick).resource, here);
}
