import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import type { AccountFacts } from '../model/facts.ts';
import { keyOf } from '../model/message.ts';
import { bareOf, domainOf, type Expected, expect, type Given, isRoomPrivate, noticeForm } from '../model/reference.ts';
import { count, makeTally, type Tally } from './tally.ts';
import { Timing } from './timing.ts';
import type { Recorder, SessionRecord, Unit } from '../world/recorder.ts';

/** One message that the server got, and what became of it. */
export interface Instance {
  readonly stanza: Element;
  readonly key: string;
  readonly place: number;
  readonly end: number;
  readonly session: SessionRecord | undefined;
  readonly unit: Unit | undefined;
  /** It was handled for sure. */
  readonly certain: boolean;
  readonly expected: readonly Expected[];
  readonly repeats: boolean;
}

interface Arrival {
  readonly stanza: Element;
  readonly key: string;
  readonly place: number;
  readonly session: SessionRecord | undefined;
  readonly own: boolean;
  readonly certain: boolean;
  /** D6: the first of the room's copies. */
  readonly first?: Instance | undefined;
}

/** S8. */
const REPEAT_MS = 7 * 24 * 3_600_000;
/** Pairs of versions of the facts that are looked at, at most, the last ones; with more of them nothing is certain. */
const MANY = 2500;

/** What the reference makes of all that the server got: how many copies of which message are due where, and which rows. */
export class Ledger {
  readonly instances: Instance[] = [];
  /** By key and session. */
  readonly copies = new Map<string, Map<number, Tally>>();
  /** By key and account. */
  readonly rows = new Map<string, Map<string, Tally>>();
  readonly forwards = new Map<string, Tally>();
  /** D5: what legacy sessions wait for, by account and key: its forms in the archive. */
  readonly unread = new Map<string, Set<string>>();
  /** Those of them that may be no such message, depending on the moment. */
  readonly maybeRead = new Set<string>();
  readonly #recorder: Recorder;
  readonly #accounts: ReadonlySet<string>;
  readonly #policy: Given['policy'];
  /** Messages, and sessions' numbers, that a client knows to be handled. */
  readonly #acknowledged: ReadonlySet<string>;
  readonly #taken = new Set<Unit>();
  readonly #unitsByKey: ReadonlyMap<string, readonly Unit[]>;
  readonly #timing: Timing;
  readonly #roomFirsts = new Map<string, Instance>();

  constructor(
    recorder: Recorder,
    accounts: readonly string[],
    policy: Given['policy'],
    acknowledged: ReadonlySet<string>,
  ) {
    this.#recorder = recorder;
    this.#accounts = new Set(accounts);
    this.#policy = policy;
    this.#acknowledged = acknowledged;
    this.#unitsByKey = Map.groupBy(recorder.units, ({ key }) => key);
    this.#timing = new Timing(recorder);
    for (const { stanza, key, place, session } of recorder.receipts) {
      const roomKey = isRoomPrivate(stanza) ? `${key} ${bareOf(stanza.attrs['to'] ?? '')}` : undefined;
      const known = roomKey === undefined ? undefined : this.#roomFirsts.get(roomKey);
      // D6, A3: when the first one could not be archived, the next takes its part.
      const first = known?.unit?.result === 'failed' ? undefined : known;
      const instance = this.#arrive({ stanza, key, place, session, own: false, certain: true, first });
      if (roomKey !== undefined && first === undefined) this.#roomFirsts.set(roomKey, instance);
    }
  }

