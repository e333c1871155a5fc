import { type Element, NS, StreamError, xml } from '@tutti/xmpp';
import type { Clock, Timer } from '../environment.ts';
import { type Counter, countStanza, type Metrics } from '../observe/metrics.ts';
import type { Connection } from '../stream/host.ts';
import { Outgoing } from './outgoing.ts';
import type { StreamManagement } from './stream-management.ts';
import type { Room, WrittenMessages } from './written.ts';

/** How many stanzas go out before the client is asked for its count at once (XEP-0198 §4), and how long it may take otherwise. */
const REQUEST_AFTER = 25;
const REQUEST_DELAY_MS = 1000;

export interface OutboxLimits {
  /** Bytes that may wait for a slow peer, or for its acknowledgement where no log has them; 0 = no limit. */
  readonly outboxBytes: number;
  /** Stanzas that may wait for an acknowledgement; 0 = no limit. */
  readonly smUnackedMax: number;
}

export interface OutboxCore {
  readonly clock: Clock;
  readonly limits: OutboxLimits;
  readonly metrics: { readonly stanzasOut: Metrics['stanzasOut']; readonly stanzaErrors: Counter };
}

/** The way out of a session: writes to the connection, counts for stream management, holds presence back while the client is inactive. */
export class Outbox {
  connection: Connection | undefined;
  sm: StreamManagement | undefined;
  readonly #core: OutboxCore;
  #requestTimer: Timer | undefined;
  /** XEP-0352: while inactive, the latest presence of each sender. */
  #heldPresence: Map<string, Outgoing> | undefined;
  #heldPresenceBytes = 0;
  /** While what was lost is sent again after a resumption, everything else waits here. */
  #held: Outgoing[] | undefined;
  #heldBytes = 0;
  /** The largest answer among what waits (a whole roster, say): as large as the client has asked for, it makes room for itself. */
  #largest = 0;

  constructor(core: OutboxCore) {
    this.#core = core;
  }

  /** Room for more of the log (I8): past the bounds the session is fed from the archive instead. */
  get hasRoom(): boolean {
    return this.connection !== undefined && this.#held === undefined && !this.isFull;
  }

  /** As much waits for the client as may. */
  get isFull(): boolean {
    const { outboxBytes, smUnackedMax } = this.#core.limits;
    if (!this.isWritable) return true;
    if (this.sm === undefined) return false;
    if (outboxBytes > 0 && this.sm.keptBytes >= outboxBytes) return true;
    return smUnackedMax > 0 && this.sm.unacknowledged.length >= smUnackedMax;
  }

  /** The connection takes more: less than the bound waits for it. */
  get isWritable(): boolean {
    const { outboxBytes } = this.#core.limits;
    return outboxBytes === 0 || (this.connection?.buffered ?? 0) < outboxBytes;
  }

