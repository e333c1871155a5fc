import { type Element, NS, xml } from '@tutti/xmpp';
import type { Config } from '../../feature.ts';
import type { PastMessage, Room } from './room.ts';

/** XEP-0045 §7.2.14: how much of the discussion history somebody wants. */
export interface HistoryRequest {
  readonly maxChars?: number;
  readonly maxStanzas?: number;
  readonly seconds?: number;
  /** Milliseconds since 1970 UTC. */
  readonly since?: number;
}

/** Reads the `<history/>` of a join; what is no number or no date counts as left out. */
export function readHistoryRequest(x: Element): HistoryRequest {
  const attrs = x.child('history')?.attrs ?? {};
  const number = (name: string): number | undefined => {
    const text = attrs[name];
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  };
  const since = attrs['since'] === undefined ? undefined : Date.parse(attrs['since']);
  const [maxChars, maxStanzas, seconds] = [number('maxchars'), number('maxstanzas'), number('seconds')];
  return {
    ...(maxChars === undefined ? {} : { maxChars }),
    ...(maxStanzas === undefined ? {} : { maxStanzas }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(since === undefined || Number.isNaN(since) ? {} : { since }),
  };
}

/** The newest messages that fit all that was asked, and the room's own limit; oldest first, each with its `<delay/>`. */
export function selectHistory(room: Room, request: HistoryRequest, now: number): Element[] {
  const { maxChars = Infinity, maxStanzas = Infinity, seconds, since = -Infinity } = request;
  const from = Math.max(since, seconds === undefined ? -Infinity : now - seconds * 1000);
  const most = Math.min(maxStanzas, room.config.maxHistory);
  const chosen: Element[] = [];
  let chars = 0;
  for (const past of room.history.toReversed()) {
    if (past.at < from || chosen.length >= most) break;
    const stanza = past.stanza.append(delayOf(room, past.at));
    // §7.2.14: the characters of complete stanzas.
    chars += stanza.toString(NS.client).length;
    if (chars > maxChars) break;
    chosen.push(stanza);
  }
  return chosen.toReversed();
}

/** XEP-0045 §7.2.13: since when a message is history. */
export function delayOf(room: Room, at: number): Element {
  return xml('delay', { xmlns: NS.delay, from: room.jid.toString(), stamp: new Date(at).toISOString() });
}

/** How much of the past is kept: messages, and their bytes (0 = as many as they have). */
type HistoryBounds = Pick<Config['rooms'], 'history' | 'historyBytes'>;

/** The history with one more message. */
export function remember(
  history: readonly PastMessage[],
  message: Omit<PastMessage, 'bytes'>,
  bounds: HistoryBounds,
): readonly PastMessage[] {
  const all = [...history, { ...message, bytes: message.stanza.toBytes(NS.client).length }];
  let bytes = 0;
  const tooOld = all.findLastIndex((past, index) => {
    bytes += past.bytes;
    return all.length - index > bounds.history || (bounds.historyBytes > 0 && bytes > bounds.historyBytes);
  });
  return all.slice(tooOld + 1);
}

/** Only what people said is history: no subject, no typing notification, no receipt. */
export function isHistory(stanza: Element): boolean {
  return stanza.child('body') !== undefined;
}
