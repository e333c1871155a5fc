import { type Element, type JID, NS, StanzaError } from '@tutti/xmpp';
import { BoundedMap, type Clock, type Config } from '../../feature.ts';

interface Meter {
  tokens: number;
  /** Milliseconds since 1970 UTC. */
  at: number;
}

/** Sessions whose speed is remembered; the oldest are forgotten first. */
const CAPACITY = 50_000;

/** How much and how fast: what a session sends to rooms. */
export class Traffic {
  readonly #clock: Clock;
  readonly #limits: () => Config['rooms'];
  readonly #meters = new BoundedMap<string, Meter>(CAPACITY);

  constructor(clock: Clock, limits: () => Config['rooms']) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Throws StanzaError for a stanza that is too large, or comes too early. */
  check(stanza: Element, from: JID): void {
    const { messageBytes, presenceBytes, textBytes } = this.#limits();
    const limit = stanza.name === 'presence' ? presenceBytes : messageBytes;
    if (limit > 0 && stanza.toBytes(NS.client).length > limit) {
      throw new StanzaError('policy-violation', { text: `At most ${limit} bytes.` });
    }
    const subject = stanza.name === 'message' ? stanza.child('subject') : undefined;
    if (subject !== undefined && textBytes > 0 && new TextEncoder().encode(subject.text()).length > textBytes) {
      throw new StanzaError('policy-violation', { text: `A subject has at most ${textBytes} bytes.` });
    }
    this.#spend(from.toString());
  }

  #spend(full: string): void {
    const { stanzasPerSecond: rate, stanzasBurst: burst } = this.#limits();
    if (rate === 0 || burst === 0) return;
    const now = this.#clock.now();
    const known = this.#meters.get(full) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, known.tokens + (Math.max(0, now - known.at) * rate) / 1000);
    if (tokens < 1) throw new StanzaError('resource-constraint', { type: 'wait', text: 'Not so fast.' });
    this.#meters.set(full, { tokens: tokens - 1, at: now });
  }
}
