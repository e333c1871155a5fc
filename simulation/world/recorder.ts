import { type Element, NS, parseXml } from '@tutti/xmpp';
import { type Copy, keyOf, readCopy, readRow } from '../model/message.ts';
import type { AccountFacts } from '../model/facts.ts';

const STREAM_OPEN = Buffer.from(`<stream xmlns='${NS.client}'>`);
const STREAM_CLOSE = Buffer.from('</stream>');

/** A session of the server, as it was watched. */
export interface SessionRecord {
  readonly number: number;
  readonly account: string;
  readonly resource: string;
  /** Full JID. */
  readonly jid: string;
  readonly boundAt: number;
  endedAt: number | undefined;
  /** The server closed its connection: what its client had sent last may not have been handled. */
  forced: boolean;
  /** Its client has closed its stream. */
  left: boolean;
  /** Places between which it has had a connection. */
  readonly connections: {
    readonly from: number;
    to: number | undefined;
    /** What its client has acknowledged: on resumption, and in the end. */
    readonly resumedAt: number | undefined;
    h: number;
  }[];
  /** E4: the number of the last row before it enabled IM-NG. */
  barrier: number | undefined;
  /** The place at which that was. */
  enabledAt: number | undefined;
  /** Stanzas received since stream management was enabled, as places. */
  counted: number[] | undefined;
  /** The place at which that was. */
  countsAt: number | undefined;
  /** It may be resumed for so many ms after it has lost its connection. */
  resumableFor: number | undefined;
  /** It has acknowledged something. */
  acknowledged: boolean;
  /** D5: the place at which it has first asked for its archive. */
  queriedAt: number | undefined;
  /** D5: the place at which it began to take messages: available, with a priority that is not negative. */
  takesAt: number | undefined;
  /** Bound with Bind 2. */
  isInline: boolean;
}

/** The server has got a message. `session`: from a client; otherwise from a service. */
export interface Receipt {
  readonly place: number;
  readonly session: SessionRecord | undefined;
  /** With the sender's full JID in `from`. */
  readonly stanza: Element;
  readonly key: string;
}

/** The server has written something to a session. */
export interface Write {
  readonly place: number;
  readonly session: SessionRecord;
  readonly connection: number;
  readonly element: Element;
  readonly copy: Copy | undefined;
}

export interface UnitRow {
  readonly account: string;
  readonly key: string;
  readonly xml: string;
  readonly outgoing: boolean;
}

/** Rows that the server committed together, or tried to. */
export interface Unit {
  readonly key: string;
  readonly rows: readonly UnitRow[];
  readonly appended: number;
  readonly now: number;
  done: number | undefined;
  /** `written`, `lost`: what a crash made of it. */
  result: 'committed' | 'failed' | 'repeated' | 'written' | 'lost' | undefined;
  /** By row: the number in its account's log. */
  seqs: readonly number[];
}

export interface Forward {
  readonly place: number;
  readonly key: string;
  readonly xml: string;
}

interface Version {
  readonly from: number;
  readonly facts: AccountFacts;
}

/** Everything that happens at the server's border, in order: each thing has a place (0, 1, 2 …), and the world's facts at it can be asked for. */
export class Recorder {
  readonly times: number[] = [];
  readonly sessions: SessionRecord[] = [];
  readonly receipts: Receipt[] = [];
  readonly writes: Write[] = [];
  readonly units: Unit[] = [];
  readonly forwards: Forward[] = [];
  readonly crashes: number[] = [];
  /** Times until which the disk has been bad, from when. */
  readonly badDisk: { readonly from: number; to: number }[] = [];
  /** The last row of each account that has been shown. */
  readonly heads = new Map<string, number>();
  readonly #versions = new Map<string, Version[]>();
  readonly #copies = new WeakMap<
    Uint8Array,
    readonly { readonly element: Element; readonly copy: Copy | undefined }[]
  >();
  readonly #now: () => number;
  readonly #look: (account: string) => AccountFacts;
  readonly #accounts: readonly string[];

  /** `now`: elapsed ms. `look` gives an account's facts at this moment: the same object as long as nothing has changed. */
  constructor(now: () => number, accounts: readonly string[], look: (account: string) => AccountFacts) {
    this.#now = now;
    this.#accounts = accounts;
    this.#look = look;
  }

