import { type Element, NS, StanzaError, writeForm, xml } from '@tutti/xmpp';
import { bareOf } from './address.ts';

/** XEP-0490 §4.1. */
const NODE = NS.displayedSync;

/** XEP-0490 §4.2, XEP-0223 §2: for the own devices alone, and one item for each conversation. */
const OPTIONS = writeForm('submit', `${NS.pubsub}#publish-options`, [
  { var: 'pubsub#persist_items', value: 'true' },
  { var: 'pubsub#max_items', value: 'max' },
  { var: 'pubsub#send_last_published_item', value: 'never' },
  { var: 'pubsub#access_model', value: 'whitelist' },
]);

interface DisplayedParts {
  /** Bare JID. */
  readonly account: string;
  readonly request: (iq: Element) => Promise<Element>;
  /** A device of the account has displayed a conversation up to the message that the account's archive gave this id. */
  readonly displayed: (peer: string, archiveId: string) => void;
  /** The server refused. */
  readonly troubled: (error: StanzaError) => void;
}

/** What a server says that has no personal events, or no such node yet: many do without. */
const LACKS: ReadonlySet<string> = new Set(['service-unavailable', 'feature-not-implemented', 'item-not-found']);

/** How far the devices of the account have displayed each conversation (XEP-0490), for those that know nothing of each other's markers too. */
export class Displayed {
  readonly #parts: DisplayedParts;
  /** By peer, as the node has it: what is said again is not published again. */
  readonly #known = new Map<string, string>();

  constructor(parts: DisplayedParts) {
    this.#parts = parts;
  }

  /** §4.4: asks what the other devices have displayed meanwhile. */
  load(): void {
    this.#tolerate(this.#load());
  }

  async #load(): Promise<void> {
    const { request } = this.#parts;
    const ask = xml('pubsub', { xmlns: NS.pubsub }, xml('items', { node: NODE }));
    const answer = await request(xml('iq', { type: 'get' }, ask));
    this.#takeItems(answer.child('pubsub', NS.pubsub)?.child('items'));
  }

  /** §4.3: takes a notification of the own account's node; false: it is none. */
  take(message: Element): boolean {
    const { from = this.#parts.account } = message.attrs;
    const items = message.child('event', NS.pubsubEvent)?.child('items');
    if (items?.attrs['node'] !== NODE || bareOf(from) !== this.#parts.account) return false;
    this.#takeItems(items);
    return true;
  }

  /** §4.2: this device has displayed a conversation up to a message of the archive. */
  publish(peer: string, archiveId: string): void {
    if (this.#known.get(peer) === archiveId) return;
    this.#known.set(peer, archiveId);
    const id = xml('stanza-id', { xmlns: NS.sid, by: this.#parts.account, id: archiveId });
    const item = xml('item', { id: peer }, xml('displayed', { xmlns: NODE }, id));
    const publish = xml('publish', { node: NODE }, item);
    const pubsub = xml('pubsub', { xmlns: NS.pubsub }, publish, xml('publish-options', null, OPTIONS));
    this.#tolerate(this.#parts.request(xml('iq', { type: 'set' }, pubsub)));
  }

  /** What the end of the connection did to it is no news. */
  #tolerate(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      if (error instanceof StanzaError && !LACKS.has(error.condition)) this.#parts.troubled(error);
    });
  }

  #takeItems(items: Element | undefined): void {
    for (const item of items?.childrenNamed('item') ?? []) {
      const peer = item.attrs['id'] ?? '';
      const stanzaId = item.child('displayed', NODE)?.child('stanza-id', NS.sid);
      const archiveId = stanzaId?.attrs['id'];
      // Rooms' ids, and those of other accounts, are not of this archive.
      if (archiveId === undefined || stanzaId?.attrs['by'] !== this.#parts.account) continue;
      this.#known.set(peer, archiveId);
      this.#parts.displayed(peer, archiveId);
    }
  }
}
