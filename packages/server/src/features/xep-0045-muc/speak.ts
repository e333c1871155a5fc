import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { type Circumstances, type Decision, type Out, unlocked } from './decision.ts';
import { isHistory, remember } from './history.ts';
import { frozen } from './presence.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, mainSeat, type Occupant, occupantOf, type Room, type Subject } from './room.ts';

/** A message of the room's that somebody wants to take back (XEP-0424): what the archive shows from then on. */
export interface Retraction {
  /** Its id, and its place in the room's archive. */
  readonly id: string;
  readonly seq: number;
  readonly tombstone: Element;
}

/** XEP-0045 §7.4: a message to everybody. It is archived before anybody gets it, and everybody gets the same. */
export function speak(
  found: Room | undefined,
  from: JID,
  message: Element,
  retraction: Retraction | undefined,
  here: Circumstances,
): Decision {
  const room = unlocked(found);
  const speaker = occupantOf(room, from);
  if (speaker === undefined) throw refusal(room, 'not-acceptable', 'You are not in the room.');
  const changesSubject = isSubjectChange(message);
  if (changesSubject && !maySetSubject(room, speaker))
    throw refusal(room, 'forbidden', 'You may not change the subject.');
  if (!changesSubject && speaker.role === 'visitor') throw refusal(room, 'forbidden', 'You have no voice.');
  const said = addressed(speaker, cleanMessage(room, message), here);
  const archive = archiveForm(room, speaker, from, said);
  const decision = spread(room, said, archive, speaker.nick, here, retraction);
  return changesSubject ? withSubject(decision, room, said, here) : decision;
}

/** The room has another subject once the message that says so is archived. */
function withSubject(decision: Decision, room: Room, said: Element, { now }: Circumstances): Decision {
  const { archive } = decision;
  if (archive === undefined) return decision;
  const change = (before: Room, at = now): Room => ({ ...before, subject: subjectOf(said, at) });
  return {
    ...decision,
    archive: {
      ...archive,
      save: (place) => [{ kind: 'room', room: change(room, place?.at) }],
      follow: (before, place) => {
        const followed = archive.follow(before, place);
        return { ...followed, room: change(followed.room, place?.at) };
      },
    },
  };
}

/** XEP-0045 §8.1: what a message makes the subject. */
export function subjectOf(message: Element, at: number): Subject {
  return {
    text: message.child('subject')?.text() ?? '',
    from: message.attrs['from'] ?? '',
    at,
    occupantId: message.child('occupant-id', NS.occupantId)?.attrs['id'] ?? '',
  };
}

/** A message for everybody in the room, without `to`: archived (XEP-0313 §6.1.3) in the form given, then sent out with its stanza-id. */
export function spread(
  room: Room,
  said: Element,
  archived: Element,
  nick: string,
  { limits }: Circumstances,
  retraction?: Retraction,
): Decision {
  return {
    room,
    out: [],
    archive: {
      ...(retraction === undefined
        ? {}
        : { save: () => [{ kind: 'tombstone', seq: retraction.seq, stanza: retraction.tombstone }] }),
      stanza: archived,
      nick,
      keep: room.config.logging && !isTransient(said),
      follow(now, place) {
        const by = now.jid.toString();
        // XEP-0359 §3.
        const stanza = place === undefined ? said : said.append(xml('stanza-id', { xmlns: NS.sid, by, id: place.id }));
        const kept = retraction === undefined ? now.history : now.history.filter(({ id }) => id !== retraction.id);
        const past = { stanza, at: place?.at ?? 0, id: place?.id };
        const history = isHistory(said) ? remember(kept, past, limits) : kept;
        return { room: history === now.history ? now : { ...now, history }, out: toAll(now, stanza) };
      },
    },
  };
}

/** To every session in the room. */
export function toAll(room: Room, stanza: Element): Out[] {
  const to = [...room.occupants.values()].flatMap(({ seats }) => seats.map(({ jid }) => jid));
  return to.length === 0 ? [] : [{ to, stanza: frozen(stanza) }];
}

/** What is of this moment only (XEP-0313 §5.1.2): a typing notification and the like, or what asks not to be stored. */
function isTransient(message: Element): boolean {
  if (message.child('body') !== undefined || message.child('subject') !== undefined) return false;
  let isContent = false;
  for (const { ns, name } of message.elements) {
    if (ns === NS.hints && name === 'store') return false;
    if (ns === NS.hints && (name === 'no-store' || name === 'no-permanent-store')) return true;
    if (![NS.hints, NS.chatStates, NS.sid, NS.occupantId].some((known) => known === ns)) isContent = true;
  }
  return !isContent;
}

