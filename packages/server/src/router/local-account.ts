import { type JID, NS, parseXml } from '@tutti/xmpp';
import { withStanzaId } from '@tutti/routing';
import type { AccountView, StateKey } from '../feature.ts';
import type { AccountLog, LegacyCursor, Row } from '../log/log.ts';
import { isPlain, spliceStanzaId } from '../log/stored-stanza.ts';
import { Outgoing } from '../session/outgoing.ts';
import type { Session } from '../session/session.ts';
import { LegacyRows } from './legacy-rows.ts';

/** A local account in memory: its sessions, its place in the log, and what features have loaded for it. */
export class LocalAccount implements AccountView {
  readonly jid: JID;
  /** The bare JID as text. */
  readonly name: string;
  /** Tells it from an earlier or a later account of its name. */
  readonly incarnation: number;
  sessions: readonly Session[] = [];
  /** The last row shown to sessions; rows are shown in the order of their numbers. */
  head: number;
  /** D5: what legacy sessions have been given. */
  readonly legacy: LegacyRows;
  /** Goes up whenever something changes that a plan depends on. */
  revision = 0;
  /** Units of the log that concern it and are under way: what goes past the log waits for them. */
  uses = 0;
  /** What is going on with its state: it stays in memory. */
  holds = 0;
  readonly #states: ReadonlyMap<StateKey<unknown>, unknown>;

  constructor(
    jid: JID,
    log: AccountLog,
    start: { incarnation: number; head: number; legacyCursor: LegacyCursor },
    states: ReadonlyMap<StateKey<unknown>, unknown>,
  ) {
    this.jid = jid;
    this.name = jid.toString();
    this.incarnation = start.incarnation;
    this.head = start.head;
    this.legacy = new LegacyRows(start.legacyCursor, (cursor) => log.moveLegacyCursor(this.name, cursor));
    this.#states = states;
  }

  state<T>(key: StateKey<T>): T {
    return this.#states.get(key) as T;
  }

  get legacyCursor(): number {
    return this.legacy.cursor.seq;
  }

  get owed(): AccountView['owed'] {
    return this.legacy.cursor.owed;
  }

  session(resource: string): Session | undefined {
    return this.sessions.find((session) => session.resource === resource);
  }

  add(session: Session): void {
    this.sessions = [...this.sessions, session];
    this.revision += 1;
  }

  remove(session: Session): void {
    this.sessions = this.sessions.filter((one) => one !== session);
    this.revision += 1;
  }

  /** D1: shows a committed row to every IM-NG session. */
  show(out: Outgoing, seq: number): void {
    this.head = seq;
    for (const session of this.sessions) session.cursor?.offer(out, seq);
  }

  /** A row as sessions get it: the archived stanza with its stanza-id (A5). */
  present(row: Row): Outgoing {
    if (isPlain(row.stanza)) return new Outgoing(spliceStanzaId(row.stanza, this.name, row.id), row.seq);
    return new Outgoing(withStanzaId(parseXml(row.stanza, NS.client), this.name, row.id), row.seq);
  }

  /** D5: this row is for legacy clients, and is given to those that are there; nobody knows yet whether it will reach one. */
  oweLegacy(seq: number): void {
    if (this.sessions.some(isServed)) this.legacy.owe(seq);
  }

  /** D5: the client of a legacy session has this row. */
  servedLegacy(seq: number): void {
    // A message to a full JID reaches a session without presence too: what was archived before it still waits for one that takes messages.
    if (seq > this.legacyCursor + 1 && !this.sessions.some(isServed)) return;
    this.legacy.serve(seq);
  }
}

/** A legacy session that gets, or has got, what past messages there are (D5). */
function isServed({ imNg, priority }: Session): boolean {
  return !imNg && priority !== undefined && priority >= 0;
}
