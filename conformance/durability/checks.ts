import type { Member, Seen, Sent } from './member.ts';

/** The devices of one person. */
export interface Person {
  readonly jid: string;
  readonly members: readonly Member[];
}

/** How far the lists of each device were looked at before. */
export interface Mark {
  readonly timelines: ReadonlyMap<Member, number>;
  readonly sent: ReadonlyMap<Member, number>;
}

export function takeMark(people: readonly Person[]): Mark {
  const members = people.flatMap((person) => person.members);
  return {
    timelines: new Map(members.map((member) => [member, member.timeline.length])),
    sent: new Map(members.map((member) => [member, member.sent.length])),
  };
}

/** Compares a person's archive since the mark with what the devices have seen, sent and been promised; gives what is wrong. What was witnessed is all of this time. */
export function findFaults(person: Person, people: readonly Person[], archive: readonly Seen[], mark: Mark): string[] {
  const faults: string[] = [];
  const rows = new Map(archive.map((row) => [row.id, row]));
  const names = archive.map(({ name }) => name);
  for (const name of findDoubles(names)) faults.push(`${person.jid}: ${name} is in the archive twice`);
  for (const member of person.members) {
    const timeline = member.timeline.slice(mark.timelines.get(member) ?? 0);
    if (member.options.imNg) faults.push(...compareTimeline(member, timeline, archive));
    for (const { id, name, digest } of member.witnessed) {
      // I3: reflected or delivered => archived. I2: and the same.
      const row = rows.get(id);
      if (row === undefined) faults.push(`${member.options.name} was shown ${name}, which the archive does not have`);
      else if (row.digest !== digest) faults.push(`${member.options.name} was shown another ${name}`);
    }
  }
  const known = new Set(names);
  for (const member of people.flatMap((one) => one.members)) {
    const sent = member.sent.slice(mark.sent.get(member) ?? 0).filter((one) => concerns(person, member, one));
    for (const { name, acknowledged } of sent) {
      if (known.has(name)) continue;
      faults.push(`${person.jid}: ${name} is not in the archive${acknowledged ? ', and was acknowledged' : ''}`);
    }
    const order = names.filter((name) => name.startsWith(`${member.options.name}-`));
    const expected = sent.filter(({ name }) => known.has(name)).map(({ name }) => name);
    if (order.join(' ') !== expected.join(' ')) {
      faults.push(`${person.jid}: what ${member.options.name} sent is not in its order, or was there before`);
    }
  }
  return faults;
}

function compareTimeline(member: Member, timeline: readonly Seen[], archive: readonly Seen[]): string[] {
  const { name } = member.options;
  if (timeline.length !== archive.length) {
    return [`${name} has ${timeline.length} messages where the archive has ${archive.length}`];
  }
  const index = timeline.findIndex(({ id, digest }, at) => archive[at]?.id !== id || archive[at].digest !== digest);
  return index < 0 ? [] : [`${name} has ${timeline[index]?.name} where the archive has ${archive[index]?.name}`];
}

/** Is the message one of this person's archive: as sender or recipient? */
function concerns(person: Person, member: Member, sent: Sent): boolean {
  return person.members.includes(member) || sent.to === person.jid;
}

function findDoubles(names: readonly string[]): string[] {
  const known = new Set<string>();
  return names.filter((name) => known.size === known.add(name).size);
}
