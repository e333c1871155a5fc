import { createHash } from 'node:crypto';
import { type Element, NS, parseXml, resultReply, xml } from '@tutti/xmpp';
import type { Connection, StreamSession } from '../../packages/server/src/stream/host.ts';
import { NODES } from './story.ts';

const WANTED = [...NODES, NS.bookmarks, NS.bookmarksStorage];
const FEATURES = [NS.discoInfo, ...WANTED.map((node) => `${node}+notify`)];

/** One connection of a device, from its login to its end, with all that it was sent. Its client wants to hear of everything. */
export class Life implements Connection {
  readonly id = 'simulated';
  readonly framing = 'document';
  readonly address = '127.0.0.1';
  readonly secure = true;
  readonly buffered = 0;
  /** Full JID. */
  readonly device: string;
  readonly from: number;
  readonly received: { readonly at: number; readonly stanza: Element }[] = [];
  session: StreamSession | undefined;
  /** Elapsed ms at which it ended. */
  until: number | undefined;
  readonly #now: () => number;

  constructor(device: string, now: () => number) {
    this.device = device;
    this.from = now();
    this.#now = now;
  }

  get account(): string {
    return this.device.split('/')[0] ?? '';
  }

  write(bytes: Uint8Array): void {
    if (this.until !== undefined) return;
    const stanza = parseXml(bytes);
    this.received.push({ at: this.#now(), stanza });
    const asked = stanza.name === 'iq' ? stanza.child('query', NS.discoInfo) : undefined;
    if (asked === undefined || stanza.attrs['type'] !== 'get') return;
    queueMicrotask(() => this.send(resultReply(stanza, clientInfo(asked.attrs['node']))));
  }

  send(stanza: Element): void {
    if (this.until === undefined) this.session?.receive(parseXml(stanza.toBytes()));
  }

  end(): void {
    this.until ??= this.#now();
  }

  close(): void {
    this.end();
  }

  pause(): void {}
  resume(): void {}
}

function clientInfo(node: string | undefined): Element {
  const identity = xml('identity', { category: 'client', type: 'pc' });
  return xml(
    'query',
    { xmlns: NS.discoInfo, node },
    identity,
    ...FEATURES.map((name) => xml('feature', { var: name })),
  );
}

/** XEP-0115 §5.1, of all clients here. */
export function capsElement(): Element {
  const features = FEATURES.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const ver = createHash('sha1')
    .update(`client/pc//<${features.map((name) => `${name}<`).join('')}`)
    .digest('base64');
  return xml('c', { xmlns: NS.caps, node: 'https://client.example', hash: 'sha-1', ver });
}
