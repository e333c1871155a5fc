import { type Element, NS } from '@tutti/xmpp';
import type { ArchivedMessage } from '../client/archive.ts';
import { bareOf } from '../client/login.ts';
import { check } from '../failure.ts';
import type { Form } from './row.ts';

/** What a received stanza is compared with. */
export interface Original {
  /** As sent, before the server stamped it. */
  readonly stanza: Element;
  /** Full JID of the sending session. */
  readonly from: string;
  /** Bare JID that `to` names; the sender's own where there is none. */
  readonly target: string;
  /** The class of it is `everyone`, so that its recipient's copies have a bare address. */
  readonly bareCopies: boolean;
  /** C3: the answer carries the marker. */
  readonly exclusive: boolean;
  /** Expected condition of the error; `any`. */
  readonly error: string | undefined;
}

/** Who received it, and what is in that account's archive. */
export interface Receiver {
  readonly name: string;
  /** Full JID. */
  readonly jid: string;
  /** This account's archive, by id. */
  readonly archive: ReadonlyMap<string, ArchivedMessage>;
  /** True where the row says that this account archives it. */
  readonly archived: boolean;
  /** True where the row leaves open whether an error comes back, which is archived then. */
  readonly open: boolean;
}

/** Says which form a received stanza has; of that its content is right, `checkForm` makes sure. */
export function recognizeForm(stanza: Element, original: Original, receiver: Receiver, imNg: boolean): Form {
  const carbon = stanza.elements.find(
    (child) => child.ns === NS.carbons && (child.name === 'sent' || child.name === 'received'),
  );
  const answersOwn = original.stanza.attrs['type'] !== 'error';
  if (carbon !== undefined) {
    const inner = forwardedIn(carbon);
    if (inner?.attrs['type'] === 'error' && answersOwn) return 'error received';
    return carbon.name as Form;
  }
  if (stanza.attrs['type'] === 'error' && answersOwn) return imNg && !original.exclusive ? 'bounce' : 'error';
  if (!imNg || (original.exclusive && hasMarker(stanza))) return 'as sent';
  if (!original.bareCopies && stanzaIdOf(stanza, receiver.jid) === undefined) return 'as sent';
  return bareOf(original.from) === bareOf(receiver.jid) && answersOwn ? 'reflection' : 'archived';
}

/** Throws unless the stanza is, in every detail, the form that it was recognized as. */
export function checkForm(form: Form, stanza: Element, original: Original, receiver: Receiver): void {
  const { name } = receiver;
  const text = stanza.toString(NS.client);
  switch (form) {
    case 'sent':
    case 'received':
    case 'carbon':
    case 'error received': {
      const own = bareOf(receiver.jid);
      check(stanza.attrs['from'] === own, `${name}: a carbon comes from the own bare JID (XEP-0280 §7): ${text}`);
      check(stanza.attrs['to'] === receiver.jid, `${name}: a carbon goes to the full JID (XEP-0280 §7): ${text}`);
      const carbon = stanza.elements.find((child) => child.ns === NS.carbons);
      const inner = carbon === undefined ? undefined : forwardedIn(carbon);
      check(inner !== undefined, `${name}: a carbon without a message in it: ${text}`);
      check(inner.attrs['type'] === stanza.attrs['type'], `${name}: a carbon keeps the type (XEP-0280 §7): ${text}`);
      if (form === 'error received') return checkError(inner, original, receiver, original.from);
      return checkCopy(inner, original, receiver, original.stanza.attrs['to']);
    }
    case 'error':
    case 'bounce':
      // S7: addressed to the sending session; A4: its archived copy to the bare JID (C4)
      checkError(stanza, original, receiver, form === 'bounce' ? bareOf(original.from) : original.from);
      return checkRow(stanza, receiver, !original.exclusive && (receiver.archived || receiver.open));
    case 'as sent':
      return checkCopy(stanza, original, receiver, original.stanza.attrs['to']);
    case 'archived':
      return checkCopy(stanza, original, receiver, original.target);
    case 'reflection':
      return checkCopy(stanza, original, receiver, original.stanza.attrs['to']);
  }
}

