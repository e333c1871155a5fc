import { type Element, JID, NS, xml } from '@tutti/xmpp';
import type { PlannedRow } from './plan.ts';

/**
 * A4: the stanza as one account archives, delivers and reflects it, without its stanza-id: forged stanza-ids of that account are gone
 * (XEP-0359 §3), the marker that means nothing is gone (C1), and on the recipient's side `to` is the bare JID (C4, C5). Nothing else changes.
 * @param account its bare JID
 * @param bareAddress whether the message was sent to a bare JID, or to none (C7)
 */
export function archivedForm(
  stanza: Element,
  row: Pick<PlannedRow, 'toBare'>,
  account: string,
  bareAddress: boolean,
): Element {
  let result = withoutForgedIds(stanza, account);
  if (bareAddress) result = result.without((child) => child.is('im-ng', NS.imNg)); // C1
  if (row.toBare) result = result.with({ to: account });
  return result;
}

/** XEP-0359 §3: removes stanza-ids that claim to be this account's, in whatever spelling of its address. */
export function withoutForgedIds(stanza: Element, account: string): Element {
  return stanza.without((child) => child.is('stanza-id', NS.sid) && isSame(child.attrs['by'], account));
}

/** A5: the copy of an archived stanza, with the archive id that its account gave it (XEP-0313 §3.5). */
export function withStanzaId(stanza: Element, account: string, id: string): Element {
  return stanza.append(xml('stanza-id', { xmlns: NS.sid, by: account, id }));
}

/** XEP-0280 §7, §8, XEP-0297 §3: a carbon for one session. The wrapper keeps the type of the message. */
export function carbonOf(form: 'sent' | 'received', stanza: Element, account: string, to: string): Element {
  const forwarded = xml('forwarded', { xmlns: NS.forward }, stanza);
  return xml(
    'message',
    { xmlns: NS.client, from: account, to, type: stanza.attrs['type'] },
    xml(form, { xmlns: NS.carbons }, forwarded),
  );
}

function isSame(by: string | undefined, account: string): boolean {
  return by === account || (by !== undefined && JID.tryParse(by)?.toString() === account);
}
