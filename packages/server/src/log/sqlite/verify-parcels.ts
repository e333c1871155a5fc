import type { DatabaseSync } from 'node:sqlite';
import { JID } from '@tutti/xmpp';
import type { Report } from './fault.ts';
import { readStanza } from './verify-stanza.ts';

interface VerifiedParcel {
  readonly id: number;
  readonly origin: string;
  readonly target: string;
  readonly bytes: Uint8Array;
}

const PARCELS = 'SELECT p.id, p.origin, p.target, s.bytes FROM parcel p JOIN stanza s ON s.id = p.stanza ORDER BY p.id';

/** S7: checks that what waits for another server is a message from a domain to a domain, as its queue says. */
export function verifyParcels(db: DatabaseSync, report: Report): void {
  for (const parcel of db.prepare(PARCELS).iterate() as Iterable<unknown> as Iterable<VerifiedParcel>) {
    const { id, origin, target, bytes } = parcel;
    const stanza = readStanza(bytes);
    const tell = (found: string): void => report({ rule: 'outbox', found: `parcel ${id} for ${target}: ${found}` });
    if (typeof stanza === 'string') {
      tell(stanza);
      continue;
    }
    const { from, to } = stanza.attrs;
    if (JID.tryParse(from ?? '')?.domain !== origin)
      tell(`from ${origin}, says the queue; from ${from}, says the stanza`);
    if (JID.tryParse(to ?? '')?.domain !== target) tell(`the stanza is for ${to}`);
  }
}
