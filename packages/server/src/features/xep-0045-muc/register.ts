import { type Element, type JID, NS, readForm, readSingle, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { admit } from './admission.ts';
import { settle } from './affiliations.ts';
import { askAdmins } from './approval.ts';
import { type Circumstances, type Decision, unlocked } from './decision.ts';
import { affiliationOf, type Room, withPerson, withRequest } from './room.ts';

/** XEP-0045 §7.10: the form, or what one is registered as. */
export function showRegistration(found: Room | undefined, from: JID): Decision {
  const room = unlocked(found);
  const nick = room.people.get(from.bare.toString())?.nick;
  if (nick !== undefined) {
    return {
      room,
      out: [],
      answer: xml('query', { xmlns: NS.register }, xml('registered'), xml('username', null, nick)),
    };
  }
  requireOpen(room, from);
  const asked = room.requests.get(from.bare.toString());
  const field = {
    var: 'muc#register_roomnick',
    type: 'text-single',
    label: 'Nickname',
    required: true,
    value: asked?.nick,
  } as const;
  const form = writeForm('form', NS.mucRegister, [field], { title: `Registration with ${room.jid.toString()}` });
  const instructions =
    asked !== undefined
      ? 'Your registration waits for an admin of the room.'
      : needsApproval(room, from)
        ? 'Choose a nickname. An admin of the room decides.'
        : 'Choose a nickname.';
  return {
    room,
    out: [],
    answer: xml('query', { xmlns: NS.register }, xml('instructions', null, instructions), form),
  };
}

/** XEP-0045 §7.10: who registers becomes a member with a nickname of its own, or asks for that; XEP-0077 §3.2: or ends it. */
export function register(found: Room | undefined, from: JID, query: Element, here: Circumstances): Decision {
  const room = unlocked(found);
  if (query.child('remove') !== undefined) return unregister(room, from);
  requireOpen(room, from);
  const x = query.child('x', NS.dataForms);
  const form = x && readForm(x);
  const nick =
    form?.type === 'submit' && form.formType === NS.mucRegister ? readSingle(form, 'muc#register_roomnick') : undefined;
  if (nick === undefined || nick.trim() === '') throw new StanzaError('bad-request');
  // As it stands in an address, where all nicknames are compared.
  const { resource } = room.jid.withResource(nick);
  if (needsApproval(room, from)) return askAdmins(room, from, resource, here);
  return admit(room, from.bare, resource, here);
}

/** XEP-0077 §3.2: the end of a registration, or of what was asked for. */
function unregister(room: Room, from: JID): Decision {
  const jid = from.bare.toString();
  const known = room.people.get(jid);
  if (known?.nick === undefined) {
    if (!room.requests.has(jid)) throw new StanzaError('registration-required');
    return { room: withRequest(room, jid, undefined), out: [], save: [{ kind: 'request', jid, request: undefined }] };
  }
  const affiliation = known.affiliation === 'member' ? 'none' : known.affiliation;
  return settle(room, withPerson(room, jid, { ...known, affiliation, nick: undefined }), {});
}

/** §9.9: members choose a nickname freely; membership is the admins' to give, where the room says so. */
function needsApproval(room: Room, from: JID): boolean {
  return room.config.registration === 'approval' && affiliationOf(room, from) === 'none';
}

/** Membership that says something, entry or voice, is the admins' to give; a member may choose a nickname anywhere. */
function requireOpen(room: Room, from: JID): void {
  const affiliation = affiliationOf(room, from);
  const { registration, membersOnly, moderated } = room.config;
  const isOpen = registration === 'approval' || (registration === 'automatic' && !membersOnly && !moderated);
  if (affiliation === 'outcast' || (affiliation === 'none' && !isOpen)) throw new StanzaError('not-allowed');
}