  /**
   * Sends what is no row of an IM-NG cursor. Gives false when the session can't go on: more than twice the bound waits
   * for it already, and there is no log to read this from again.
   */
  send(out: Outgoing): boolean {
    if (this.#heldPresence !== undefined) {
      if (out.name === 'presence' && isPresenceUpdate(out.element) && this.#holdPresence(this.#heldPresence, out))
        return true;
      this.#releasePresence(this.#heldPresence);
    }
    return this.#write(out, out);
  }

  /** Sends a row of the log (D1). */
  sendRow(out: Outgoing, seq: number): void {
    if (this.#heldPresence !== undefined) this.#releasePresence(this.#heldPresence);
    this.#write(out, seq);
  }

  /**
   * Does what `send` does for each of the messages from `from` on, with one write for as many as there is room for, one at least. Gives how many: none
   * where they have to be sent one by one.
   */
  sendWritten(messages: WrittenMessages, from: number): number {
    const { connection, sm } = this;
    if (this.#held !== undefined || connection?.framing !== 'stream') return 0;
    if (this.#heldPresence !== undefined) this.#releasePresence(this.#heldPresence);
    const to = messages.fit(from, this.#room);
    connection.write(messages.slice(from, to));
    this.#core.metrics.stanzasOut.message.inc(to - from);
    if (sm !== undefined) {
      for (let at = from; at < to; at += 1) sm.sent(new Outgoing(messages.slice(at, at + 1)));
      this.requestSoon();
    }
    return to - from;
  }

  /** What the client has not acknowledged, or what waits for a resumption to be over, less the rows of a cursor. */
  get unconfirmed(): readonly Outgoing[] {
    const sent = (this.sm?.unacknowledged ?? []).filter((entry) => typeof entry !== 'number');
    return [...sent, ...(this.#held ?? [])];
  }

  /** XEP-0352 §4. */
  setActive(active: boolean): void {
    if (active && this.#heldPresence !== undefined) this.#releasePresence(this.#heldPresence);
    this.#heldPresence = active ? undefined : (this.#heldPresence ?? new Map());
  }

  /** A top-level element that is not counted: `<a/>`, `<r/>`, `<enabled/>`. Gives false when too much waits for the client. */
  sendNonza(element: Element): boolean {
    const { connection } = this;
    const isWithinBounds = this.#isWithinBounds(0);
    connection?.write(element.toBytes(connection.framing === 'stream' ? NS.client : ''));
    return isWithinBounds;
  }

  /** From now on sends wait, until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Sends what has waited. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    for (const out of held) this.send(out);
  }

  /** The connection is gone. */
  detach(): void {
    this.connection = undefined;
    this.#requestTimer?.cancel();
    this.#requestTimer = undefined;
    if (this.sm !== undefined) this.sm.requested = false;
    if (this.#held !== undefined) for (const out of this.#held) this.sm?.sent(out);
    this.#held = undefined;
    this.#heldBytes = 0;
  }

  /** Writes again what is unacknowledged already, past `hold`. */
  repeat(out: Outgoing): void {
    this.#put(out);
  }

  /** XEP-0198 §4: asks for the client's count when there is something to acknowledge. */
  requestSoon(): void {
    const { sm } = this;
    if (sm === undefined || sm.requested || sm.unacknowledged.length === 0 || this.connection === undefined) return;
    const { smUnackedMax } = this.#core.limits;
    const enough = smUnackedMax === 0 ? REQUEST_AFTER : Math.min(REQUEST_AFTER, smUnackedMax / 2);
    if (sm.unacknowledged.length >= enough) this.requestNow();
    else this.#requestTimer ??= this.#core.clock.after(REQUEST_DELAY_MS, () => this.requestNow());
  }

  requestNow(): void {
    this.#requestTimer?.cancel();
    this.#requestTimer = undefined;
    const { sm } = this;
    if (sm === undefined || sm.requested || this.connection === undefined) return;
    sm.requested = true;
    this.sendNonza(xml('r', { xmlns: NS.sm }));
  }

  #write(out: Outgoing, entry: number | Outgoing): boolean {
    const { sm } = this;
    const isWithinBounds = this.#isWithinBounds(this.#held?.length ?? sm?.unacknowledged.length ?? 0);
    if (this.#held !== undefined) {
      this.#largest = Math.max(this.#largest, out.size);
      this.#held.push(out);
      this.#heldBytes += out.size;
      return isWithinBounds;
    }
    this.#put(out);
    this.#largest = Math.max(this.#largest, out.size);
    if (sm !== undefined) {
      sm.sent(entry);
      this.requestSoon();
    }
    return isWithinBounds;
  }

  #put(out: Outgoing): void {
    const { connection } = this;
    if (connection === undefined) return;
    connection.write(out.bytes(connection.framing));
    const { stanzasOut, stanzaErrors } = this.#core.metrics;
    countStanza(stanzasOut, out.name);
    if (out.isError) stanzaErrors.inc();
  }

  /** What may be sent before the bounds are reached. */
  get #room(): Room {
    const { outboxBytes, smUnackedMax } = this.#core.limits;
    const { sm } = this;
    const waiting = Math.max(sm?.keptBytes ?? 0, this.connection?.buffered ?? 0);
    return {
      bytes: outboxBytes === 0 ? Infinity : outboxBytes - waiting,
      stanzas: sm === undefined || smUnackedMax === 0 ? Infinity : smUnackedMax - sm.unacknowledged.length,
    };
  }

  #isWithinBounds(stanzas: number): boolean {
    const { outboxBytes, smUnackedMax } = this.#core.limits;
    if (smUnackedMax > 0 && stanzas >= 2 * smUnackedMax) return false;
    if (outboxBytes === 0) return true;
    const waiting = Math.max(this.#heldBytes + (this.sm?.keptBytes ?? 0), this.connection?.buffered ?? 0);
    if (waiting < outboxBytes) this.#largest = 0;
    return waiting <= 2 * outboxBytes + this.#largest;
  }

  /** False: it would be too much. An inactive client gets it then, as it gets anything else. */
  #holdPresence(held: Map<string, Outgoing>, out: Outgoing): boolean {
    const from = out.element.attrs['from'] ?? '';
    const { outboxBytes } = this.#core.limits;
    const bytes = this.#heldPresenceBytes + out.size - (held.get(from)?.size ?? 0);
    if (outboxBytes > 0 && bytes > outboxBytes) return false;
    this.#heldPresenceBytes = bytes;
    held.delete(from); // in the order of what is left
    held.set(from, out);
    return true;
  }

  #releasePresence(held: Map<string, Outgoing>): void {
    const waiting = [...held.values()];
    held.clear();
    this.#heldPresenceBytes = 0;
    for (const out of waiting) this.#write(out, out);
  }
}

/** XEP-0352 §5: what an inactive client can do without until something else comes. */
function isPresenceUpdate(stanza: Element): boolean {
  const type = stanza.attrs['type'];
  return type === undefined || type === 'unavailable';
}

/** The session can't be kept within its bounds. */
export function overflowError(): StreamError {
  return new StreamError('resource-constraint', 'Too much is waiting for you.');
}
