import { messageType } from '@tutti/routing';
import { type Element, JID, NS, parseXml } from '@tutti/xmpp';
import type { Report } from './fault.ts';
import { FLAG } from './schema.ts';
import type { VerifiedRow } from './verify-account.ts';

/** Checks one row's stanza: that it is what the row says (A4), carries no id of its own archive (A5) and no marker (I5). */
export function verifyStanza(account: string, row: VerifiedRow, report: Report): void {
  const { seq, bytes } = row;
  if (bytes === null) return; // reported as a stanza that is not there
  const stanza = readStanza(bytes);
  if (typeof stanza === 'string') return report({ rule: 'A4', account, seq, found: stanza });
  const mismatch = findMismatch(account, row, stanza);
  if (mismatch !== undefined) report({ rule: 'A4', account, seq, found: mismatch });
  for (const child of stanza.elements) {
    if (child.is('im-ng', NS.imNg)) report({ rule: 'I5', account, seq, found: 'the stanza carries the marker' });
    // XEP-0359 §5: no other address than its own; what claims to be by a session of the account says nothing of its archive.
    if (child.is('stanza-id', NS.sid) && readFull(child.attrs['by']) === account) {
      report({ rule: 'A5', account, seq, found: 'the stored stanza has a stanza-id by this account' });
    }
  }
}

/** The message in these bytes, or why there is none. */
export function readStanza(bytes: Uint8Array): Element | string {
  try {
    const stanza = parseXml(bytes, NS.client);
    return stanza.is('message', NS.client) ? stanza : `a <${stanza.name}/> is archived`;
  } catch (error) {
    return `the stanza cannot be read: ${(error as Error).message}`;
  }
}

function findMismatch(account: string, { flags, peer, resource }: VerifiedRow, stanza: Element): string | undefined {
  const { from, to, type } = stanza.attrs;
  const outgoing = (flags & FLAG.outgoing) !== 0;
  if (outgoing && readBare(from) !== account) return `sent by the account, says the row; by ${from}, says the stanza`;
  // A room archives what it sends to everybody: from an address of its own, to none (XEP-0313 §6.1.3).
  const isRoom = peer === account && to === undefined && messageType(type) === 'groupchat';
  // A4: on the recipient's side the address is the bare JID.
  if (!outgoing && !isRoom && readFull(to) !== account)
    return `received by the account, says the row; by ${to}, says the stanza`;
  const other = outgoing ? (to ?? account) : from;
  const jid = JID.tryParse(other ?? '');
  if (peer !== null && jid?.bare.toString() !== peer)
    return `with ${peer}, says the row; with ${other}, says the stanza`;
  if (peer !== null && (jid?.resource ?? '') !== (resource ?? '')) return `the row's resource is not that of ${other}`;
  const groupchat = messageType(type) === 'groupchat';
  if (groupchat !== ((flags & FLAG.groupchat) !== 0)) return `the row's type is not ${type ?? 'normal'}`;
  return undefined;
}

function readFull(address: string | undefined): string | undefined {
  return address === undefined ? undefined : JID.tryParse(address)?.toString();
}

function readBare(address: string | undefined): string | undefined {
  return address === undefined ? undefined : JID.tryParse(address)?.bare.toString();
}
