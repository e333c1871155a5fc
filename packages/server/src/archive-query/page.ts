import { type JID, StanzaError } from '@tutti/xmpp';
import type { Config } from '../config/schema.ts';
import type { AccountLog, LogFilter, Page, Row } from '../log/log.ts';
import type { Selection } from './form.ts';
import type { Query } from './query.ts';

/** A page of an account's archive, oldest first. */
export interface ArchivePage {
  readonly rows: readonly Row[];
  /** XEP-0313 §4.3.2: nothing was left out because the page was full. */
  readonly complete: boolean;
  /** How many messages the whole selection has, as of the page or of one before it. */
  readonly count: number;
  /** The place of the first row in the selection, where it is known without counting. */
  readonly index: number | undefined;
  /** See `Page`. */
  readonly discard?: Page['discard'];
}

/** Where the page begins and ends in the log. */
interface Bounds {
  readonly filter: LogFilter;
  readonly forward: boolean;
}

/** Reads pages; remembers for one session how many messages the selection has that it is paging through. */
export class PageReader {
  readonly #log: AccountLog;
  readonly #limits: () => Config['limits'];
  readonly #account: string;
  #counted: { readonly key: string; readonly count: number } | undefined;
  /** The places of the first and the last id that the last page gave: the next question names one of them. */
  #ends: ReadonlyMap<string, number> = new Map();

  constructor(log: AccountLog, limits: () => Config['limits'], account: JID) {
    this.#log = log;
    this.#limits = limits;
    this.#account = account.toString();
  }

  /** Throws StanzaError: item-not-found for ids that this archive never gave, policy-violation for too many. */
  async read({ selection, page }: Query): Promise<ArchivePage> {
    const filter = await this.#select(selection);
    const bounds = await this.#place(filter, page);
    if (page.max === 0) {
      const count = await this.#count(filter);
      return { rows: [], complete: count === 0, count, index: undefined };
    }
    const { mamPageMax, mamPageBytes } = this.#limits();
    const max = Math.min(page.max ?? Infinity, mamPageMax === 0 ? Infinity : mamPageMax);
    const { before, after } = page;
    const fromStart = before === undefined && after === undefined;
    const fromEnd = before === '' && after === undefined;
    const options = { bytes: mamPageBytes, count: fromStart || fromEnd };
    const found = await this.#log.query(this.#account, bounds.filter, max, bounds.forward, options);
    const { rows, complete } = found;
    const count = await this.#countFor(filter, found.count);
    this.#ends = new Map([rows[0], rows.at(-1)].flatMap((row) => (row === undefined ? [] : [[row.id, row.seq]])));
    const reachesStart = fromStart || (complete && before !== undefined && after === undefined);
    const index = reachesStart ? 0 : fromEnd ? Math.max(0, count - rows.length) : undefined;
    return { rows, complete, count, index, discard: found.discard };
  }

  /** XEP-0313 §4.1.3: the selection in terms of the log; every id has to be one of this archive. */
  async #select(selection: Selection): Promise<LogFilter> {
    const { start, end, beforeId, afterId, ids, includeGroupchat } = selection;
    const before = beforeId === undefined ? undefined : await this.#resolve(beforeId);
    const after = afterId === undefined ? undefined : await this.#resolve(afterId);
    const seqs = ids === undefined ? undefined : await this.#find(ids);
    return {
      ...(selection.with === undefined
        ? {}
        : { with: { bare: selection.with.bare.toString(), resource: selection.with.resource } }),
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(seqs === undefined ? {} : { seqs }),
      includeGroupchat,
    };
  }

  /** XEP-0059 §2.2, §2.3: narrows the selection to what lies behind, or before, what the client has. */
  async #place(filter: LogFilter, page: Query['page']): Promise<Bounds> {
    const { before, after } = filter;
    const rsmBefore = page.before === undefined || page.before === '' ? undefined : await this.#resolve(page.before);
    const rsmAfter = page.after === undefined ? undefined : await this.#resolve(page.after);
    const narrowed: LogFilter = {
      ...filter,
      ...(rsmBefore === undefined ? {} : { before: Math.min(rsmBefore, before ?? Infinity) }),
      ...(rsmAfter === undefined ? {} : { after: Math.max(rsmAfter, after ?? 0) }),
    };
    return { filter: narrowed, forward: page.before === undefined };
  }

  /** A7: the place of an id, though its row may have expired. */
  async #resolve(id: string): Promise<number> {
    const seq = this.#ends.get(id) ?? (await this.#log.resolve(this.#account, id));
    if (seq === undefined) throw new StanzaError('item-not-found');
    return seq;
  }

  /** XEP-0313 §4.1.3: each of the messages has to be there still. */
  async #find(ids: readonly string[]): Promise<readonly number[]> {
    const { mamPageMax } = this.#limits();
    if (mamPageMax > 0 && ids.length > mamPageMax) {
      throw new StanzaError('policy-violation', { text: `At most ${mamPageMax} ids at a time.` });
    }
    const seqs = await Promise.all(ids.map((id) => this.#resolve(id)));
    const found = await this.#log.count(this.#account, { seqs, includeGroupchat: true });
    if (found !== seqs.length) throw new StanzaError('item-not-found');
    return seqs;
  }

  async #count(filter: LogFilter): Promise<number> {
    return this.#remember(filter, await this.#log.count(this.#account, filter));
  }

  /** XEP-0059 §2.2 lets a count be approximate: the pages after the first one of a selection tell that of the first. `now`: it was counted. */
  async #countFor(filter: LogFilter, now: number | undefined): Promise<number> {
    if (now !== undefined) return this.#remember(filter, now);
    const known = this.#counted;
    return known?.key === JSON.stringify(filter) ? known.count : this.#count(filter);
  }

  #remember(filter: LogFilter, count: number): number {
    this.#counted = { key: JSON.stringify(filter), count };
    return count;
  }
}