  /** The place of what happens now. */
  mark(): number {
    const place = this.times.push(this.#now()) - 1;
    for (const account of this.#accounts) {
      const facts = this.#look(account);
      const versions = this.#versions.get(account) ?? [];
      if (versions.at(-1)?.facts === facts) continue;
      versions.push({ from: place, facts });
      this.#versions.set(account, versions);
      this.#noticeChanges(account, facts, place);
    }
    return place;
  }

  /** The facts that held at some moment from `from` to `to`. */
  factsBetween(account: string, from: number, to: number): readonly AccountFacts[] {
    const versions = this.#versions.get(account) ?? [];
    return versions
      .filter((version, index) => version.from <= to && (versions[index + 1]?.from ?? Infinity) > from)
      .map(({ facts }) => facts);
  }

  /** The first place that is later than `ms` after another. */
  placeAfter(place: number, ms: number): number {
    const time = (this.times[place] as number) + ms;
    let low = place;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.times[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  bound(account: string, resource: string): SessionRecord {
    const record: SessionRecord = {
      number: this.sessions.length + 1,
      account,
      resource,
      jid: `${account}/${resource}`,
      boundAt: this.times.length,
      endedAt: undefined,
      forced: false,
      left: false,
      connections: [{ from: this.times.length, to: undefined, resumedAt: undefined, h: 0 }],
      barrier: undefined,
      enabledAt: undefined,
      counted: undefined,
      countsAt: undefined,
      resumableFor: undefined,
      acknowledged: false,
      queriedAt: undefined,
      takesAt: undefined,
      isInline: false,
    };
    this.sessions.push(record);
    return record;
  }

  /** A session's client is heard: gives the place. */
  received(session: SessionRecord, element: Element): void {
    const place = this.mark();
    if (element.ns === NS.sm && element.name === 'enable') startCounting(session, place);
    if (element.ns === NS.sm && element.name === 'a') {
      session.acknowledged = true;
      const connection = session.connections.at(-1);
      if (connection !== undefined) connection.h = Number(element.attrs['h']);
    }
    if (element.ns !== NS.client) return;
    session.counted?.push(place);
    if (element.name === 'iq' && element.child('query', NS.mam) !== undefined) session.queriedAt ??= place;
    if (element.name !== 'message') return;
    const stanza = element.with({ from: session.jid });
    this.receipts.push({ place, session, stanza, key: keyOf(stanza) });
  }

  /** A service sends. */
  injected(stanza: Element): void {
    this.receipts.push({ place: this.mark(), session: undefined, stanza, key: keyOf(stanza) });
  }

  /** What the server writes at once may be several elements. */
  written(session: SessionRecord, bytes: Uint8Array): readonly Write[] {
    let known = this.#copies.get(bytes);
    if (known === undefined) {
      known = readElements(bytes).map((element) => ({ element, copy: readCopy(element, session.account) }));
      this.#copies.set(bytes, known);
    }
    return known.map(({ element, copy }) => {
      const write = { place: this.mark(), session, connection: session.connections.length, element, copy };
      this.writes.push(write);
      const enabled = element.is('enabled', NS.sm) ? element : element.child('enabled', NS.sm);
      if (enabled?.attrs['resume'] === 'true') session.resumableFor = Number(enabled.attrs['max']) * 1000;
      return write;
    });
  }

  forwarded(stanza: Element): void {
    this.forwards.push({ place: this.mark(), key: keyOf(stanza), xml: stanza.toString(NS.client) });
  }

  appended(rows: readonly { account: string; stanza: Uint8Array; outgoing: boolean }[], now: number): Unit {
    const read = rows.map(({ account, stanza, outgoing }) => {
      const element = readRow(stanza);
      return { account, outgoing, key: keyOf(element), xml: element.toString(NS.client) };
    });
    const unit: Unit = {
      key: read[0]?.key ?? '',
      rows: read,
      appended: this.mark(),
      now,
      done: undefined,
      result: undefined,
      seqs: [],
    };
    if (read.length > 0) this.units.push(unit);
    return unit;
  }

  settled(unit: Unit, result: 'committed' | 'failed' | 'repeated', seqs: readonly number[]): void {
    this.mark(); // E4: who has enabled IM-NG without a word from the server since the last mark, has done so before this row
    unit.result = result;
    unit.seqs = seqs;
    unit.rows.forEach(({ account }, index) => {
      const seq = seqs[index];
      if (seq !== undefined) this.heads.set(account, seq);
    });
    unit.done = this.mark();
  }

  /** The server has died; `heads` are what its disk has. */
  crashed(committed: (account: string, key: string) => readonly number[], heads: ReadonlyMap<string, number>): void {
    const place = this.mark();
    this.crashes.push(place);
    for (const unit of this.units) {
      if (unit.result !== undefined) continue;
      // S8, A8: where the same message was under way twice, each of its rows is of another unit.
      const seqs = unit.rows.map(({ account, key }) =>
        committed(account, key).find((seq) => !this.#isTaken(account, seq)),
      );
      const isThere = seqs.every((seq) => seq !== undefined);
      unit.done = place;
      unit.result = isThere ? 'written' : 'lost';
      unit.seqs = isThere ? seqs : [];
    }
    for (const [account, head] of heads) this.heads.set(account, head);
    for (const session of this.sessions) {
      if (session.endedAt !== undefined) continue;
      session.endedAt = place;
      session.forced = true;
      const connection = session.connections.at(-1);
      if (connection !== undefined) connection.to ??= place;
    }
  }

  /** An earlier unit has that row. */
  #isTaken(account: string, seq: number): boolean {
    return this.units.some(({ rows, seqs }) =>
      rows.some((row, index) => row.account === account && seqs[index] === seq),
    );
  }

  #noticeChanges(account: string, facts: AccountFacts, place: number): void {
    for (const { imNg, priority, session } of facts.sessions) {
      const record = this.sessions[session - 1];
      if (record !== undefined && priority !== undefined && priority >= 0) record.takesAt ??= place;
      if (imNg && record !== undefined && record.barrier === undefined) {
        record.barrier = this.heads.get(account) ?? 0;
        record.enabledAt = place;
      }
    }
  }
}

/** Stream management is on from this place. */
export function startCounting(session: SessionRecord, place: number): void {
  session.counted = [];
  session.countsAt = place;
}

/** The elements of a piece of a stream. */
function readElements(bytes: Uint8Array): Element[] {
  return [...parseXml(Buffer.concat([STREAM_OPEN, bytes, STREAM_CLOSE])).elements];
}
