import { type Element, JID, NS, readBoolean, readForm, readSingle, writeForm, xml } from '@tutti/xmpp';
import { checkPeople } from './affiliations.ts';
import { answerRequest } from './approval.ts';
import { changeRoles } from './roles.ts';
import { type Change, type Circumstances, type Decision, type Out, unlocked } from './decision.ts';
import { isAdmin } from './privileges.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, mainSeat, type Occupant, occupantOf, type Person, type Room, withPerson } from './room.ts';

/** A message to the room itself: an invitation, its refusal, a request for voice, or its approval. `nobody`: who is invited and is not there. */
export function hearAside(
  found: Room | undefined,
  from: JID,
  message: Element,
  nobody: ReadonlySet<string>,
  here: Circumstances,
): Decision {
  const room = unlocked(found);
  const x = message.child('x', NS.mucUser);
  const invites = x?.childrenNamed('invite') ?? [];
  if (invites.length > 0) return invite(room, from, message, invites, nobody, here);
  const decline = x?.child('decline');
  if (decline !== undefined) return declineInvitation(room, from, message, decline);
  const form = message.child('x', NS.dataForms);
  if (form !== undefined) return hearForm(room, from, form, here);
  throw refusal(room, 'bad-request', 'A message to the room is of type groupchat.'); // §17.2
}

/** XEP-0045 §7.8.2: mediated invitations. */
function invite(
  room: Room,
  from: JID,
  message: Element,
  invites: readonly Element[],
  nobody: ReadonlySet<string>,
  here: Circumstances,
): Decision {
  const inviter = occupantOf(room, from);
  if (inviter === undefined) throw refusal(room, 'not-acceptable', 'You are not in the room.');
  if (!mayInvite(room, inviter)) throw refusal(room, 'forbidden', 'You may not invite others.');
  let after = room;
  const save: Change[] = [];
  const out: Out[] = [];
  for (const one of invites) {
    const to = JID.tryParse(one.attrs['to'] ?? '');
    // A domain among the members would be everybody there.
    if (to === undefined || to.local === '') throw refusal(room, 'jid-malformed');
    if (nobody.has(to.bare.toString())) throw refusal(room, 'item-not-found', 'There is nobody of that address.');
    if (affiliationOf(room, to) === 'outcast') throw refusal(room, 'not-allowed', 'The invited user is banned.');
    if (room.config.membersOnly && affiliationOf(after, to) === 'none') {
      // §7.8.2: who is invited to a members-only room becomes a member.
      const jid = to.bare.toString();
      const known = after.people.get(jid);
      const person: Person = {
        nick: undefined,
        reason: undefined,
        hats: [],
        ...known,
        affiliation: 'member',
        voice: undefined,
      };
      after = withPerson(after, jid, person);
      save.push({ kind: 'person', jid, person });
    }
    out.push({ to: [to], stanza: writeInvitation(room, inviter, message, one) });
  }
  checkPeople(room, after, here.limits.affiliations);
  return { room: after, out, save };
}

function mayInvite(room: Room, inviter: Occupant): boolean {
  const affiliation = affiliationOf(room, inviter.user);
  if (room.config.membersOnly)
    return isAdmin({ affiliation }) || (room.config.allowInvites && affiliation === 'member');
  return inviter.role !== 'visitor';
}

function writeInvitation(room: Room, inviter: Occupant, message: Element, invitation: Element): Element {
  const { password } = room.config;
  const reason = invitation.child('reason');
  const continuing = invitation.child('continue');
  const invite = xml(
    'invite',
    { from: inviter.user.toString() },
    reason && xml('reason', null, reason.text()),
    continuing && xml('continue', { thread: continuing.attrs['thread'] }),
  );
  const x = xml('x', { xmlns: NS.mucUser }, invite, password !== '' && xml('password', null, password));
  return xml('message', { from: room.jid.toString(), id: message.attrs['id'] }, x);
}

/** XEP-0045 §7.8.2: the answer goes to somebody of the room, no stranger is written to. */
function declineInvitation(room: Room, from: JID, message: Element, decline: Element): Decision {
  const to = JID.tryParse(decline.attrs['to'] ?? '');
  if (to === undefined) throw refusal(room, 'jid-malformed');
  const inviter = [...room.occupants.values()].find(({ user, jid }) => user.equals(to.bare) || jid.equals(to));
  const known = inviter !== undefined || room.people.has(to.bare.toString());
  // §4.2: the answer would tell who is in the room.
  if (!known) return { room, out: [] };
  const reason = decline.child('reason');
  const said = xml('decline', { from: from.bare.toString() }, reason && xml('reason', null, reason.text()));
  const x = xml('x', { xmlns: NS.mucUser }, said);
  const address = inviter === undefined ? to.bare : inviter.user;
  return {
    room,
    out: [{ to: [address], stanza: xml('message', { from: room.jid.toString(), id: message.attrs['id'] }, x) }],
  };
}

const REQUEST = NS.mucRequest;

/** XEP-0045 §7.13, §8.6: voice is asked for, or given; §9.9: membership is given. */
function hearForm(room: Room, from: JID, element: Element, here: Circumstances): Decision {
  const form = readForm(element);
  if (form.formType === NS.mucRegister && form.type === 'submit') return answerRequest(room, from, form, here);
  if (form.formType !== REQUEST) throw refusal(room, 'bad-request');
  if (form.type === 'cancel') return { room, out: [] };
  const sender = occupantOf(room, from);
  if (sender === undefined) throw refusal(room, 'not-acceptable', 'You are not in the room.');
  const allow = form.fields.has('muc#request_allow') ? readBoolean(form, 'muc#request_allow') === true : undefined;
  if (allow === undefined) return askForVoice(room, sender);
  if (sender.role !== 'moderator') throw refusal(room, 'forbidden');
  const nick = readSingle(form, 'muc#roomnick') ?? '';
  // Who has voice already, or has left, needs none.
  if (!allow || room.occupants.get(nick)?.role !== 'visitor') return { room, out: [] };
  return changeRoles(room, from, [{ nick, role: 'participant', reason: undefined }], here);
}

function askForVoice(room: Room, { nick, role, seats }: Occupant): Decision {
  if (!room.config.moderated || role !== 'visitor') throw refusal(room, 'bad-request', 'You have voice.');
  const form = writeForm(
    'form',
    REQUEST,
    [
      { var: 'muc#role', type: 'list-single', label: 'Requested role', value: 'participant', options: ['participant'] },
      { var: 'muc#jid', type: 'jid-single', label: 'User', value: seats.at(-1)?.jid.toString() },
      { var: 'muc#roomnick', type: 'text-single', label: 'Nickname', value: nick },
      { var: 'muc#request_allow', type: 'boolean', label: 'Grant voice to this person?', value: false },
    ],
    { title: 'Voice request', instructions: 'Somebody in the room asks for voice. Submit the form to decide.' },
  );
  // One session of each moderator: with IM-NG the others get it as well (C5), once.
  const to = [...room.occupants.values()].filter((one) => one.role === 'moderator').map((one) => mainSeat(one).jid);
  return { room, out: to.length === 0 ? [] : [{ to, stanza: xml('message', { from: room.jid.toString() }, form) }] };
}
