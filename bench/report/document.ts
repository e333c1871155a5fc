import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawComparison } from './chart.ts';
import { serversOf } from './comparison.ts';
import { printGoals } from './goals.ts';
import { printSetting, type Setting } from './machine.ts';
import { printProfile } from './profile.ts';
import { recall } from './records.ts';
import { printComparison } from './table.ts';

const DOCS = join(import.meta.dirname, '../../docs');

/** Writes docs/performance.md and its chart from what was kept of the last runs. */
export function writeDocument(): void {
  const peers = recall('peers');
  if (peers !== undefined) writeFileSync(join(DOCS, 'performance.svg'), drawComparison(peers));
  writeFileSync(join(DOCS, 'performance.md'), makeDocument());
}

/** The text of docs/performance.md. */
export function makeDocument(): string {
  return [INTRODUCTION, makePeers(), makeGoals(), makeProfile(), GUARD].filter((part) => part !== '').join('\n\n');
}

const INTRODUCTION = `<!-- Written by bench/report/document.ts from bench/records: change it there. -->
# Performance

What a message, a session and a login cost, beside other servers and beside what was aimed at. Everything here comes from commands of this
repository, which run on loopback, in temporary folders, and end what they start:

| command | what it measures | takes |
|---|---|---|
| \`npm run bench\` | Tutti, Prosody and ejabberd with PostgreSQL, one after the other, five times | 15 minutes |
| \`npm run bench -- --quick\` | the same, shorter, once | 3 minutes |
| \`npm run bench:goals\` | what Tutti is meant to reach | 20 to 30 minutes |
| \`npm run bench:profile\` | where the time of a message goes | half a minute |

\`--write\` puts the results here; \`--json FILE\` keeps every figure of the comparison. Ratios hold better than figures: the servers of a repetition ran
within minutes of each other, so a ratio is made within a repetition, and its range is over the repetitions.`;

function makePeers(): string {
  const peers = recall('peers');
  if (peers === undefined) return '';
  const versions = serversOf(peers).map(({ name, version }) => `${name} ${version}`);
  const { users, devices, window, idleSessions, fanOutDevices } = peers.size;
  return `## Beside other servers

![Tutti, Prosody and ejabberd: medians and ranges](performance.svg)

${printComparison(peers)}

Median and range of ${peers.rounds.length} repetitions; the ratio is above 1 where Tutti is better. ${printSetting(peers.setting)}. ${versions.join('; ')}.

${warnOf(peers.setting)}How it is measured:

- The peers are Debian's packages, with the archive of everybody on and without limits: the configurations stand in bench/servers. Prosody keeps
  its archive in files and syncs nothing to the disk; ejabberd uses a PostgreSQL 15 with its default settings, whose processes count as ejabberd's.
  Tutti runs as \`tutti serve\` does: with an fsync before anything is shown or acknowledged.
- ${users} users with ${devices} devices each, in pairs, over plain TCP. Devices of Tutti have IM-NG on, those of the peers Carbons. A message is done when
  it is at its receiver's first device. **Every copy is counted at every device, and every archive row in every archive**: a run in which one is missing
  or too many is not reported but fails. A message has 6 deliveries with Tutti, which shows it to the sending device as well, and 5 with the others.
- Closed loop: every user has ${window} messages under way. Latency: messages are sent at their times whatever the server does, and count from the time
  they were due to each copy's arrival, so a server that stalls cannot hide it; what the generator is late itself is part of it.
- CPU is user and system time of all the server's processes (from /proc). Memory is theirs as well, what is shared counted once: from a quarter of
  ${idleSessions} sessions to all of them, in a server that was started for that alone.
- A login is a stream, SCRAM-SHA-1, bind, IM-NG or Carbons, presence and a ping, with a roster of 20. Catch-up: a device of every account logs in at once
  and reads up to 1,000 messages. Fan-out: one account with ${fanOutDevices} devices. Start: until the port is open, with the database running.
- Generator and server share the two cores. The generator takes part of them, which costs the fastest server most.`;
}

/** What a load says about the figures that were taken under it. */
function warnOf({ loadBefore }: Setting): string {
  if (loadBefore <= 2) return '';
  return `**The machine was busy with other things** (a load of ${loadBefore} on two cores): what is measured on the clock (per second, milliseconds) is a share of
it rather than what the servers can do, and says little but who does more with it. CPU time, memory and bytes hold, though CPU time too is a little longer
where caches are shared.

`;
}

function makeGoals(): string {
  const goals = recall('goals');
  if (goals === undefined) return '';
  return `## Goals

${printGoals(goals)}

Bounds are those of the median. \`npm run bench:goals -- --only NAME\` measures one of them: messages (1), latency (2), memory (3), logins (4), archive (5),
fan-out (6), growth (7, and 8 with many rows), start (8). Rows for large archives are written straight into the log, by the log's own code; the number of rows stands in the table
(TUTTI_BENCH_ROWS, ten million by default). What is left to do where a goal is missed, and what was measured in calmer moments, is in
[bench/records](../bench/records/README.md).

What "the bytes alone on raw Node" are (goal 5) can be read in two ways, and both stand in the table. A server of raw Node that *forwards* as many messages of such bytes, reading each and
writing it to six connections as goal 1's are, joined with what else goes there in that turn of the event loop: that is the raw Node which the other goals were set by, and catching up is
within twice of it. Read strictly, a server that *has whole pages ready* and only writes them: that is out of reach for rows in SQLite, which alone needs longer to find them than
twice what that server takes to send them (docs/decisions/0024). Goal 8 is the program as npm installs it; a checkout, which has no build, is held to the same bound.`;
}

function makeProfile(): string {
  const profile = recall('profile');
  if (profile === undefined) return '';
  return `## Where the time of a message goes

${printProfile(profile)}

\`npm run bench:profile\`: ${profile.messages} messages of ${profile.deliveriesPerMessage} deliveries each, closed loop, V8's sampling profiler on all threads. A
sample counts for the innermost stage on its stack; system calls count where they are made. This is time on the clock of threads that run beside each
other: a thread that waits for the disk, or for its turn on a busy machine, goes on counting. The CPU time of the whole process was
${profile.cpuMicros.toFixed(1)} µs a message, the profiler's among it. ${printSetting(profile.setting)}.

What was found this way and changed, with figures before and after, is in [bench/records](../bench/records/README.md).`;
}

const GUARD = `## What keeps it so

Time is no test: machines differ, and are busy. bench/work.test.ts counts **work** instead, in \`npm test\`: how often a message is parsed and
serialized, how many commits, rows, worker messages and socket writes it takes; and that a page of an archive takes the same few of them however many rows
it has. A change that makes a message or a page cost more of any of them fails there, with the number. bench/smoke.test.ts runs the load generator against a real server for a few seconds, so that the commands above keep working.
`;
