import type { SessionRecord, Write } from '../world/recorder.ts';
import type { World } from '../world/world.ts';
import type { Report } from './check.ts';
import type { Ledger } from './ledger.ts';

/** A row that a legacy session was given. */
interface Served {
  readonly seq: number;
  readonly write: Write;
}

/** How long, in ms, the legacy cursor may wait for a commit; a crash loses what waits. */
const CURSOR_DELAY = 2500;

/**
 * D5: a legacy session that comes is given what no legacy session has had: to whom it is due, as archived, once, and all of it. I7: no session has
 * a message twice, live or replayed.
 */
export function checkReplays(world: World, ledger: Ledger, report: Report): void {
  const { recorder, story } = world;
  const served = new Map<string, Served[]>(story.accounts.map((account) => [account, []]));
  for (const write of recorder.writes) {
    const { copy, session, place } = write;
    if (copy?.id === undefined || copy.form === 'result') continue;
    const rows = world.state.accounts.get(session.account)?.rows ?? [];
    const row = rows.find(({ id }) => id === copy.id);
    if (row === undefined) continue;
    if (copy.form !== 'replay' && isImNg(world, session, place) && !isFromBefore(ledger, write, row.seq)) continue;
    if (copy.form === 'replay') {
      checkReplay(world, ledger, write, row.seq, report);
      checkOnce(world, served.get(session.account) ?? [], write, row.seq, report);
    } else checkNotReplayed(served.get(session.account) ?? [], write, row.seq, report);
    served.get(session.account)?.push({ seq: row.seq, write });
  }
  for (const [account, list] of served) checkComplete(world, ledger, account, list, report);
}

function isImNg(world: World, session: SessionRecord, place: number): boolean {
  const facts = world.recorder.factsBetween(session.account, place, place).flatMap(({ sessions }) => sessions);
  return facts.some((one) => one.session === session.number && one.imNg);
}

/** From before the session enabled IM-NG, sent again after a resumption; a repetition's stored copy (S8) serves nobody else. */
function isFromBefore(ledger: Ledger, { copy, session }: Write, seq: number): boolean {
  const isRepeated = ledger.instances.some((one) => one.repeats && one.key === copy?.key && one.session === session);
  return seq <= (session.barrier ?? 0) && !isRepeated;
}

/** A message that has to wait for legacy clients, as archived, to a session that doesn't read the archive itself. */
function checkReplay(world: World, ledger: Ledger, { copy, session, place }: Write, seq: number, report: Report): void {
  const who = `${session.jid} (${session.number})`;
  const row = ledger.unread.get(`${session.account} ${copy?.key}`);
  if (row === undefined) report('D5', `${who} was given ${copy?.key} as missed, which nobody waits for`);
  else if (!row.has(copy?.xml ?? ''))
    report('I2', `${who} was given ${copy?.key} as missed as ${copy?.xml}, archived is ${[...row].join(' or ')}`);
  if (session.enabledAt !== undefined && session.enabledAt < (session.takesAt ?? Infinity)) {
    report('D5', `${who} had IM-NG and was given ${copy?.key} as missed`);
  }
  if (session.queriedAt !== undefined && session.takesAt !== undefined && session.queriedAt < session.takesAt) {
    report('D5', `${who} has read its archive and was given ${copy?.key} as missed`);
  }
  if (seq > (world.recorder.heads.get(session.account) ?? 0))
    report('I3', `${who} was given row ${seq} as missed at ${place}`);
}

