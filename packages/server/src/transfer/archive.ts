import { type Element, JID, NS, parseXml, xml } from '@tutti/xmpp';
import { readMessage, withoutForgedIds } from '@tutti/routing';
import type { NewRow, Row } from '../log/log.ts';

/** XEP-0227 §3.11. */
export const ARCHIVE = 'urn:xmpp:pie:0#mam';

/** A message of an archive as it is exported. */
export function writeResult(row: Row): Element {
  const delay = xml('delay', { xmlns: NS.delay, stamp: new Date(row.at).toISOString() });
  const forwarded = xml('forwarded', { xmlns: NS.forward }, delay, parseXml(row.stanza, NS.client));
  return xml('result', { xmlns: NS.mam, id: row.id }, forwarded);
}

/** A message that is imported. */
export interface Imported {
  readonly row: NewRow;
  /** ms since 1970 UTC. */
  readonly at: number;
}

/**
 * Reads a message of an account's archive, or one that waited for it; undefined where it is none of theirs, or has no time.
 * @param message in `jabber:client`
 * @param stamp XEP-0082 DateTime
 */
export function readArchived(account: JID, message: Element, stamp: string | undefined): Imported | undefined {
  const at = stamp === undefined ? Number.NaN : Date.parse(stamp);
  const from = JID.tryParse(message.attrs['from'] ?? account.toString());
  const to = JID.tryParse(message.attrs['to'] ?? account.toString());
  if (!message.is('message', NS.client) || !Number.isFinite(at) || from === undefined || to === undefined)
    return undefined;
  const outgoing = from.bare.equals(account);
  if (!outgoing && !to.bare.equals(account)) return undefined;
  const { content, type } = readMessage(message, from, to);
  const peer = outgoing ? to : from;
  const row = {
    account: account.toString(),
    peer: peer.bare.toString(),
    peerResource: peer.resource,
    stanza: withoutForgedIds(message, account.toString()).toBytes(NS.client),
    transient: content.transient,
    groupchat: type === 'groupchat',
    outgoing,
    offline: !outgoing && content.offline,
  };
  return { row, at };
}
