import { type JID, NS, parseXml } from '@tutti/xmpp';
import { withStanzaId } from '@tutti/routing';
import type { AccountView, StateKey } from '../feature.ts';
import type { AccountLog, Row } from '../log/log.ts';
import { isPlain, spliceStanzaId } from '../log/stored-stanza.ts';
import { Outgoing } from '../session/outgoing.ts';
import type { Session } from '../session/session.ts';

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
  legacyCursor: number;
  /** Goes up whenever something changes that a plan depends on. */
  revision = 0;
  /** Units of the log that concern it and are under way: it stays in memory. */
  uses = 0;
  readonly #log: AccountLog;
  readonly #states: ReadonlyMap<StateKey<unknown>, unknown>;

  constructor(
    jid: JID,
    log: AccountLog,
    start: { incarnation: number; head: number; legacyCursor: number },
    states: ReadonlyMap<StateKey<unknown>, unknown>,
  ) {
    this.jid = jid;
    this.name = jid.toString();
    this.incarnation = start.incarnation;
    this.head = start.head;
    this.legacyCursor = start.legacyCursor;
    this.#log = log;
    this.#states = states;
  }

  state<T>(key: StateKey<T>): T {
    return this.#states.get(key) as T;
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

  /** D5: a legacy session has this row. */
  servedLegacy(seq: number): void {
    if (seq <= this.legacyCursor) return;
    // A message to a full JID reaches a session without presence too: what was archived before it still waits for one that takes messages.
    if (seq > this.legacyCursor + 1 && !this.sessions.some(isServed)) return;
    this.legacyCursor = seq;
    this.#log.moveLegacyCursor(this.name, seq);
  }
}

/** A legacy session that gets, or has got, what past messages there are (D5). */
function isServed({ imNg, priority }: Session): boolean {
  return !imNg && priority !== undefined && priority >= 0;
}
