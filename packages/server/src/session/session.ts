import { type Element, type JID, NS, StreamError, xml } from '@tutti/xmpp';
import type { SessionView } from '../feature.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { LocalAccount } from '../router/local-account.ts';
import type { Connection, StreamSession } from '../stream/host.ts';
import { Asks } from './asks.ts';
import { Backlog } from './backlog.ts';
import { type CursorEvents, LogCursor } from './cursor.ts';
import { Hibernation } from './hibernation.ts';
import { Inbound, type InboundSession } from './inbound.ts';
import type { Divergence } from './ledger.ts';
import { Outbox, overflowError } from './outbox.ts';
import { Outgoing } from './outgoing.ts';
import { endSurplus } from './lost-sessions.ts';
import { Progress } from './progress.ts';
import { resendUnacknowledged } from './resumption.ts';
import { SeenRows } from './seen-rows.ts';
import type { SessionCore } from './session-core.ts';
import { readCount, StreamManagement, unexpectedRequest } from './stream-management.ts';

type SessionKind = keyof Metrics['sessions'];

/**
 * One bound resource. It outlives its connection when the client has asked for resumption (XEP-0198 §5): then it hibernates,
 * still belongs to its account, and is fed again when it is resumed.
 */
export class Session implements StreamSession, SessionView, CursorEvents, InboundSession {
  readonly jid: JID;
  readonly resource: string;
  readonly account: LocalAccount;
  readonly outbox: Outbox;
  readonly asks: Asks;
  carbons = false;
  clientActive: boolean | undefined;
  priority: number | undefined;
  presence: Element | undefined;
  /** Was available at least once. */
  wasAvailable = false;
  lastActive: number;
  address: string;
  secure: boolean;
  ended = false;
  /** What the client sent and the server has not done with yet. */
  readonly progress = new Progress();
  cursor: LogCursor | undefined;
  readonly #core: SessionCore;
  /** Stable id of the client's installation (XEP-0388 §2.3), if it gave one. */
  readonly agent: string | undefined;
  readonly #inbound: Inbound;
  readonly #hibernation = new Hibernation();
  /** Rows given before the session takes messages, and replayed ones of rooms; no more than could be replayed. */
  readonly #seen = new SeenRows();
  readonly #backlog = new Backlog();
  /** What the client was promised, in seconds. */
  #resumeTimeout = 0;
  #counted: SessionKind | undefined;
  /** Who waits for room in the outbox. */
  #waiting: (() => void)[] = [];

  constructor(core: SessionCore, account: LocalAccount, jid: JID, connection: Connection, agent?: string) {
    this.#core = core;
    this.agent = agent;
    this.jid = jid;
    this.resource = jid.resource;
    this.account = account;
    this.outbox = new Outbox(core);
    this.asks = new Asks(core);
    this.#inbound = new Inbound(core, this);
    this.lastActive = core.clock.now();
    this.address = connection.address;
    this.secure = connection.secure;
    this.#attach(connection);
    this.#count();
  }

  get imNg(): boolean {
    return this.cursor !== undefined;
  }

  get connected(): boolean {
    return this.connection !== undefined;
  }

  /** Its client has this row, as far as anybody can know. */
  hasRow(seq: number): boolean {
    const { sm } = this.outbox;
    const isReached = this.cursor === undefined ? this.carbons || (this.priority ?? -1) >= 0 : this.cursor.seq >= seq;
    if (!isReached) return false;
    if (sm === undefined) return this.connected;
    return !sm.unacknowledged.some((entry) => (typeof entry === 'number' ? entry : entry.seq) === seq);
  }

  get barrier(): number | undefined {
    return this.cursor?.barrier;
  }

  get connection(): Connection | undefined {
    return this.outbox.connection;
  }

  /** XEP-0198 §5: without a connection, waiting to be resumed. */
  get hibernating(): boolean {
    return this.#hibernation.isOn;
  }

