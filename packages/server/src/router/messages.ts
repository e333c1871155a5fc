import { type Element, JID, NS, StanzaError, xml } from '@tutti/xmpp';
import {
  carbonOf,
  isRoomPrivate,
  type Plan,
  type PlannedError,
  readMessage,
  type Side,
  withStanzaId,
  type World,
} from '@tutti/routing';
import { type Appended, type Extras, LogError, type Place } from '../log/log.ts';
import { countRule } from '../observe/metrics.ts';
import { Outgoing } from '../session/outgoing.ts';
import type { Session } from '../session/session.ts';
import type { Slot } from './departures.ts';
import { messageError } from './errors.ts';
import type { LocalAccount } from './local-account.ts';
import { MessageJob } from './message-job.ts';
import { type Copies, RoomCopies } from './room-copies.ts';
import type { Bounce, Done, RouterCore } from './router-core.ts';

const nothing: Done = () => {};

/** Of a message that leaves: its parcel, and its place in the outbox. */
interface Departure {
  readonly slot: Slot;
  readonly parcel: NonNullable<Extras['parcel']>;
}

/** Messages: route → plan → commit → deliver. docs/life-of-a-message.md follows one through these functions. */
export class MessageRouter {
  readonly #core: RouterCore;
  readonly #roomCopies: RoomCopies;

  constructor(core: RouterCore) {
    this.#core = core;
    this.#roomCopies = new RoomCopies(core.clock, core.digest);
  }

  /**
   * Routes a message. `origin` is set when a session of this server sends it; `from` is already checked, and stamped on the stanza.
   * A promise means that an account had to be loaded first: the next stanza of the same sender has to wait for it.
   * `own`: the server's own answer in the name of `from` (S7), which no block keeps from the sender (XEP-0191 §3.3).
   */
  route(origin: Session | undefined, stanza: Element, from: JID, done: Done, own = false): Promise<void> | undefined {
    return this.#route(origin, stanza, from, done, { own });
  }

