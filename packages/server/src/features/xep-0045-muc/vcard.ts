import { type Element, type JID, NS, StanzaError, xml } from '@tutti/xmpp';
import type { Config } from '../../feature.ts';
import { type Decision, statuses } from './decision.ts';
import { requireOwner } from './owner.ts';
import type { Room } from './room.ts';
import { toAll } from './speak.ts';

/** XEP-0486 §4.2: an owner sets the room's vCard; an empty one takes it away. `sha1`: of bytes, in hex. */
export function setVcard(
  found: Room | undefined,
  from: JID,
  vcard: Element,
  limits: Config['rooms'],
  sha1: (data: Uint8Array) => string,
): Decision {
  const room = requireOwner(found, from);
  if (limits.vcardBytes > 0 && vcard.toBytes().length > limits.vcardBytes) {
    throw new StanzaError('not-acceptable', { text: `A vCard has at most ${limits.vcardBytes} bytes.` });
  }
  const isEmpty = vcard.elements.length === 0;
  const after = { ...room, avatar: isEmpty ? undefined : hashPhoto(vcard, sha1) };
  const x = xml('x', { xmlns: NS.mucUser }, ...statuses([104]));
  return {
    room: after,
    out: toAll(after, xml('message', { type: 'groupchat', from: room.jid.toString() }, x)),
    save: [
      { kind: 'room', room: after },
      { kind: 'vcard', vcard: isEmpty ? undefined : vcard },
    ],
  };
}

/** XEP-0153 §3.1. */
function hashPhoto(vcard: Element, sha1: (data: Uint8Array) => string): string | undefined {
  const binval = vcard.child('PHOTO')?.child('BINVAL')?.text().replaceAll(/\s/g, '');
  if (binval === undefined || binval === '') return undefined;
  let binary: string;
  try {
    binary = atob(binval);
  } catch {
    throw new StanzaError('bad-request', { text: 'The picture is not base64.' });
  }
  return sha1(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}
