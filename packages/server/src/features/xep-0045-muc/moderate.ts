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
  const tombstone = writeTombstone(target.stanza, retractedBy(said, here.now, retract.elements));
  return spread(room, said, said, '', here, { id: target.id, seq: target.seq, tombstone });
}

/** XEP-0424 §5: may this retraction be done: is it of the author's own message? Gives the tombstone. */
export function retractOwn(message: Element, user: JID, target: Archived, now: number): Element | undefined {
  const author = authorOf(target.stanza);
  return author?.equals(user.bare) === true ? writeTombstone(target.stanza, retractedBy(message, now)) : undefined;
}

/** The same for an archived retraction: of the author's own message, or by the room in a moderator's name. */
export function tombstoneFor(room: JID, retraction: Element, target: Archived, at: number): Element | undefined {
  const isModerated = retraction.attrs['from'] === room.toString();
  const user = authorOf(retraction);
  if (isModerated) {
    const why = retraction.child('retract', NS.messageRetract)?.elements;
    return writeTombstone(target.stanza, retractedBy(retraction, at, why));
  }
  return user === undefined ? undefined : retractOwn(retraction, user, target, at);
}

/** Who has sent an archived message: the real bare JID. */
function authorOf(stanza: Element): JID | undefined {
  return JID.tryParse(stanza.child('x', NS.mucUser)?.child('item')?.attrs['jid'] ?? '')?.bare;
}

/** XEP-0424 §4: what the archive shows instead: who, and that it is gone. */
function writeTombstone(stanza: Element, retracted: Element): Element {
  const emptied = stanza.without(({ ns }) => ns !== NS.occupantId && ns !== NS.mucUser);
  return xml('message', emptied.attrs, ...emptied.elements, retracted);
}

/** `why`: XEP-0425 §4, who moderated it, and the reason, as the room has said it; an author has none to give. */
function retractedBy(retraction: Element, at: number, why: readonly Element[] = []): Element {
  const attrs = { xmlns: NS.messageRetract, id: retraction.attrs['id'], stamp: new Date(at).toISOString() };
  return xml('retracted', attrs, ...why);
}

/** The id of the message that is to be taken back; undefined: the message takes nothing back. */
export function retractedId(message: Element): string | undefined {
  return message.child('retract', NS.messageRetract)?.attrs['id'];
}

/** Reads the id of `<moderate/>`; throws StanzaError. */
export function moderatedId(request: Element): string {
  const { id } = request.attrs;
  if (id === undefined || id === '') throw new StanzaError('bad-request');
  return id;
}