  /** E2, E4: from this place in the log on, every row is delivered live. */
  enableImNg(): void {
    if (this.cursor !== undefined) return;
    this.endReplay(); // E4: what came live before this is not behind it
    this.cursor = new LogCursor(this.account, this.#core.log, this.outbox, this);
    this.#count();
  }

  overflowed(): void {
    this.#core.metrics.outboxOverflows.inc();
  }

  diverged(kind: Divergence, seq: number, after: number): void {
    this.#core.metrics.divergence[kind].inc();
    const fields = { rule: 'I1', session: this.jid.toString(), kind, seq, after };
    this.#core.logger.error(fields, 'a session diverged from its log');
  }

  failed(error: unknown): void {
    this.#core.logger.error({ session: this.jid.toString(), error: String(error) }, 'the log could not be read');
    this.close(new StreamError('internal-server-error'));
  }

  receive(element: Element): void {
    if (this.ended) return;
    this.lastActive = this.#core.clock.now();
    this.#inbound.push(element);
  }

  drained(): void {
    this.#goOn();
  }

  /** I8: the outbox can take more of what need not be sent at once. */
  get hasRoom(): boolean {
    const { outboxBytes } = this.#core.limits;
    return this.outbox.hasRoom && (outboxBytes === 0 || (this.cursor?.waitingBytes ?? 0) < outboxBytes / 2);
  }

  /** I8: waits until the outbox has room for more of the archive, over a resumption if need be. False: the session has ended. */
  async whenRoom(): Promise<boolean> {
    while (!this.ended && !this.hasRoom) await this.#nextChance();
    return !this.ended;
  }

  /** Waits until this connection takes more. False: it is not the session's connection any more. */
  async whenWritable(connection: Connection | undefined): Promise<boolean> {
    const isCurrent = (): boolean => this.connection === connection && !this.ended;
    while (isCurrent() && !this.outbox.isWritable) await this.#nextChance();
    return isCurrent();
  }

  /** Gives the client a stanza of the server's own, or a legacy delivery. */
  send(out: Outgoing): void {
    const isEarly = !this.imNg && (this.priority ?? -1) < 0;
    if (isEarly && out.seq !== undefined) this.#seen.add(out.seq, this.#core.limits.offlineMessages);
    const { outboxBytes } = this.#core.limits;
    const isSent = this.#backlog.take(out, outboxBytes) ?? this.#sendNow(out);
    if (!isSent) this.close(overflowError());
    else if (this.hibernating) this.#tellKept(out);
  }

  /** D5: from now on what comes live waits behind what is replayed, until `endReplay`. */
  beginReplay(): void {
    this.#backlog.hold();
  }

  replay(out: Outgoing): void {
    // D6, I7: the room's own copy for this session may be on its way still.
    if (out.seq !== undefined && out.element.child('x', NS.mucUser) !== undefined)
      this.#seen.add(out.seq, this.#core.limits.offlineMessages);
    if (!this.#sendNow(out)) this.close(overflowError());
  }

  endReplay(): void {
    for (const out of this.#backlog.release()) this.send(out);
  }

  /** What never went out, for whom it was meant (D3). */
  get unsent(): readonly Outgoing[] {
    return [...(this.cursor?.unsent ?? []), ...this.#backlog.unsent];
  }

  #sendNow(out: Outgoing): boolean {
    if (this.cursor !== undefined) return this.cursor.sendInTurn(out, this.#core.limits.outboxBytes);
    const isThere = this.connection !== undefined;
    const isSent = this.outbox.send(out);
    // D5: without stream management it counts as served when it is sent, and not when the client is gone already.
    if (out.seq !== undefined && this.outbox.sm === undefined && isThere) this.account.servedLegacy(out.seq);
    return isSent;
  }

  /** I7: before its presence a legacy session has been given this row, as a carbon say, which is left out of what is replayed then; or the other way round (D6). */
  hasHad(seq: number): boolean {
    return this.#seen.has(seq);
  }

  get underWay(): readonly number[] {
    return [...this.outbox.unconfirmed, ...this.#backlog.unsent].flatMap(({ seq }) => seq ?? []);
  }

  /** XEP-0198 §3. `resumable`: the client wants to come back. */
  enableStreamManagement(resumable: boolean): Element {
    const timeout = this.#core.limits.smResumeTimeout;
    const resume = resumable && timeout > 0;
    const sm = new StreamManagement(resume ? this.#core.registerResumable(this) : '');
    this.outbox.sm = sm;
    this.#resumeTimeout = timeout;
    if (!resume) return xml('enabled', { xmlns: NS.sm });
    return xml('enabled', { xmlns: NS.sm, id: sm.id, resume: 'true', max: timeout });
  }

  /** XEP-0198 §5: takes the session over to a new connection. Throws StreamError when `h` is impossible. Call the result after `<resumed/>`. */
  resume(connection: Connection, h: number): () => void {
    this.#acknowledge(h);
    this.#wake();
    this.#core.metrics.sessionsResumed.inc();
    const old = this.connection;
    this.outbox.detach();
    old?.close(new StreamError('conflict', 'The session has been resumed on another connection.'));
    this.#attach(connection);
    this.address = connection.address;
    this.secure = connection.secure;
    this.outbox.hold();
    this.clientActive = undefined;
    this.outbox.setActive(true); // XEP-0352 §5.2: the state is not kept over a resumption
    return () => {
      if (this.connection !== connection) return; // resumed once more meanwhile
      resendUnacknowledged(this, this.#core.log).then(
        () => {
          if (this.connection !== connection) return;
          this.outbox.release();
          this.outbox.requestSoon(); // what was sent again is to be acknowledged, before there is room for more
          this.#goOn();
          this.#core.hooks.sessionResumed(this);
        },
        (error: unknown) => {
          this.#core.logger.error({ session: this.jid.toString(), error: String(error) }, 'resumption failed');
          this.close(new StreamError('internal-server-error'));
        },
      );
    };
  }

  /** Asks for a sign of life: whatever comes next is one. */
  idle(): void {
    if (this.outbox.sm !== undefined) return void this.outbox.sendNonza(xml('r', { xmlns: NS.sm }));
    const send = (iq: Element): void => this.send(new Outgoing(iq));
    const { name } = this.account;
    this.asks.ask('get', name, this.jid.toString(), xml('ping', { xmlns: NS.ping }), send).catch(() => undefined);
  }

  disconnected(connection: Connection, clean: boolean): void {
    if (this.ended || connection !== this.connection) return;
    this.outbox.detach();
    this.#inbound.stream = undefined;
    const { sm } = this.outbox;
    if (clean || sm === undefined || sm.id === '') {
      // What the client sent before it left is still handled.
      void this.whenQuiet().then(() => this.end());
      return;
    }
    const whenQuiet = (): Promise<void> => this.whenQuiet();
    this.#hibernation.begin(this.#core.clock, this.#resumeTimeout, whenQuiet, () => this.end());
    this.#count();
    endSurplus(this.account.sessions, this.#core.limits.smLostSessions);
    for (const entry of sm.unacknowledged) if (typeof entry !== 'number') this.#tellKept(entry);
  }

  #tellKept({ element, seq }: Outgoing): void {
    const isRooms = element.name === 'message' && element.attrs['type'] === 'groupchat';
    if (isRooms && seq === undefined) this.#core.hooks.messageKept(this, element);
  }

  /** Resolves when all that has come from the client is done with. */
  async whenQuiet(): Promise<void> {
    await this.#inbound.whenEmpty();
    await this.progress.whenIdle();
  }

  /** Closes the connection; a session that may be resumed hibernates, any other ends. */
  close(error: StreamError): void {
    const { connection } = this;
    if (connection === undefined) return this.end();
    this.disconnected(connection, false);
    connection.close(error);
  }

  /** Ends the session for good, with a stream error for whoever is connected. */
  terminate(error: StreamError): void {
    const { connection } = this;
    this.end();
    connection?.close(error);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.outbox.detach();
    this.#wake();
    this.#inbound.stop();
    this.asks.end();
    this.#goOn();
    this.#count();
    this.#core.sessionEnded(this);
  }

  #wake(): void {
    if (!this.hibernating) return;
    this.#hibernation.stop();
    this.#count();
  }

  /** Keeps the gauges right: every session is counted once, as what it is now. */
  #count(): void {
    const kind = this.ended ? undefined : this.hibernating ? 'hibernated' : this.imNg ? 'im-ng' : 'legacy';
    if (kind === this.#counted) return;
    const { sessions } = this.#core.metrics;
    if (this.#counted !== undefined) sessions[this.#counted].dec();
    if (kind !== undefined) sessions[kind].inc();
    this.#counted = kind;
  }

  #attach(connection: Connection): void {
    this.outbox.connection = connection;
    this.#inbound.stream = connection;
  }

  /** One element of the client's, in its turn. */
  handle(element: Element): Promise<void> | undefined {
    if (this.ended) return undefined;
    if (element.ns === NS.client) return this.#inTurn(this.#core.handleStanza(this, element));
    if (element.ns === NS.sm) this.#handleStreamManagement(element);
    else this.#core.handleNonza(this, element);
    return undefined;
  }

  #inTurn(waiting: Promise<void> | undefined): Promise<void> | undefined {
    if (waiting !== undefined) return waiting.then(() => this.progress.whenRoom());
    return this.progress.isFull ? this.progress.whenRoom() : undefined;
  }

  #handleStreamManagement(element: Element): void {
    const { sm } = this.outbox;
    if (element.name === 'enable') {
      if (sm !== undefined) return void this.outbox.sendNonza(unexpectedRequest()); // XEP-0198 §3
      this.outbox.sendNonza(this.enableStreamManagement(isTrue(element.attrs['resume'])));
    } else if (element.name === 'r' && sm !== undefined) {
      this.progress.after(() => {
        if (!this.outbox.sendNonza(xml('a', { xmlns: NS.sm, h: sm.handled }))) this.close(overflowError());
      });
    } else if (element.name === 'a' && sm !== undefined) {
      const h = readCount(element);
      if (h === undefined) return this.terminate(new StreamError('bad-format', 'The h of <a/> is no number.'));
      try {
        this.#acknowledge(h);
      } catch (error) {
        this.terminate(error as StreamError);
      }
    } else if (element.name === 'resume') {
      this.outbox.sendNonza(unexpectedRequest());
    } else {
      this.terminate(new StreamError('unsupported-stanza-type'));
    }
  }

  #acknowledge(h: number): void {
    for (const entry of this.outbox.sm?.acknowledge(h) ?? []) {
      if (typeof entry === 'number') this.cursor?.ledger.acknowledge(entry);
      else if (entry.seq !== undefined) this.account.servedLegacy(entry.seq); // D5
    }
    this.outbox.requestSoon();
    this.#goOn();
  }

  /** Room for more, behind what waits for its turn already. */
  #nextChance(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** There may be room in the outbox again. */
  #goOn(): void {
    this.cursor?.advance();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}