/** Nobody has had it: neither this session nor, for sure, another one. */
function checkOnce(
  { recorder }: World,
  served: readonly Served[],
  { copy, session, connection, place }: Write,
  seq: number,
  report: Report,
): void {
  for (const { seq: other, write } of served) {
    if (other !== seq) continue;
    const isSame = write.session === session;
    // Resumed: what was not acknowledged comes again.
    if (isSame && write.connection !== connection) continue;
    if (isSame) report('I7', `${session.jid} (${session.number}) was given ${copy?.key} as missed, which it had`);
    // With stream management it counts as served when it is acknowledged; a carbon of what the account sent never does.
    const isSure = write.session.counted === undefined && write.copy?.form !== 'sent' && isTaken(recorder, write);
    const [before, now] = [recorder.times[write.place] ?? 0, recorder.times[place] ?? 0];
    const lost = recorder.crashes.some(
      (crash) => crash > write.place && crash < place && mayBeLost(recorder, before, recorder.times[crash] ?? 0),
    );
    if (!isSame && isSure && !lost) {
      report(
        'D5',
        `${session.jid} (${session.number}) was given ${copy?.key} as missed at ${now} ms, which ${write.session.jid} (${write.session.number}) had at ${before} ms`,
      );
    }
  }
}

/** I7: what a session was given as missed does not come live after that, nor does a room's copy of it to itself (D6). */
function checkNotReplayed(
  served: readonly Served[],
  { copy, session, connection }: Write,
  seq: number,
  report: Report,
): void {
  const isReplayed = served.some(
    ({ seq: other, write }) =>
      other === seq && write.copy?.form === 'replay' && write.session === session && write.connection === connection,
  );
  if (isReplayed)
    report('I7', `${session.jid} (${session.number}) was given ${copy?.key}, which it had been given as missed`);
}

/** It reached a legacy session while one was there that takes messages: others only have a message of their own now and then. */
function isTaken(recorder: World['recorder'], { session, place }: Write): boolean {
  const facts = recorder.factsBetween(session.account, place, place).flatMap(({ sessions }) => sessions);
  const isLegacy = facts.some((one) => one.session === session.number && !one.imNg);
  return isLegacy && facts.some(({ imNg, priority }) => !imNg && priority !== undefined && priority >= 0);
}

/** The cursor's way to the disk takes a moment, or a good disk. */
function mayBeLost({ badDisk }: World['recorder'], from: number, crash: number): boolean {
  return crash - from < CURSOR_DELAY || badDisk.some((bad) => bad.from <= crash && bad.to >= from);
}

/** All that has been archived behind the last row that a legacy session was given, when the first session comes that takes messages. */
function checkComplete(world: World, ledger: Ledger, account: string, served: readonly Served[], report: Report): void {
  const { recorder } = world;
  const rows = world.state.accounts.get(account)?.rows ?? [];
  for (const session of recorder.sessions) {
    const { takesAt } = session;
    if (session.account !== account || takesAt === undefined || session.isInline || session.endedAt !== undefined)
      continue;
    if (world.devices.get(session.jid)?.session !== session.number) continue;
    if ((session.queriedAt !== undefined && session.queriedAt < takesAt) || session.barrier !== undefined) continue;
    const others = recorder.factsBetween(account, takesAt, takesAt).flatMap(({ sessions }) => sessions);
    if (
      others.some(
        (one) => one.session !== session.number && !one.imNg && one.priority !== undefined && one.priority >= 0,
      )
    )
      continue;
    const before = Math.max(0, ...served.filter(({ write }) => write.place < takesAt).map(({ seq }) => seq));
    const head = recorder.units.reduce(
      (max, unit) => (unit.done !== undefined && unit.done < takesAt ? Math.max(max, seqIn(unit, account)) : max),
      0,
    );
    const after = new Set(served.filter(({ write }) => write.place >= takesAt).map(({ seq }) => seq));
    for (const row of rows) {
      const unit = recorder.units.find((one) => seqIn(one, account) === row.seq);
      const isUnread =
        unit !== undefined &&
        ledger.unread.has(`${account} ${unit.key}`) &&
        !ledger.maybeRead.has(`${account} ${unit.key}`);
      if (row.seq > before && row.seq <= head && isUnread && !after.has(row.seq)) {
        report('D5', `${session.jid} (${session.number}) was not given ${unit.key}, which nobody has had`);
      }
    }
  }
}

function seqIn(
  unit: { readonly rows: readonly { readonly account: string }[]; readonly seqs: readonly number[] },
  account: string,
): number {
  return Math.max(0, ...unit.rows.map((row, index) => (row.account === account ? (unit.seqs[index] ?? 0) : 0)));
}
