import type { Write } from '../world/recorder.ts';
import type { World } from '../world/world.ts';
import { isTight } from '../story/story.ts';
import type { Report } from './check.ts';
import type { Ledger } from './ledger.ts';
import type { Tally } from './tally.ts';

/**
 * D1 to D6, S1 to S8, I2, I5, I6, I7: every session was given the copies that the reference says, in that form, no sooner than the commit (I3);
 * and its client has got what its session was given.
 */
export function checkCopies(world: World, ledger: Ledger, report: Report): void {
  const { recorder } = world;
  const given = new Map<string, Write[]>();
  for (const write of recorder.writes) {
    const { copy, session } = write;
    if (copy === undefined || copy.form === 'result' || copy.form === 'replay') continue;
    const slot = `${copy.key} ${session.number}`;
    const writes = given.get(slot) ?? [];
    writes.push(write);
    given.set(slot, writes);
    checkCopy(world, ledger, write, report);
  }
  for (const [slot, writes] of given) {
    const [key = '', number] = slot.split(' ');
    const tally = ledger.copies.get(key)?.get(Number(number));
    const max = tally?.max ?? 0;
    // What was given on an earlier connection may be given again after a resumption.
    const perConnection = [...Map.groupBy(writes, ({ connection }) => connection).values()].map(({ length }) => length);
    const fewest = Math.max(...perConnection);
    const { session, copy, element } = writes[0] as Write;
    if (fewest > max)
      report(
        tally?.check ?? nameMissing(ledger, key, session.barrier),
        `${session.jid} (${number}) was given ${key} ${fewest} times, not ${max}: ${copy?.form} ${element}`,
      );
  }
  for (const [key, tallies] of ledger.copies) {
    for (const [number, tally] of tallies) {
      const writes = given.get(`${key} ${number}`) ?? [];
      if (writes.length < tally.min && isDue(world, number, tally) && !wasReplayed(world, number, key, tally)) {
        const session = recorder.sessions[number - 1];
        report(
          tally.check,
          `${session?.jid} (${number}) was given ${key} ${writes.length} times, not ${tally.min}: ${[...tally.allowed.keys()].join(' or ')}`,
        );
      }
    }
  }
  checkReceptions(world, ledger, report);
}

/** One copy: its form, its bytes, its stanza-id. */
function checkCopy(world: World, ledger: Ledger, { copy, session, place, element }: Write, report: Report): void {
  if (copy === undefined) return;
  const who = `${session.jid} (${session.number})`;
  const tally = ledger.copies.get(copy.key)?.get(session.number);
  if (tally !== undefined && !tally.allowed.has(`${copy.form} ${copy.xml}`)) {
    report(
      'I2',
      `${who} was given ${copy.key} as ${copy.form} ${copy.xml}, not ${[...tally.allowed.keys()].join(' or ')}`,
    );
  }
  const { wrapper } = copy;
  if (wrapper !== undefined && (wrapper.attrs['to'] !== session.jid || wrapper.attrs['type'] !== copy.type)) {
    report('D2', `${who} was given a carbon that is addressed or typed wrongly: ${element}`);
  }
  const rows = world.state.accounts.get(session.account)?.rows ?? [];
  const archived = tally?.allowed.get(`${copy.form} ${copy.xml}`);
  if (copy.id === undefined) {
    if (archived === true) report('A5', `${who} was given ${copy.key} without its stanza-id: ${element}`);
    return;
  }
  const row = rows.find(({ id }) => id === copy.id);
  if (row === undefined)
    return report('I3', `${who} was given ${copy.key} with ${copy.id}, which is not in the archive`);
  const unit = world.recorder.units.find((one) =>
    one.rows.some(({ account }, i) => account === session.account && one.seqs[i] === row.seq),
  );
  const stored = unit?.rows.find(({ account }) => account === session.account);
  if (unit === undefined || stored?.key !== copy.key)
    return report('I2', `${who} was given ${copy.key} with the id of ${stored?.key}`);
  if ((unit.done ?? Infinity) > place) report('I3', `${who} was given ${copy.key} before it was committed`);
  if (session.barrier !== undefined && copy.form === 'direct' && row.seq > session.barrier && stored.xml !== copy.xml) {
    report('I2', `${who} was given ${copy.key} as ${copy.xml}, archived is ${stored.xml}`);
  }
}

/** I7, I1: exactly what a session was given has reached its client, if it was there to the end; never more. */
function checkReceptions(world: World, ledger: Ledger, report: Report): void {
  for (const device of world.devices.values()) {
    const counts = new Map<string, number>();
    for (const { session, copy } of device.received) {
      if (copy.form === 'result' || copy.form === 'replay') continue;
      const slot = `${copy.key} ${session}`;
      counts.set(slot, (counts.get(slot) ?? 0) + 1);
    }
    for (const [slot, count] of counts) {
      const [key = '', number] = slot.split(' ');
      const max = ledger.copies.get(key)?.get(Number(number))?.max ?? 0;
      if (count > max && max > 0) report('I7', `${device.jid} (${number}) has got ${key} ${count} times, not ${max}`);
    }
    const session = world.recorder.sessions[device.session - 1];
    if (session === undefined || session.endedAt !== undefined || !device.online) continue;
    for (const [key, tallies] of ledger.copies) {
      const min = tallies.get(session.number)?.min ?? 0;
      const count = counts.get(`${key} ${session.number}`) ?? 0;
      const tally = tallies.get(session.number);
      if (count < min && tally !== undefined && !wasReplayed(world, session.number, key, tally))
        report(
          session.barrier === undefined ? 'I7' : 'I1',
          `${device.jid} (${session.number}) has got ${key} ${count} times, not ${min}`,
        );
    }
  }
}

/** Whether a copy must have been written: to a session that is still there, or to one that had a connection at that moment. */
function isDue(world: World, number: number, { due }: Tally): boolean {
  const { recorder, story } = world;
  const session = recorder.sessions[number - 1];
  if (session === undefined) return false;
  if (session.endedAt === undefined)
    return world.devices.get(session.jid)?.session === number && world.devices.get(session.jid)?.online === true;
  // I8: it may be behind, or wait for what is replayed to it.
  if (isTight(story.settings)) return false;
  return (
    session.connections.some(({ from, to }) => from <= due && (to === undefined || to > due)) && session.boundAt <= due
  );
}

/** D6, I7: a room's copy for a session that was given the message as missed meanwhile does not come after that. */
function wasReplayed({ recorder }: World, number: number, key: string, { check }: Tally): boolean {
  return (
    check === 'I6' &&
    recorder.writes.some(
      ({ session, copy }) => session.number === number && copy?.form === 'replay' && copy.key === key,
    )
  );
}

/** The invariant that is broken by a copy that nobody expects. */
function nameMissing(ledger: Ledger, key: string, barrier: number | undefined): string {
  const instance = ledger.instances.find((one) => one.key === key);
  if (instance?.unit?.result === 'failed' || instance?.unit?.result === 'lost') return 'I3';
  if (instance?.expected.every((one) => one.class === 'one') === true) return 'I5';
  return barrier === undefined ? 'I7' : 'D1';
}
