import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import type { Parcel } from '../../log/log.ts';
import type { RemoteFailure } from '../remote.ts';

/** A stanza on its way out. */
export interface Entry {
  /** Of its parcel; undefined: it is nowhere but in memory, and goes at most once. */
  readonly id: number | undefined;
  /** When it was committed, in ms since 1970 UTC. */
  readonly at: number;
  readonly stanza: Element;
  readonly bytes: number;
  /** Of one that is only in memory: told when it has arrived, as far as is known, or failed. */
  readonly settled?: ((failure: RemoteFailure | undefined) => void) | undefined;
}

/** A parcel as it was read from the log. Throws XmlError. */
export function readEntry({ id, at, stanza }: Parcel): Entry {
  return { id, at, stanza: parseXml(stanza, NS.client), bytes: stanza.length };
}

/** XEP-0203: the stanza with the time when it was accepted: as it goes out when it comes late, or perhaps a second time. */
export function writeLate({ stanza, at }: Entry, from: string): Element {
  return stanza.append(xml('delay', { xmlns: NS.delay, from, stamp: new Date(at).toISOString() }));
}
