import { type Element, JID, NS, parseXml } from '@tutti/xmpp';
import type { Problem } from '../world/problem.ts';
import type { Arrival } from './link.ts';
import type { RemoteWorld } from './world.ts';

/** A row of an account's archive. */
interface Archived {
  readonly id: string;
  readonly seq: number;
  readonly key: string;
  readonly stanza: Element;
  readonly outgoing: boolean;
  readonly isError: boolean;
}

/** Everything that can be said of a world when all has come to rest. */
interface Evidence {
  readonly world: RemoteWorld;
  readonly archives: ReadonlyMap<string, readonly Archived[]>;
  readonly arrivals: ReadonlyMap<string, readonly Arrival[]>;
  readonly report: (check: string, text: string) => void;
}

/** What is wrong with a world of other servers that has come to its end. */
export async function checkRemoteWorld(world: RemoteWorld): Promise<readonly Problem[]> {
  const problems: Problem[] = [...world.problems];
  const report = (check: string, text: string): void => void problems.push({ check, text });
  const archives = new Map(
    world.story.accounts.map((account) => [account, (world.state.accounts.get(account)?.rows ?? []).map(readRow)]),
  );
  const arrivals = Map.groupBy(
    [...world.links.values()].flatMap((link) => link.arrivals),
    ({ key }) => key,
  );
  const evidence = { world, archives, arrivals, report };
  checkLosses(evidence);
  checkErrors(evidence);
  checkOrder(evidence);
  checkDoubles(evidence);
  checkDevices(evidence);
  checkIncoming(evidence);
  if (world.state.parcels.size > 0) report('outbox', `${world.state.parcels.size} parcels are left`);
  const waiting = (await world.core.departures.list()).filter(({ messages }) => messages > 0);
  for (const { to, messages } of waiting) report('outbox', `${messages} messages for ${to} are still counted`);
  return problems;
}

/** S7: what was acknowledged to its sender is archived, and what is archived is delivered or answered. */
function checkLosses({ world, archives, arrivals, report }: Evidence): void {
  for (const device of world.devices.values()) {
    const rows = archives.get(device.jid.bare.toString()) ?? [];
    for (const { key, marked, acknowledged } of device.said) {
      if (marked) continue;
      const row = rows.find((one) => one.outgoing && one.key === key);
      // A3: who could not be archived is answered past the archive.
      if (row === undefined && acknowledged && !device.told.has(key))
        report('I3', `${key} was acknowledged and is not archived`);
      if (row === undefined) continue;
      // A3: an error that cannot be archived is told past the archive.
      const isAnswered = device.told.has(key) || rows.some((one) => one.isError && one.key === key);
      if (!arrivals.has(key) && !isAnswered)
        report('S7', `${key} is archived, was never delivered, and nobody was told`);
    }
  }
}

/** S7: one error for one message, in the archive; not for one that was delivered, unless nobody could know. */
function checkErrors({ world, archives, arrivals, report }: Evidence): void {
  for (const rows of archives.values()) {
    for (const [key, errors] of Map.groupBy(
      rows.filter(({ isError }) => isError),
      (row) => row.key,
    )) {
      if (errors.length > 1) report('S7', `${key} was answered with ${errors.length} errors`);
      const [arrival] = arrivals.get(key) ?? [];
      if (arrival === undefined) continue;
      const { troubles = [] } = world.links.get(domainOf(arrival.to)) ?? {};
      if (!troubles.some((at) => at >= arrival.at)) report('S7', `${key} was delivered, and answered with an error`);
    }
  }
}

/** RFC 6120 §10.1: of one pair of accounts everything arrives first in the order of the sender's archive. */
function checkOrder({ archives, arrivals, report }: Evidence): void {
  for (const [account, rows] of archives) {
    const sent = rows.filter(({ outgoing, key }) => outgoing && arrivals.has(key));
    for (const [to, pair] of Map.groupBy(sent, ({ stanza }) => JID.parse(stanza.attrs['to'] ?? '').bare.toString())) {
      const times = pair.map(({ key }) => arrivals.get(key)?.[0] as Arrival);
      const wrong = times.findIndex((arrival, index) => index > 0 && !isInOrder(times[index - 1] as Arrival, arrival));
      if (wrong > 0)
        report('order', `${account} to ${to}: ${times[wrong]?.key} arrived before ${times[wrong - 1]?.key}`);
    }
  }
}

function isInOrder(one: Arrival, other: Arrival): boolean {
  return one.at <= other.at;
}

/** docs/guarantees.md: a second copy says that it is late, and comes only where something was cut off after the first. */
function checkDoubles({ world, arrivals, report }: Evidence): void {
  for (const [key, copies] of arrivals) {
    const { troubles = [] } = world.links.get(domainOf(copies[0]?.to ?? '')) ?? {};
    copies.slice(1).forEach((copy, index) => {
      const before = copies[index] as Arrival;
      if (!copy.late) report('double', `${key} arrived again and does not say that it is late`);
      if (!troubles.some((at) => at >= before.at && at <= copy.at))
        report('double', `${key} arrived twice for no reason`);
    });
  }
}

/** I1 S7: who is there gets every row from its barrier on, errors among them. (Their order, and that they come once, is what the other worlds are for.) */
function checkDevices({ world, archives, report }: Evidence): void {
  for (const device of world.devices.values()) {
    if (!device.isThere || device.barrier === undefined) {
      report('devices', `${device.jid} is not there in the end`);
      continue;
    }
    const { barrier, shown } = device;
    const due = (archives.get(device.jid.bare.toString()) ?? []).filter(({ seq }) => seq > barrier);
    const missing = due
      .filter(({ id }) => !shown.includes(id))
      .map(({ key, isError }) => (isError ? `the error for ${key}` : key));
    if (missing.length > 0)
      report('I1', `${device.jid} lacks ${missing.length} of ${due.length} rows: ${missing.slice(0, 3).join(', ')}`);
  }
}

/** A3: what this server has taken from another one is archived; twice only when it came twice. */
function checkIncoming({ world, archives, report }: Evidence): void {
  for (const { key, to, done, again } of world.heard) {
    const rows = (archives.get(to) ?? []).filter((row) => row.key === key && !row.isError);
    // The answer that it could not be archived goes at most once, and may be lost with the link.
    const hadBadDisk = world.story.steps.some((step) => step.do === 'disk' && step.state === 'failing');
    if (done && rows.length === 0 && !hadBadDisk) report('A3', `${key} was acknowledged and is not archived`);
    if (!done) report('A3', `${key} was never done with`);
    if (rows.length > 1 + again) report('A1', `${key} is archived ${rows.length} times`);
  }
}

function readRow(row: { seq: number; id: string; stanza: Uint8Array; outgoing: boolean }): Archived {
  const stanza = parseXml(row.stanza, NS.client);
  const { seq, id, outgoing } = row;
  return { seq, id, outgoing, stanza, key: stanza.attrs['id'] ?? '', isError: stanza.attrs['type'] === 'error' };
}

function domainOf(to: string): string {
  return JID.parse(to).domain;
}
