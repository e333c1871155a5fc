import type { JID } from '@tutti/xmpp';

export type Subscription = 'none' | 'to' | 'from' | 'both';

/** RFC 6121 §2.1.2. */
export interface RosterItem {
  readonly jid: JID;
  /** The handle; '' for none. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  /** A request of this account is unanswered: ask='subscribe'. */
  readonly ask: boolean;
  /** §3.4: pre-approved. */
  readonly approved: boolean;
  /** Version of the roster (§2.6) since which the item is as it is. */
  readonly version: number;
}

/**
 * How many changes back a client's copy of the roster may be for it to be told only what has changed since (RFC 6121
 * §2.6.3).
 */
export const REMEMBERED_CHANGES = 500;

/**
 * One account's roster in memory, and the subscription requests that it has not answered (RFC 6121 §3.1.3: "pending in"
 * is no part of the roster that clients see). Only `RosterStore.commit` changes it.
 */
export class Roster {
  /** By JID as text. Changed by `put` and `drop` only. */
  readonly items: ReadonlyMap<string, RosterItem>;
  readonly #items = new Map<string, RosterItem>();
  /** The `chosenBytes` of all items. */
  bytes = 0;
  /** Bare JIDs whose requests wait for an answer; the stanzas are in the database. */
  readonly requests = new Set<string>();
  /** Items removed within the last changes: JID as text, and the version. */
  readonly removed = new Map<string, number>();
  /** Tells this roster from an earlier one of the same name; '' until it changes for the first time. */
  epoch = '';
  /** Goes up by one with each change. */
  version = 0;

  constructor() {
    this.items = this.#items;
  }

  get(jid: JID): RosterItem | undefined {
    return this.items.get(jid.toString());
  }

  put(jid: string, item: RosterItem): void {
    const known = this.#items.get(jid);
    this.bytes += chosenBytes(item) - (known === undefined ? 0 : chosenBytes(known));
    this.#items.set(jid, item);
  }

  drop(jid: string): void {
    const known = this.#items.get(jid);
    if (known !== undefined) this.bytes -= chosenBytes(known);
    this.#items.delete(jid);
  }

  /** RFC 6121 §2.6: opaque to clients. */
  get ver(): string {
    return this.verAt(this.version);
  }

  verAt(version: number): string {
    return this.epoch === '' ? '0' : `${this.epoch}.${version}`;
  }

  /**
   * What has changed since a version that a client names, oldest first; undefined when only the whole roster will do.
   */
  changesSince(ver: string): readonly (RosterItem | { readonly jid: string; readonly version: number })[] | undefined {
    if (ver === this.ver) return [];
    const [epoch, count = ''] = ver.split('.');
    const known = /^\d{1,15}$/.test(count) ? Number(count) : Number.NaN;
    if (epoch !== this.epoch || !(known <= this.version) || known < this.version - REMEMBERED_CHANGES) return undefined;
    const changed = [...this.items.values()].filter(({ version }) => version > known);
    const removed = [...this.removed]
      .filter(([, version]) => version > known)
      .map(([jid, version]) => ({ jid, version }));
    return [...changed, ...removed].toSorted((a, b) => a.version - b.version);
  }
}

/** Bytes of what a client has chosen to say of a contact. */
export function chosenBytes({ name, groups }: Pick<RosterItem, 'name' | 'groups'>): number {
  const encoder = new TextEncoder();
  return [name, ...groups].reduce((sum, text) => sum + encoder.encode(text).length, 0);
}

/** The account's presence goes to this contact. */
export function hasFrom(item: RosterItem | undefined): boolean {
  return item?.subscription === 'from' || item?.subscription === 'both';
}

/** The contact's presence comes to the account. */
export function hasTo(item: RosterItem | undefined): boolean {
  return item?.subscription === 'to' || item?.subscription === 'both';
}
