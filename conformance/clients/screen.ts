import { type Element, NS, parseXml } from '@tutti/xmpp';

/** One message of a conversation as a device shows it. */
export interface Line {
  /** The archive id that the own account gave it. */
  readonly id: string;
  readonly from: string;
  readonly body: string;
}

/** What a device shows: every message once, joined by archive id from live messages, reflections, carbons and archive results. */
export class Screen {
  readonly #account: string;
  readonly #lines = new Map<string, Line>();
  /** Ids in the order in which messages came live. */
  readonly live: string[] = [];

  /** @param account bare JID */
  constructor(account: string) {
    this.#account = account;
  }

  /** The conversation in archive order: ids sort so. */
  get lines(): readonly Line[] {
    return [...this.#lines.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** Everything after this is asked of the archive (rule K5). */
  get lastId(): string | undefined {
    return this.lines.at(-1)?.id;
  }

  /** Takes a `<message/>` as the client's library received it. */
  take(xml: string): void {
    const message = parseXml(xml, NS.client);
    if (message.name !== 'message') return;
    const result = message.child('result', NS.mam);
    if (result !== undefined) {
      const archived = forwardedIn(result);
      if (archived !== undefined) this.#add(result.attrs['id'] ?? '', archived);
      return;
    }
    const carbon = message.child('sent', NS.carbons) ?? message.child('received', NS.carbons);
    const shown = carbon === undefined ? message : forwardedIn(carbon);
    if (shown === undefined) return;
    const id = shown.childrenNamed('stanza-id', NS.sid).find((one) => one.attrs['by'] === this.#account)?.attrs['id'];
    if (id === undefined) return;
    this.live.push(id);
    this.#add(id, shown);
  }

  #add(id: string, message: Element): void {
    const body = message.child('body')?.text();
    if (body !== undefined) this.#lines.set(id, { id, from: (message.attrs['from'] ?? '').split('/')[0] ?? '', body });
  }
}

function forwardedIn(element: Element): Element | undefined {
  return element.child('forwarded', NS.forward)?.child('message', NS.client);
}