  #arrive(arrival: Arrival): Instance {
    const { stanza, key, place, session } = arrival;
    // What has not been begun when its session ends never is.
    const limit = this.#timing.calmAfter(place);
    const begun = Math.min(limit, session?.endedAt ?? Infinity);
    const unit = arrival.first === undefined ? this.#takeUnit(arrival, begun) : undefined;
    // S8, A8: where the same message is under way twice without a row, the last answer may be of either.
    const isTwice = unit === undefined && this.#timing.isSentTwice(key, place, limit);
    const answered =
      this.#timing.findWrite(key, place, limit, isTwice) ??
      this.#timing.findWrite(`${keyOf(stanza)}!`, place, limit, isTwice);
    const done = arrival.first === undefined ? (unit?.done ?? answered ?? limit) : this.#copied(arrival, arrival.first);
    // What happens in the same moment may be before or after.
    const end = Math.max(done, this.#recorder.placeAfter(done, 0) - 1);
    const evident =
      (unit !== undefined && unit.result !== 'lost') ||
      (answered !== undefined && answered <= begun) ||
      this.#acknowledged.has(`${key} ${session?.number}`);
    const { expected, isWhole } = this.#expect(arrival, end);
    const certain = arrival.certain && isWhole && (evident || !this.#timing.wasDisturbed(session, place, limit));
    const repeats = session !== undefined && !arrival.own && this.#isRepeated(arrival, unit);
    const instance: Instance = { stanza, key, place, end, session, unit, certain, expected, repeats };
    this.instances.push(instance);
    this.#enter(instance, arrival);
    return instance;
  }

  #enter(instance: Instance, arrival: Arrival): void {
    const { unit, session, certain, expected, end, key, stanza } = instance;
    const committing = arrival.first?.unit ?? unit;
    if (committing?.result === 'failed') {
      if (unit !== undefined) this.#enterFailure(instance);
      return;
    }
    if (instance.repeats) {
      // S8: the stored copy, to the repeating session only.
      if (session !== undefined && committing?.result === 'repeated') this.#enterRepeated(instance, session);
      return;
    }
    if (committing?.result === 'lost') return;
    this.#enterRows(instance);
    if (committing?.result === 'written') return;
    const sessions = new Set(expected.flatMap(({ copies }) => [...copies.keys()]));
    for (const number of sessions) {
      const found = expected.map(({ copies }) => copies.get(number));
      const tally = this.#tally(this.copies, key, number, this.#checkOf(instance, number), end);
      const account = this.#recorder.sessions[number - 1]?.account;
      const archived = (arrival.first?.expected ?? expected).map(({ rows }) =>
        rows.some((row) => row.account === account),
      );
      const forms = found.map((copy) => (copy === undefined ? undefined : `${copy.form} ${copy.xml}`));
      count(tally, forms, certain, archived);
    }
    const forwards = expected.map(({ forward }) => forward);
    if (forwards.some((forward) => forward !== undefined)) {
      const tally = this.forwards.get(key) ?? makeTally('S4', end);
      this.forwards.set(key, tally);
      count(tally, forwards, certain);
    }
    this.#enterErrors(instance, stanza);
    this.#enterReturned(instance);
  }

  #enterRows({ expected, key, end, certain }: Instance): void {
    for (const account of new Set(expected.flatMap(({ rows }) => rows.map((row) => row.account)))) {
      const found = expected.map(({ rows }) => rows.find((row) => row.account === account)?.xml);
      count(this.#tally(this.rows, key, account, 'A1', end), found, certain);
      const unread = expected.flatMap(({ rows }) => rows.filter((row) => row.account === account && row.unread));
      if (unread.length === 0) continue;
      const slot = `${account} ${key}`;
      this.unread.set(slot, new Set([...(this.unread.get(slot) ?? []), ...unread.map(({ xml: text }) => text)]));
      if (unread.length < expected.length || !certain) this.maybeRead.add(slot);
    }
  }

