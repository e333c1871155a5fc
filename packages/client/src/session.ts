import { type Element, NS, StanzaError, xml } from '@tutti/xmpp';
import { domainOf } from './address.ts';
import type { Archive } from './archive.ts';
import { TuttiError } from './errors.ts';
import type { Expected } from './expected.ts';
import type { Row } from './incoming.ts';
import type { Timelines } from './timelines.ts';

/** How messages come: by IM-NG (XEP-0409), or by Carbons (XEP-0280) and the archive. */
export type Mode = 'im-ng' | 'legacy';

/** How far catching up is. */
export interface Progress {
  /** Messages read since the connection came back. */
  readonly done: number;
  /** Messages still to read; undefined where the server doesn't tell. 0: caught up. */
  readonly behind: number | undefined;
}

interface SessionParts {
  /** Bare JID. */
  readonly account: string;
  readonly request: (iq: Element) => Promise<Element>;
  readonly archive: Archive;
  readonly timelines: Timelines;
  readonly expected: Expected;
  readonly history: 'all' | number;
  /** How much later than its stamp a row may appear in the archive of a server without IM-NG, in milliseconds; 0: however much. */
  readonly lateMs: number;
  /** Messages come from now on as the mode says; presence may be sent. */
  readonly enabled: (mode: Mode) => void;
  readonly progress: (progress: Progress) => void;
  readonly troubled: (error: Error) => void;
}

/** One session from its beginning to the point from which on everything comes live. */
export class Session {
  readonly #parts: SessionParts;
  /** K5: what came live while the archive was being read. */
  #buffer: Row[] | undefined = [];
  #mode: Mode | undefined;
  #extended = false;
  /** Without IM-NG: the newest stamp that the archive has shown in this session, in milliseconds since 1970. */
  #newest: number | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Switches IM-NG on (else Carbons), then catches up. May be called again after it rejected. */
  async run(): Promise<void> {
    const { enabled } = this.#parts;
    const mode = await this.#enable();
    this.#mode = mode;
    enabled(mode);
    await this.catchUp(false, (progress) => this.#parts.progress(progress));
    this.#join();
  }

  /** Takes a message that came live and stands in the archive. */
  take(row: Row): void {
    // Without IM-NG the order of what comes is not that of the archive, and some of it doesn't come: the archive is asked.
    if (this.#mode === 'legacy') return;
    if (this.#buffer === undefined) this.#parts.timelines.append([row], true);
    else this.#buffer.push(row);
  }

  /** K5: reads the archive behind the last known id to its end. `live`: what is there was not there a moment ago. */
  async catchUp(live: boolean, tell?: (progress: Progress) => void): Promise<void> {
    const { timelines, archive } = this.#parts;
    timelines.startCatchUp();
    const sure = this.#mode === 'legacy' ? await this.#findSure() : undefined;
    if (timelines.cursor === undefined) await this.#begin(sure);
    let done = 0;
    await archive.readAfter(timelines.cursor ?? '', this.#extended, (rows, behind) => {
      done += rows.length;
      if (sure === undefined) timelines.append(rows, live);
      else {
        this.#note(rows);
        this.#parts.expected.found(rows);
        timelines.merge(rows, sure, live);
      }
      tell?.({ done, behind });
    });
    timelines.keepCursor();
  }

  /**
   * Without IM-NG: the stamp up to which nothing comes into the archive any more. The server's own clock says so: when it had stamped one
   * row, before this reading began, all rows that are `lateMs` older were there.
   */
  async #findSure(): Promise<number> {
    const { archive, lateMs } = this.#parts;
    if (this.#newest === undefined) this.#note(await archive.readNewest(1));
    return lateMs === 0 ? -Infinity : (this.#newest ?? -Infinity) - lateMs;
  }

  #note(rows: readonly Row[]): void {
    for (const { time } of rows) if (time !== undefined) this.#newest = Math.max(this.#newest ?? time, time);
  }

  /** K1: before initial presence, and never both. */
  async #enable(): Promise<Mode> {
    const { request, account, troubled } = this.#parts;
    const answer = await request(xml('iq', { type: 'get', to: account }, xml('query', { xmlns: NS.discoInfo })));
    const features = readFeatures(answer);
    if (!features.has(NS.mam)) throw new TuttiError('no-archive', `${domainOf(account)} does not archive messages`);
    this.#extended = features.has(NS.mamExtended);
    if (features.has(NS.imNg)) {
      await request(enableRequest(NS.imNg));
      return 'im-ng';
    }
    await request(enableRequest(NS.carbons)).catch((error: unknown) => {
      // Without Carbons what other devices send is seen with the next message that comes.
      if (!(error instanceof StanzaError)) throw error;
      troubled(error);
    });
    return 'legacy';
  }

  /** The first start over a store. */
  async #begin(sure: number | undefined): Promise<void> {
    const { history, timelines, archive } = this.#parts;
    if (history === 'all') return timelines.begin('');
    const rows = await archive.readNewest(Math.max(history, 1));
    if (sure !== undefined) return timelines.mergeFirst(rows, sure, history > 0);
    if (history > 0) timelines.append(rows, false);
    timelines.begin(rows.at(-1)?.id ?? '');
  }

  /** K5: what came live goes on where the archive's answer ended; what both have is known by its id. */
  #join(): void {
    const buffered = this.#buffer ?? [];
    this.#buffer = undefined;
    // What came before the server had said what it can: it is in the archive, which has been read.
    if (this.#mode === 'legacy') return;
    this.#parts.timelines.append(buffered, true);
  }
}

function enableRequest(ns: string): Element {
  return xml('iq', { type: 'set' }, xml('enable', { xmlns: ns }));
}

function readFeatures(answer: Element): ReadonlySet<string> {
  const features = answer.child('query', NS.discoInfo)?.childrenNamed('feature') ?? [];
  return new Set(features.map(({ attrs }) => attrs['var'] ?? ''));
}
