import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { type Circumstances, type Decision, unlocked } from './decision.ts';
import { refusal } from './refusal.ts';
import { occupantOf, type Room } from './room.ts';
import { spread } from './speak.ts';

/** A message in the room's archive. */
export interface Archived {
  readonly id: string;
  readonly seq: number;
  readonly stanza: Element;
}

/** XEP-0425 §3.1: a moderator takes back what somebody said. `target`: the message in the archive, where it is there. */
export function moderate(
  found: Room | undefined,
  from: JID,
  request: Element,
  target: Archived | undefined,
  here: Circumstances,
): Decision {
  const room = unlocked(found);
  const moderator = occupantOf(room, from);
  if (moderator?.role !== 'moderator') throw refusal(room, 'forbidden', 'Only moderators may do that.');
  if (request.child('retract', NS.messageRetract) === undefined) throw refusal(room, 'feature-not-implemented');
  if (target === undefined) throw refusal(room, 'item-not-found', 'The archive has no such message.');
  const reason = request.child('reason');
  const by = moderator.jid.toString();
  const moderated = xml(
    'moderated',
    { xmlns: NS.messageModerate, by },
    xml('occupant-id', { xmlns: NS.occupantId, id: moderator.id }),
  );
  const why = reason && xml('reason', null, reason.text());
  const retract = xml('retract', { xmlns: NS.messageRetract, id: target.id }, moderated, why);
  const id = here.newId();
  const said = xml('message', { type: 'groupchat', from: room.jid.toString(), id }, retract);
  const retracted = retractedBy(id, here.now).append(moderated);
  const tombstone = writeTombstone(target.stanza, why === undefined ? retracted : retracted.append(why));
  return spread(room, said, said, '', here, { id: target.id, seq: target.seq, tombstone });
}

/** XEP-0424 §5: may this retraction be done: is it of the author's own message? Gives the tombstone. */
export function retractOwn(message: Element, user: JID, target: Archived, now: number): Element | undefined {
  const author = target.stanza.child('x', NS.mucUser)?.child('item')?.attrs['jid'];
  if (author === undefined || !JID.parse(author).bare.equals(user.bare)) return undefined;
  return writeTombstone(target.stanza, retractedBy(message.attrs['id'], now));
}

/** XEP-0424 §4: what the archive shows instead: who, and that it is gone. */
function writeTombstone(stanza: Element, retracted: Element): Element {
  const emptied = stanza.without(({ ns }) => ns !== NS.occupantId && ns !== NS.mucUser);
  return xml('message', emptied.attrs, ...emptied.elements, retracted);
}

function retractedBy(id: string | undefined, now: number): Element {
  return xml('retracted', { xmlns: NS.messageRetract, id, stamp: new Date(now).toISOString() });
}

/** The id of the message that is to be taken back; undefined: the message takes nothing back. */
export function retractedId(message: Element): string | undefined {
  return message.child('retract', NS.messageRetract)?.attrs['id'];
}

/** A target is something that was said: an archived message with content that is no retraction itself. */
export function isRetractable(stanza: Element): boolean {
  return retractedId(stanza) === undefined && stanza.child('subject') === undefined;
}

/** Reads the id of `<moderate/>`; throws StanzaError. */
export function moderatedId(request: Element): string {
  const { id } = request.attrs;
  if (id === undefined || id === '') throw new StanzaError('bad-request');
  return id;
}
