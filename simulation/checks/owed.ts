import { type Element, NS } from '@tutti/xmpp';
import { isRoomPrivate } from '../model/reference.ts';
import type { SessionRecord, Unit, Write } from '../world/recorder.ts';
import type { World } from '../world/world.ts';
import type { Report } from './check.ts';
import type { Ledger } from './ledger.ts';

/**
 * D5: in the end, when a legacy session is there that takes messages, nothing is left that no legacy client has had: what was given to a session
 * that ended without having acknowledged it, and what nobody was there for, has come to another. Not where a legacy session reads the archive
 * itself: what came before it is its own affair.
 */
export function checkOwed(world: World, ledger: Ledger, report: Report): void {
  const { recorder, story } = world;
  const had = findHad(world);
  for (const account of story.accounts) {
    const sessions = recorder.sessions.filter((session) => session.account === account);
    const taker = sessions.find((session) => isThere(world, session));
    if (taker === undefined || sessions.some(isReader)) continue;
    for (const { seq, id } of world.state.accounts.get(account)?.rows ?? []) {
      const unit = recorder.units.find((one) => isOf(one, account, seq));
      const slot = `${account} ${unit?.key}`;
      // D2, D6: what is addressed to somebody else, and no chat or a room's, is for nobody who is there.
      if (ledger.instances.some((one) => one.unit === unit && isForAbsent(one.stanza))) continue;
      if (unit === undefined || !ledger.unread.has(slot) || ledger.maybeRead.has(slot) || had.has(id)) continue;
      report('D5', `no legacy client of ${account} has had ${unit.key} (row ${seq}), and ${taker.jid} is there`);
    }
  }
}

/** The ids of the rows that legacy clients have: written, and acknowledged where there are acknowledgements, or the session is there still. */
function findHad(world: World): ReadonlySet<string> {
  const had = new Set<string>();
  for (const [session, writes] of Map.groupBy(world.recorder.writes, (write) => write.session)) {
    const acknowledged = session.connections.reduce((max, { h }) => Math.max(max, h), 0);
    for (const [write, number] of numberWrites(session, writes)) {
      const { copy, place } = write;
      if (copy?.id === undefined || copy.form === 'result') continue;
      if (session.enabledAt !== undefined && session.enabledAt < place && number === undefined) continue;
      if (number === undefined || number < acknowledged || session.endedAt === undefined) had.add(copy.id);
    }
  }
  return had;
}

/** XEP-0198: the stanzas that a session was written, from 0 on since the counting began; those of a resumption begin where its client has counted to. */
function* numberWrites(session: SessionRecord, writes: readonly Write[]): Generator<[Write, number | undefined]> {
  let number: number | undefined;
  let connection = 1;
  for (const write of writes) {
    const { element } = write;
    if (write.connection !== connection) {
      connection = write.connection;
      number = session.connections[connection - 1]?.resumedAt;
    }
    if (element.is('enabled', NS.sm) || element.child('enabled', NS.sm) !== undefined) number ??= 0;
    if (element.ns !== NS.client) continue;
    yield [write, number];
    if (number !== undefined) number += 1;
  }
}

/** At the end of the world it is a legacy session that takes messages, and does not read the archive itself. */
function isThere({ recorder, devices }: World, session: SessionRecord): boolean {
  const { number, account, jid, endedAt, barrier } = session;
  const device = devices.get(jid);
  if (endedAt !== undefined || barrier !== undefined || device?.session !== number || !device.online) return false;
  const end = recorder.times.length - 1;
  const facts = recorder.factsBetween(account, end, end).flatMap(({ sessions }) => sessions);
  return facts.some((one) => one.session === number && one.priority !== undefined && one.priority >= 0);
}

/** It has taken messages as a legacy session, and reads the archive itself. */
function isReader({ takesAt, enabledAt, queriedAt, isInline }: SessionRecord): boolean {
  const isLegacy = takesAt !== undefined && (enabledAt === undefined || enabledAt > takesAt);
  return isLegacy && (isInline || (queriedAt !== undefined && queriedAt < (enabledAt ?? Infinity)));
}

function isForAbsent(stanza: Element): boolean {
  return stanza.attrs['to']?.includes('/') === true && (stanza.attrs['type'] !== 'chat' || isRoomPrivate(stanza));
}

function isOf({ rows, seqs }: Unit, account: string, seq: number): boolean {
  return rows.some((row, index) => row.account === account && seqs[index] === seq);
}