  /** S7: a message that was kept for another domain is over: its sender is told, and the parcel ends with that. */
  return(stanza: Element, error: StanzaError, bounce: Bounce): void {
    const reply = messageError(stanza, error, undefined, false);
    const from = JID.parse(reply.attrs['from'] ?? '');
    this.#route(undefined, reply, from, nothing, { own: true, bounce })?.catch((failure: unknown) => {
      this.#core.logger.error({ error: String(failure) }, 'an error could not be routed');
      bounce.done(false);
    });
  }

  #route(
    origin: Session | undefined,
    stanza: Element,
    from: JID,
    done: Done,
    how: { readonly own: boolean; readonly bounce?: Bounce },
  ): Promise<void> | undefined {
    const to = stanza.attrs['to'] === undefined ? undefined : JID.tryParse(stanza.attrs['to']);
    if (to === undefined && stanza.attrs['to'] !== undefined) {
      this.#refuse(origin, stanza, from, new StanzaError('jid-malformed'), done);
      return undefined;
    }
    const address = to ?? from.bare; // C7
    const destination = this.#destinationOf(address);
    if (destination !== 'account') {
      this.#plan(origin, stanza, from, to, undefined, destination, done, how);
      return undefined;
    }
    const loaded = this.#core.accounts.get(address.bare.toString());
    if (loaded !== undefined) {
      this.#plan(origin, stanza, from, to, loaded, destination, done, how);
      return undefined;
    }
    return this.#core.accounts.load(address.bare).then(
      (recipient) => this.#plan(origin, stanza, from, to, recipient, destination, done, how),
      (error: unknown) => {
        this.#core.logger.error({ error: String(error) }, 'an account could not be loaded');
        how.bounce?.done(false);
        this.#refuse(origin, stanza, from, new StanzaError('internal-server-error', { type: 'wait' }), done);
      },
    );
  }

  #destinationOf(address: JID): World['destination'] {
    if (this.#core.isLocalDomain(address.domain)) return address.local === '' ? 'service' : 'account';
    return this.#core.services.has(address.domain) || this.#core.isComponent(address.domain) ? 'service' : 'remote';
  }

  #plan(
    origin: Session | undefined,
    stanza: Element,
    from: JID,
    to: JID | undefined,
    recipient: LocalAccount | undefined,
    destination: World['destination'],
    done: Done,
    how: { readonly own: boolean; readonly bounce?: Bounce },
  ): void {
    const message = readMessage(stanza, from, to);
    const start = (copies?: Copies): void => {
      const given = { stanza, from, message, origin, recipient, done, own: how.own, bounce: how.bounce };
      const job = new MessageJob(this.#core, given, destination, copies);
      countRule(this.#core.metrics, job.plan.rule);
      this.#commit(job);
    };
    // D6: a room speaks as a service or from another server; a session of this one is no room.
    const isRoom = origin === undefined && isRoomPrivate(message);
    if (recipient === undefined || to === undefined || !isRoom) return start();
    const first = this.#roomCopies.find(stanza, from, to);
    if (first === undefined) return start(this.#roomCopies.remember(stanza, from, to));
    first.resources.add(to.resource);
    if (first.outcome !== undefined) return start(first);
    // A3: a copy is shown to nobody before the first one is archived; when that fails, it takes its part.
    this.#afterCommits(recipient, () => {
      if (first.outcome !== undefined) start(first);
      else this.#plan(origin, stanza, from, to, recipient, destination, done, how);
    });
  }

  /** Calls back when everything that is under way to the log has arrived there, or failed. */
  #afterCommits(account: LocalAccount, then: () => void): void {
    account.uses += 1;
    this.#core.log.append([], () => {
      account.uses -= 1;
      then();
    });
  }

  /** A3: nothing is shown before this returns. A job without rows goes through the log as well when something of its sender or for its recipient is on the way there. */
  #commit(job: MessageJob): void {
    const { origin, recipient } = job;
    // RFC 6120 §10.1, also for what comes from outside. A room's copy (D6) has waited for its first.
    const isNext = (recipient?.uses ?? 0) === 0;
    const isFirst = origin === undefined ? job.isCopy || isNext : origin.progress.isFirst && isNext;
    if (job.plan.rows.length === 0 && isFirst) {
      this.#deliver(job, { places: [] }, undefined);
      return this.#endBounce(job, true);
    }
    const departure = this.#reserve(job);
    // Nothing of it is accepted, so nothing can be left half done: like a commit that fails (A3).
    if (departure instanceof StanzaError) return this.#refuse(origin, job.stanza, job.from, departure, job.done);
    const accounts = [origin?.account, recipient];
    for (const account of accounts) if (account !== undefined) account.uses += 1;
    const rows = job.rows();
    const bytes = rows.reduce((sum, { stanza }) => sum + stanza.length, 0);
    origin?.progress.carry(bytes);
    const finish = (result: Appended | LogError): void => {
      origin?.progress.carry(-bytes);
      for (const account of accounts) if (account !== undefined) account.uses -= 1;
      const isFailed = result instanceof LogError;
      if (isFailed || result.repeated !== undefined) departure?.slot.cancelled();
      if (isFailed) this.#failCommit(job, result);
      else this.#deliver(job, result, departure);
      this.#endBounce(job, !isFailed);
    };
    const release = job.bounce === undefined ? undefined : [job.bounce.id];
    this.#core.log.append(rows, finish, { parcel: departure?.parcel, release });
  }

  /** S7: with the row of the error its parcel is gone; without a row (A8) it goes now. */
  #endBounce({ bounce, plan }: MessageJob, isCommitted: boolean): void {
    if (bounce === undefined) return;
    if (isCommitted && plan.rows.length === 0) this.#core.log.release([bounce.id]);
    bounce.done(isCommitted);
  }

  /** S7: what its sender has in the archive leaves with a parcel of the same commit, so that it is delivered or answered whatever happens. */
  #reserve(job: MessageJob): Departure | StanzaError | undefined {
    const { message, plan } = job;
    const to = message.to?.domain ?? '';
    if (!plan.forward || plan.rows.length === 0 || this.#core.isLocalDomain(to)) return undefined;
    if (!this.#core.departures.leadsTo(to)) return undefined;
    const from = job.from.domain;
    const stanza = job.outgoingBytes();
    const slot = this.#core.departures.reserve(from, to, stanza.length);
    return slot instanceof StanzaError ? slot : { slot, parcel: { from, to, stanza } };
  }

  #deliver(job: MessageJob, result: Appended, departure: Departure | undefined): void {
    if (result.repeated !== undefined) {
      // S8: the stored copy, to the repeating session only; no legacy session has been served by this (D5).
      const { origin } = job;
      if (origin?.imNg === true) origin.send(new Outgoing(origin.account.present(result.repeated).element));
      this.#log(job, job.plan, 'S8');
      return job.done();
    }
    const plan = job.currentPlan();
    const ids = new Map<Side, Place>();
    plan.rows.forEach((row, index) => {
      const place = result.places[index];
      if (place === undefined) return;
      ids.set(row.side, place);
      const account = job.account(row.side);
      // A4, A5, D1, S1: the archived stanza to every IM-NG session, through its cursor.
      if (row.offline) account.oweLegacy(place.seq);
      account.show(new Outgoing(withStanzaId(job.archived(row.side), account.name, place.id), place.seq), place.seq);
    });
    if (job.copies !== undefined) {
      job.copies.outcome ??= { row: ids.get('recipient') };
      // A5: a copy is the same message: for whom gets it, it has the id of the one row.
      if (job.isCopy && job.copies.outcome.row !== undefined) ids.set('recipient', job.copies.outcome.row);
    }
    this.#deliverOthers(job, plan, ids);
    this.#tellArchived(job, ids);
    this.#log(job, plan, plan.rule);
    if (plan.error !== undefined) return this.#answer(job, stanzaErrorOf(plan.error), plan.error.marked);
    if (plan.forward) return this.#forward(job, departure, result.parcel);
    job.done();
  }

  #tellArchived(job: MessageJob, ids: ReadonlyMap<Side, Place>): void {
    const { from, message, plan } = job;
    for (const { side, transient } of plan.rows) {
      const place = ids.get(side);
      if (place === undefined) continue;
      const outgoing = side === 'sender';
      const peer = outgoing ? (message.to ?? from.bare) : from;
      const { seq, id } = place;
      this.#core.archived(job.account(side), { seq, id, stanza: job.archived(side), peer, outgoing, transient });
    }
  }

  /** All but the rows that IM-NG sessions get through their cursors. */
  #deliverOthers(job: MessageJob, plan: Plan, ids: ReadonlyMap<Side, Place>): void {
    const copies = new Map<string, Outgoing>();
    for (const { side, resource, form } of plan.deliveries) {
      const place = ids.get(side);
      if (form === 'archived' && place !== undefined) continue;
      const account = job.account(side);
      const session = account.session(resource);
      if (session === undefined) continue;
      if (job.isCopy && place !== undefined && session.hasHad(place.seq)) continue; // I7
      const key = `${side} ${form}`;
      let out = copies.get(key);
      if (out === undefined) {
        const own = form === 'archived' ? job.archived(side) : job.asSent(side);
        // D5: what the account receives is served to legacy sessions by this; S6: also where it is sender and recipient in one.
        const isReceived = side === 'recipient' || plan.rows.some((row) => row.side === side && row.offline);
        const shown = place === undefined ? own : withStanzaId(own, account.name, place.id);
        out = new Outgoing(shown, isReceived ? place?.seq : undefined);
        copies.set(key, out);
      }
      const isCarbon = form === 'sent' || form === 'received';
      session.send(
        isCarbon ? new Outgoing(carbonOf(form, out.element, account.name, session.jid.toString()), out.seq) : out,
      );
    }
  }

  #forward(job: MessageJob, departure: Departure | undefined, parcel: Appended['parcel']): void {
    if (departure !== undefined && parcel !== undefined) {
      departure.slot.committed(parcel, job.stanza);
      return job.done();
    }
    const to = job.message.to as JID;
    const service = this.#core.services.get(to.domain);
    if (service !== undefined) {
      const waiting = service(job.stanza, job.from);
      if (waiting === undefined) job.done();
      else void waiting.then(job.done);
      return;
    }
    // RFC 6121 §8.5: nobody reads messages to the server itself.
    if (this.#core.isLocalDomain(to.domain)) return this.#answer(job, new StanzaError('service-unavailable'));
    if (!this.#core.departures.leadsTo(to.domain)) return this.#answer(job, new StanzaError('remote-server-not-found'));
    this.#core.departures.send(job.stanza, job.from, to, (error) => {
      if (error !== undefined) this.#answer(job, error, undefined, nothing);
    });
    job.done();
  }

  /** S7: an error is a message of its own, with its own class; the stanza that it answers is done with when the error is. */
  #answer(job: MessageJob, error: StanzaError, marked = job.plan.rule === 'C3', done = job.done): void {
    const { stanza, from, message, origin } = job;
    if (message.type === 'error') return done(); // RFC 6120 §8.3.1
    const reply = messageError(stanza, error, origin?.account.jid, marked);
    const sender = message.to ?? from.bare;
    const waiting = this.#core.isLocalDomain(from.domain)
      ? this.route(undefined, reply, sender, done, true)
      : this.#forwardError(reply, from, done);
    waiting?.catch((failure: unknown) =>
      this.#core.logger.error({ error: String(failure) }, 'an error could not be routed'),
    );
  }

  #forwardError(reply: Element, to: JID, done: Done): undefined {
    const service = this.#core.services.get(to.domain);
    const from = JID.tryParse(reply.attrs['from'] ?? '');
    if (service !== undefined && from !== undefined) void service(reply, from);
    else if (from !== undefined) this.#core.departures.send(reply, from, to);
    done();
    return undefined;
  }

  /** A3: the commit failed: nobody gets it, and the sender is told. */
  #failCommit(job: MessageJob, cause: LogError): void {
    this.#core.logger.error({ rule: 'A3', error: cause.message }, 'a message could not be archived');
    if (job.bounce !== undefined) return job.done(); // its parcel is still there, and is told of again
    const { stanza, from, message } = job;
    if (job.copies !== undefined && message.to !== undefined) this.#roomCopies.forget(stanza, from, message.to);
    if (message.type === 'error' && job.recipient !== undefined && message.to !== undefined) {
      // The notice of another failure: at least the session that waits for it gets it.
      const session = job.recipient.session(message.to.resource);
      session?.send(new Outgoing(job.asSent('recipient').append(xml('im-ng', { xmlns: NS.imNg }))));
      return job.done();
    }
    this.#refuse(job.origin, stanza, from, new StanzaError('internal-server-error', { type: 'wait' }), job.done);
  }

  /** Answers the sender alone, past the archive: with the marker, because the error is for one session (A1, D3). */
  #refuse(origin: Session | undefined, stanza: Element, from: JID, error: StanzaError, done: Done): void {
    if (stanza.attrs['type'] === 'error') return done();
    const reply = messageError(stanza, error, origin?.account.jid, true);
    if (origin !== undefined) origin.send(new Outgoing(reply));
    else if (!this.#core.isLocalDomain(from.domain)) this.#forwardError(reply, from, () => {});
    done();
  }

  #log(job: MessageJob, plan: Plan, rule: string): void {
    const fields = {
      rule,
      class: plan.class,
      account: (job.recipient ?? job.origin?.account)?.name,
      session: job.origin?.jid.toString(),
      connection: job.origin?.connection?.id,
    };
    this.#core.logger.debug(fields, 'message routed');
  }
}

/** The error that a plan answers with; XEP-0191 §3.3 has a condition of its own beside `<not-acceptable/>`. */
function stanzaErrorOf({ condition }: PlannedError): StanzaError {
  if (condition !== 'not-acceptable') return new StanzaError(condition);
  return new StanzaError(condition, { type: 'cancel', extra: xml('blocked', { xmlns: NS.blockingErrors }) });
}