/** XEP-0045 §8.1: a subject and neither body nor thread. */
export function isSubjectChange(message: Element): boolean {
  return (
    message.child('subject') !== undefined &&
    message.child('body') === undefined &&
    message.child('thread') === undefined
  );
}

function maySetSubject(room: Room, { role }: Occupant): boolean {
  return role === 'moderator' || (role === 'participant' && room.config.changeSubject);
}

/** XEP-0045 §17.2, XEP-0421 §4, XEP-0359 §3: what only the room may say is taken out, whoever claims it. */
function cleanMessage(room: Room, message: Element): Element {
  const own = room.jid.toString();
  const said = message.without(({ name, ns, attrs }) => {
    if (ns === NS.mucUser || ns === NS.muc || ns === NS.occupantId || ns === NS.imNg) return true;
    if (ns === NS.sid && name === 'stanza-id') return JID.tryParse(attrs['by'] ?? '')?.toString() === own;
    if (ns === NS.delay) return JID.tryParse(attrs['from'] ?? '')?.bare.toString() === own;
    return ns === NS.messageModerate;
  });
  const retract = said.child('retract', NS.messageRetract);
  if (retract?.child('moderated', NS.messageModerate) === undefined) return said;
  const allowed = retract.without(({ ns }) => ns === NS.messageModerate);
  return said.without((child) => child === retract).append(allowed);
}

/** The message as it comes from the occupant: id kept or made (XEP-0045 §7.4), with the occupant's id. */
function addressed({ jid, id }: Occupant, message: Element, here: Circumstances): Element {
  return message
    .with({ to: undefined, from: jid.toString(), id: message.attrs['id'] ?? here.newId() })
    .append(xml('occupant-id', { xmlns: NS.occupantId, id }));
}

/** XEP-0313 §6.1.3: with the real address, which is shown to those who may know it at the time of their query. */
function archiveForm(room: Room, speaker: Occupant, from: JID, said: Element): Element {
  const item = xml('item', {
    affiliation: affiliationOf(room, speaker.user),
    role: speaker.role,
    jid: from.toString(),
  });
  return said.append(xml('x', { xmlns: NS.mucUser }, item));
}

/** XEP-0045 §7.5: a message to one occupant. */
export function whisper(
  found: Room | undefined,
  from: JID,
  nick: string,
  message: Element,
  here: Circumstances,
): Decision {
  const room = unlocked(found);
  const speaker = occupantOf(room, from);
  if (speaker === undefined) throw refusal(room, 'not-acceptable', 'You are not in the room.');
  if (message.attrs['type'] === 'groupchat') throw refusal(room, 'bad-request', 'A message to one is of type chat.');
  const listener = room.occupants.get(nick);
  if (listener === undefined) throw refusal(room, 'item-not-found', 'Nobody here is called so.');
  if (!mayWhisper(room, speaker)) throw refusal(room, 'forbidden', 'Private messages are not allowed here.');
  const said = addressed(speaker, cleanMessage(room, message), here);
  // §7.5: what tells the recipient's devices what this is (D6).
  const stanza = frozen(said.append(xml('x', { xmlns: NS.mucUser })));
  return { room, out: [{ to: listener.seats.map(({ jid }) => jid), stanza }] };
}

function mayWhisper(room: Room, { role }: Occupant): boolean {
  switch (room.config.allowPm) {
    case 'anyone':
      return true;
    case 'participants':
      return role !== 'visitor';
    case 'moderators':
      return role === 'moderator';
    case 'none':
      return false;
  }
}

/** An error that answers a private message: to the one session that speaks for its sender; what concerns all of them is in their archive. */
export function returnError(found: Room | undefined, from: JID, nick: string, error: Element): Decision {
  const room = unlocked(found);
  const sender = occupantOf(room, from);
  const receiver = room.occupants.get(nick);
  if (sender === undefined || receiver === undefined) return { room, out: [] };
  const stanza = cleanMessage(room, error).with({ from: sender.jid.toString(), to: undefined });
  return { room, out: [{ to: [mainSeat(receiver).jid], stanza }] };
}