/** A4, A5: sender, address, content, and the stanza-id. */
function checkCopy(stanza: Element, original: Original, receiver: Receiver, to: string | undefined): void {
  const { name, jid } = receiver;
  const text = stanza.toString(NS.client);
  const { attrs } = stanza;
  check(attrs['from'] === original.from, `${name}: from must be ${original.from}: ${text}`);
  const right = to === undefined ? [undefined, bareOf(jid)] : [to];
  check(right.includes(attrs['to']), `${name}: to must be ${to ?? 'absent'}: ${text}`);
  check(attrs['id'] === original.stanza.attrs['id'], `${name}: the id changed: ${text}`);
  check(attrs['type'] === original.stanza.attrs['type'], `${name}: the type changed: ${text}`);
  const mine = (child: Element) => isStanzaIdBy(child, bareOf(jid));
  // C1: a marker that means nothing is stripped; C3: one that means something stays. A4: a forged stanza-id is gone.
  const strips = (child: Element) => mine(child) || (!original.exclusive && child.is('im-ng', NS.imNg));
  const wanted = contentOf(original.stanza.without(strips));
  const got = contentOf(stanza.without(mine));
  check(got === wanted, `${name}: the content changed from ${wanted} to ${got}`);
  checkRow(stanza, receiver, original.bareCopies && receiver.archived);
}

/** A5: the stanza-id stands there exactly when the row exists; A4: the archive has the same stanza. */
function checkRow(stanza: Element, receiver: Receiver, expected: boolean): void {
  const { name, jid, archive } = receiver;
  const text = stanza.toString(NS.client);
  const ids = stanza.elements.filter((child) => isStanzaIdBy(child, bareOf(jid)));
  check(ids.length === (expected ? 1 : 0), `${name}: ${ids.length} stanza-ids of the own account: ${text}`);
  const id = ids[0]?.attrs['id'];
  if (id === undefined) return;
  const row = archive.get(id);
  check(row !== undefined, `${name}: the archive has no row ${id}: ${text}`);
}

/** A4, I2: what an IM-NG session got is what the archive has. */
export function checkSameAsArchived(stanza: Element, receiver: Receiver): void {
  const id = stanzaIdOf(stanza, receiver.jid);
  const row = id === undefined ? undefined : receiver.archive.get(id);
  if (row === undefined) return;
  const own = (child: Element) => isStanzaIdBy(child, bareOf(receiver.jid));
  const [live, stored] = [stanza.without(own), row.stanza.without(own)];
  const same = contentOf(live) === contentOf(stored) && attributesOf(live) === attributesOf(stored);
  check(same, `${receiver.name}: live ${live.toString(NS.client)} is archived as ${stored.toString(NS.client)}`);
}

function checkError(stanza: Element, original: Original, receiver: Receiver, to: string): void {
  const { name } = receiver;
  const text = stanza.toString(NS.client);
  const error = stanza.child('error', NS.client);
  check(stanza.attrs['type'] === 'error' && error !== undefined, `${name}: not an error: ${text}`);
  const condition = error.elements.find((child) => child.ns === NS.stanzas && child.name !== 'text')?.name;
  check(
    original.error === 'any' || condition === original.error,
    `${name}: ${condition}, must be ${original.error}: ${text}`,
  );
  check(
    stanza.attrs['from'] === original.stanza.attrs['to'],
    `${name}: an error comes from the address that failed: ${text}`,
  );
  check(stanza.attrs['to'] === to, `${name}: the error must go to ${to}: ${text}`);
  check(stanza.attrs['id'] === original.stanza.attrs['id'], `${name}: an error keeps the id: ${text}`);
  check(hasMarker(stanza) === original.exclusive, `${name}: the marker in the error (D3): ${text}`);
}

/** The stanza-id that the account of this JID gave it (XEP-0359). */
export function stanzaIdOf(stanza: Element, jid: string): string | undefined {
  return stanza.elements.find((child) => isStanzaIdBy(child, bareOf(jid)))?.attrs['id'];
}

function isStanzaIdBy(child: Element, bare: string): boolean {
  return child.is('stanza-id', NS.sid) && child.attrs['by'] === bare;
}

function hasMarker(stanza: Element): boolean {
  return stanza.child('im-ng', NS.imNg) !== undefined;
}

function forwardedIn(carbon: Element): Element | undefined {
  return carbon.child('forwarded', NS.forward)?.child('message', NS.client);
}

function contentOf(stanza: Element): string {
  return stanza.children.map((node) => (typeof node === 'string' ? node : node.toString(NS.client))).join('');
}

function attributesOf(stanza: Element): string {
  return JSON.stringify(Object.entries(stanza.attrs).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
