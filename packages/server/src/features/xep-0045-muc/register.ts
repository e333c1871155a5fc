import { type Element, type JID, NS, readForm, readSingle, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { checkPeople, settle } from './affiliations.ts';
import { type Circumstances, type Decision, unlocked } from './decision.ts';
import { atLeast } from './privileges.ts';
import { affiliationOf, isReserved, type Person, type Room, withPerson } from './room.ts';

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
  const field = { var: 'muc#register_roomnick', type: 'text-single', label: 'Nickname', required: true } as const;
  const form = writeForm('form', NS.mucRegister, [field], { title: `Registration with ${room.jid.toString()}` });
  return {
    room,
    out: [],
    answer: xml('query', { xmlns: NS.register }, xml('instructions', null, 'Choose a nickname.'), form),
  };
}

/** XEP-0045 §7.10: who registers becomes a member with a nickname of its own; XEP-0077 §3.2: or ends that. */
export function register(found: Room | undefined, from: JID, query: Element, { limits }: Circumstances): Decision {
  const room = unlocked(found);
  const jid = from.bare.toString();
  const known: Person = room.people.get(jid) ?? { affiliation: 'none', nick: undefined, reason: undefined, hats: [] };
  if (query.child('remove') !== undefined) {
    if (known.nick === undefined) throw new StanzaError('registration-required');
    const affiliation = known.affiliation === 'member' ? 'none' : known.affiliation;
    return settle(room, withPerson(room, jid, { ...known, affiliation, nick: undefined }), {});
  }
  requireOpen(room, from);
  const x = query.child('x', NS.dataForms);
  const form = x && readForm(x);
  const nick =
    form?.type === 'submit' && form.formType === NS.mucRegister ? readSingle(form, 'muc#register_roomnick') : undefined;
  if (nick === undefined || nick.trim() === '') throw new StanzaError('bad-request');
  // As it stands in an address, where all nicknames are compared.
  const { resource } = room.jid.withResource(nick);
  const user = room.occupants.get(resource)?.user;
  if (isReserved(room, resource, from) || (user !== undefined && !user.equals(from.bare)))
    throw new StanzaError('conflict');
  const affiliation = atLeast(affiliationOf(room, from), 'member') ? affiliationOf(room, from) : 'member';
  const after = withPerson(room, jid, { ...known, affiliation, nick: resource });
  checkPeople(room, after, limits.affiliations);
  return settle(room, after, {});
}

/** Membership that says something, entry or voice, is the admins' to give; a member may choose a nickname anywhere. */
function requireOpen(room: Room, from: JID): void {
  const affiliation = affiliationOf(room, from);
  const isOpen = !room.config.membersOnly && !room.config.moderated;
  if (affiliation === 'outcast' || (affiliation === 'none' && !isOpen)) throw new StanzaError('not-allowed');
}