  /** S7: errors are messages of their own, at the moment when the message was refused. */
  #enterErrors(instance: Instance, stanza: Element): void {
    const errors = new Map(instance.expected.map(({ error }) => [error?.toString(NS.client), error]));
    const from = stanza.attrs['from'] ?? '';
    // Its rows tell which of the outcomes it was.
    const possible = instance.expected.filter(
      ({ rows }) => rows.length === (instance.unit?.rows.length ?? rows.length),
    );
    // Only one of them was made: that which is being archived is the first to look for its rows.
    const isTried = (error: Element | undefined): boolean => {
      const archived = error?.with({ to: bareOf(from) }).toString(NS.client);
      return (this.#unitsByKey.get(error === undefined ? '' : keyOf(error)) ?? []).some(({ rows }) =>
        rows.some(({ xml: text }) => text === archived),
      );
    };
    const [tried = [], others = []] = [true, false].map((is) =>
      [...errors.values()].filter((one) => isTried(one) === is),
    );
    for (const error of [...tried, ...others]) {
      if (error === undefined || possible.every((one) => one.error === undefined)) continue;
      const certain = instance.certain && errors.size === 1;
      if (this.#accounts.has(bareOf(from))) {
        // The error was made no later than what it answers was done with.
        const place = instance.unit?.done ?? instance.place;
        this.#arrive({ stanza: error, key: keyOf(error), place, session: undefined, own: true, certain });
      } else {
        const tally = this.forwards.get(keyOf(error)) ?? makeTally('S7', instance.end);
        this.forwards.set(keyOf(error), tally);
        count(tally, [error.toString(NS.client)], certain);
      }
    }
  }

  /** Class one: what a session never acknowledged, or was never sent, comes back when it ends; not when the whole server does. */
  #enterReturned({ key, expected, certain, place }: Instance): void {
    for (const { returned, copies } of expected) {
      const number = [...copies.keys()][0];
      const record = number === undefined ? undefined : this.#recorder.sessions[number - 1];
      if (returned === undefined || record?.endedAt === undefined || number === undefined) continue;
      if (record.endedAt < place || this.#recorder.crashes.includes(record.endedAt)) continue;
      // D3, I8: one that reads slowly may be sent nothing more before it ends.
      const isSent = this.#recorder.writes.some(
        (write) => write.session === record && write.copy?.key === key && write.place >= place,
      );
      if (record.counted === undefined && isSent) continue;
      // Where the client has acknowledged something it may have been this.
      const isKept = record.counted !== undefined && (record.countsAt ?? Infinity) < place;
      const sure = certain && expected.length === 1 && !record.acknowledged && isKept;
      this.#arrive({
        stanza: returned,
        key: keyOf(returned),
        place: record.endedAt,
        session: undefined,
        own: true,
        certain: sure,
      });
    }
  }

  #enterRepeated({ key, end, unit, certain }: Instance, session: SessionRecord): void {
    const there = this.instances.filter(({ unit }) => unit?.result === 'committed' || unit?.result === 'written');
    const rows = there.flatMap((one) => (one.key === key ? (one.unit?.rows ?? []) : []));
    const row = rows.find(({ account }) => account === session.account);
    // It may enable IM-NG, or end of what it is given, in the same moment.
    const found = this.#recorder.factsBetween(session.account, unit?.done ?? end, end).map(({ sessions }) => {
      const isThere = sessions.some((one) => one.session === session.number && one.imNg);
      return isThere && row !== undefined ? `direct ${row.xml}` : undefined;
    });
    const tally = this.#tally(this.copies, key, session.number, 'S8', end);
    count(
      tally,
      found,
      certain,
      found.map(() => true),
    );
  }

  /** A3: the commit failed: the sender is told, past the archive; when it was an error already, the session that waits for it gets it. */
  #enterFailure({ stanza, session, key, end, certain, unit }: Instance): void {
    const marker = xml('im-ng', { xmlns: NS.imNg });
    if (stanza.attrs['type'] === 'error') {
      const to = stanza.attrs['to'] ?? '';
      const facts = this.#recorder.factsBetween(bareOf(to), unit?.done ?? end, end).flatMap(({ sessions }) => sessions);
      const named = new Set(facts.filter(({ resource }) => resource === to.split('/')[1]).map((one) => one.session));
      const given = { stanza, sender: session === undefined ? undefined : { account: session.account } };
      const form = `direct ${parseXml(noticeForm(given), NS.client).append(marker).toString(NS.client)}`;
      for (const number of named)
        count(this.#tally(this.copies, key, number, 'A3', end), [form], certain && named.size === 1, [false]);
      return;
    }
    const { id, from, to } = stanza.attrs;
    const condition = xml('internal-server-error', { xmlns: NS.stanzas });
    const error = xml(
      'message',
      { id, to: from, from: to ?? bareOf(from ?? ''), type: 'error' },
      xml('error', { type: 'wait' }, condition),
      marker,
    );
    if (session !== undefined)
      count(
        this.#tally(this.copies, keyOf(error), session.number, 'A3', end),
        [`direct ${error.toString(NS.client)}`],
        certain,
        [false],
      );
    else
      count(
        this.forwards.get(keyOf(error)) ?? this.#newForward(keyOf(error), end),
        [error.toString(NS.client)],
        certain,
      );
  }

  #newForward(key: string, end: number): Tally {
    const tally = makeTally('A3', end);
    this.forwards.set(key, tally);
    return tally;
  }

  /** By all the facts that held while it was handled. */
  #expect(arrival: Arrival, end: number): { readonly expected: readonly Expected[]; readonly isWhole: boolean } {
    const { stanza, session, own, place } = arrival;
    const to = stanza.attrs['to'];
    const address = bareOf(to ?? session?.account ?? '');
    const destination = destinationOf(to, address);
    const senders = session === undefined ? [undefined] : this.#factsBetween(session.account, place, end);
    const isSelf = session?.account === address;
    const recipients = isSelf || !this.#accounts.has(address) ? [undefined] : this.#factsBetween(address, place, end);
    const expected: Expected[] = [];
    const fewest = Math.floor(Math.sqrt(MANY));
    const mostSenders = Math.max(fewest, Math.floor(MANY / recipients.length));
    const mostRecipients = Math.max(fewest, Math.floor(MANY / senders.length));
    for (const sender of senders.slice(-mostSenders)) {
      for (const recipient of recipients.slice(-mostRecipients)) {
        expected.push(
          expect({
            stanza,
            sender:
              sender === undefined || session === undefined ? undefined : { account: sender, session: session.number },
            destination,
            recipient: isSelf ? sender : recipient,
            own,
            laterCopy: arrival.first !== undefined,
            policy: this.#policy,
          }),
        );
      }
    }
    return { expected, isWhole: senders.length <= mostSenders && recipients.length <= mostRecipients };
  }

  /** What an account wants counts as of when a message is taken up, who is there as of when it is delivered: all that may meet. */
  #factsBetween(account: string, from: number, to: number): readonly AccountFacts[] {
    const versions = this.#recorder.factsBetween(account, from, to);
    const wishes = versions.filter(
      (one, index) => one.blocks !== versions[index - 1]?.blocks || one.unarchived !== versions[index - 1]?.unarchived,
    );
    if (wishes.length <= 1) return versions;
    return versions.flatMap(({ sessions }) => wishes.map((wish) => ({ ...wish, sessions })));
  }

  /** S8: a message with this origin-id and content is in the sender's archive already. */
  #isRepeated({ stanza, key, session }: Arrival, unit: Unit | undefined): boolean {
    // What is not archived for its sender (A8) can't be recognised.
    const isArchived = unit?.rows.some((row) => row.outgoing && row.account === session?.account) === true;
    if (session === undefined || unit === undefined || !isArchived || stanza.child('origin-id', NS.sid) === undefined)
      return false;
    return this.#recorder.units.some(({ rows, result, appended, now }) => {
      const isThere =
        (result === 'committed' || result === 'written') && appended < unit.appended && unit.now - now < REPEAT_MS;
      return isThere && rows.some((row) => row.key === key && row.outgoing && row.account === session.account);
    });
  }

  #takeUnit(arrival: Arrival, limit: number): Unit | undefined {
    const { key, place } = arrival;
    const units = this.#unitsByKey.get(key) ?? [];
    const unit = units.find((one) => !this.#taken.has(one) && one.appended >= place && one.appended <= limit);
    if (unit === undefined) return undefined;
    // What had no row when it came leaves the unit to the repetition that came before it was appended.
    const again = this.#recorder.receipts.find((receipt) => receipt.key === key && receipt.place > place);
    const isOfAnother = again !== undefined && again.place <= unit.appended;
    if (isOfAnother && this.#expect(arrival, place).expected.every(({ rows }) => rows.length === 0)) return undefined;
    this.#taken.add(unit);
    return unit;
  }

  /** D6: when a later copy was delivered. */
  #copied({ key, place, stanza }: Arrival, first: Instance): number {
    const limit = this.#timing.calmAfter(first.end);
    const to = stanza.attrs['to'];
    return (
      this.#recorder.writes.find((write) => write.copy?.key === key && write.session.jid === to && write.place >= place)
        ?.place ?? limit
    );
  }

  #checkOf({ expected, key, stanza }: Instance, session: number): string {
    if (isRoomPrivate(stanza)) return 'I6';
    if (expected.some((one) => one.class === 'one')) return 'I5';
    if (key.endsWith('!')) return 'S7';
    return this.#recorder.sessions[session - 1]?.barrier === undefined ? 'I7' : 'D1';
  }

  #tally<K>(ledger: Map<string, Map<K, Tally>>, key: string, who: K, check: string, due: number): Tally {
    const tallies = ledger.get(key) ?? new Map<K, Tally>();
    ledger.set(key, tallies);
    const tally = tallies.get(who) ?? makeTally(check, due);
    tallies.set(who, tally);
    tally.due = Math.max(tally.due, due);
    return tally;
  }
}

function destinationOf(to: string | undefined, address: string): Given['destination'] {
  const domain = domainOf(address);
  if (domain === 'localhost') return to === undefined || address.includes('@') ? 'account' : 'service';
  return domain === 'rooms.localhost' ? 'service' : 'remote';
}
