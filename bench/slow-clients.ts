// Slow and dead clients (I8): `npm run slow-clients`.
import { writeFileSync } from 'node:fs';
import { NS, xml } from '@tutti/xmpp';
import { parseArguments, readCount } from '../scripts/arguments.ts';
import { Curve, drawCurve } from './rig/curve.ts';
import { inParallel, Link } from './rig/link.ts';
import { type RunningServer, spawnServer } from './rig/server.ts';
import { percentile, Receiver, sendStream, sleep } from './rig/stream-of-messages.ts';

const HELP = `Usage: npm run slow-clients -- [options]

First one account, two of whose three devices stop reading while messages flow; then many devices that all stop. Tells latency, memory and
what waits for whom. The exit code is 1 when a bound does not hold, or a message was lost, doubled or out of order.

  --messages N     messages of the first part (default 20000; 0 leaves it out)
  --rate N         a second (default 1000)
  --devices N      devices of the second part (default 2000)
  --per-account N  how many of them share an account (default 50; 1: each has its own)
  --flood N        messages to each account (default 3000)
  --bytes N        size of a message (default 1024)
  --outbox N       limits.outbox_bytes (default 262144)
  --svg FILE       where the curve of memory goes (default docs/slow-clients.svg)
`;

const { values } = parseArguments(HELP, {
  options: {
    devices: { type: 'string', default: '2000' },
    messages: { type: 'string', default: '20000' },
    rate: { type: 'string', default: '1000' },
    flood: { type: 'string', default: '3000' },
    'per-account': { type: 'string', default: '50' },
    bytes: { type: 'string', default: '1024' },
    outbox: { type: 'string', default: '262144' },
    svg: { type: 'string', default: 'docs/slow-clients.svg' },
  },
});
const MESSAGES = readCount('messages', values.messages);
const DEVICES = readCount('devices', values.devices);
const RATE = readCount('rate', values.rate, 1);
const FLOOD = readCount('flood', values.flood, 1);
const BYTES = readCount('bytes', values.bytes, 64);
/** `limits.outbox_bytes`. */
const BOUND = readCount('outbox', values.outbox, 1);
/** Devices of one account share the bytes that wait for them; at most `limits.sessions_per_account`. */
const PER_ACCOUNT = readCount('per-account', values['per-account'], 1);

// The load comes from one address and one session per sender: those limits are not what is measured here.
const server = await spawnServer([
  `limits.outbox_bytes=${BOUND}`,
  'auth.scram_iterations=4096',
  'limits.stanzas_per_second=0',
  'limits.bytes_per_second=0',
  'limits.connections_per_address=0',
  'limits.auth_failures_per_minute=0', // logins of one account at the same time count as failed while they last
]);
const curve = new Curve(() => server.rss());
try {
  if (MESSAGES > 0) await measureOne(server);
  if (DEVICES > 0) await measureMany(server);
  check(server.alive, 'the server runs');
  check(server.problems.length === 0, 'its log has no errors');
  check((await server.metric('tutti_divergence_total')) === 0, 'tutti_divergence_total is 0');
} finally {
  curve.stop();
  await server.stop();
}
writeFileSync(
  values.svg,
  drawCurve(curve, `Resident memory of the server, ${MESSAGES} messages, ${DEVICES} slow devices`),
);

/** One device stops reading while messages flow to its account. */
async function measureOne(server: RunningServer): Promise<void> {
  const [alice, bob] = [await server.account('alice'), await server.account('bob')];
  const sender = await Link.open(server.address(), alice);
  const fast = await Link.open(server.address(), bob, 'fast');
  await fast.enableImNg();
  const reader = new Receiver(fast);
  let sent = 0;
  const run = async (count: number): Promise<number[]> => {
    reader.latencies = [];
    await sendStream(sender, bob.jid, { first: sent, count, bytes: BYTES, perSecond: RATE });
    sent += count;
    await reader.has(sent);
    return reader.latencies;
  };
  const slow = await Promise.all(['reads-again', 'comes-back'].map((name) => Link.open(server.address(), bob, name)));
  const [again, back] = slow as [Link, Link];
  const catchers = slow.map((link) => new Receiver(link));
  for (const link of slow) await link.enableImNg();
  await back.enableSm();
  await run(MESSAGES / 10); // warm
  curve.mark(`${MESSAGES / 2} messages of 1 KB to an account, ${RATE} a second; all three of its devices read`);
  const before = await run(MESSAGES / 2);
  for (const link of slow) link.wire.pause();
  curve.mark(`${MESSAGES} more, two of the devices have stopped reading`);
  const during = await run(MESSAGES);
  const reports = (await server.sessions(bob.jid)).filter(({ jid }) => slow.some((link) => link.jid === jid));
  for (const { jid, buffered, log } of reports) {
    console.log(`${jid}: ${buffered} bytes wait in memory, it lacks ${log?.lag} of ${log?.head} rows`);
    check(buffered <= BOUND + 2 * BYTES, `at most ${BOUND} bytes wait for it, and the stanza that passed the bound`);
  }
  curve.mark('one of the two reads again, the other connects again and resumes');
  const begin = performance.now();
  again.wire.resume();
  await back.resume();
  await Promise.all(catchers.map((catcher) => catcher.has(sent)));
  console.log(`both have all ${sent} after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  check(
    catchers.every(({ wrong }) => wrong.length === 0),
    'each got every message once and in order',
  );
  curve.mark(`${MESSAGES / 2} more, all three read`);
  const baseline = [...before, ...(await run(MESSAGES / 2))];
  check(reader.wrong.length === 0, 'the device that reads got every message once and in order');
  for (const [name, part] of [
    ['median', 0.5],
    ['p99', 0.99],
  ] as const) {
    const [without, beside] = [percentile(baseline, part), percentile(during, part)];
    const ratio = (beside / without).toFixed(2);
    console.log(
      `latency of the third, ${name}: ${without.toFixed(2)} ms while all read, ${beside.toFixed(2)} ms while two do not: ratio ${ratio}`,
    );
  }
  for (const link of [sender, fast, ...slow]) await link.close();
}

/** Thousands of devices that all stop reading. */
async function measureMany(server: RunningServer): Promise<void> {
  const accounts = await inParallel(Math.ceil(DEVICES / PER_ACCOUNT), 4, (index) => server.account(`crowd${index}`));
  const [carol, dave] = [await server.account('carol'), await server.account('dave')];
  const links = await inParallel(DEVICES, 16, async (index) => {
    const link = await Link.open(server.address(), accounts[index % accounts.length] as (typeof accounts)[0]);
    await link.enableImNg();
    return link;
  });
  const receivers = links.map((link) => new Receiver(link));
  const [speaker, listener] = [await Link.open(server.address(), carol), await Link.open(server.address(), dave)];
  await listener.enableImNg();
  const pair = new Receiver(listener);
  const flooder = await Link.open(server.address(), carol);
  await sleep(2000);
  const calm = curve.sample();
  curve.mark(
    `${DEVICES} devices have connected and stop reading, ${FLOOD} messages to each of their ${accounts.length} accounts`,
  );
  for (const link of links) link.wire.pause();
  const talk = sendStream(speaker, dave.jid, { count: 2000, bytes: 100, perSecond: 50 });
  for (let round = 0; round < FLOOD; round += 50) {
    for (const { jid } of accounts)
      await sendStream(flooder, jid, { first: round, count: 50, bytes: BYTES, perSecond: 100_000 });
    await flooder.ask('get', xml('ping', { xmlns: NS.ping }), 'localhost');
  }
  const sessions = (await server.sessions()).filter(({ jid }) => jid.startsWith('crowd'));
  const full = sessions.filter(({ log }) => (log?.lag ?? 0) > 0);
  const buffered = sessions.map(({ buffered }) => buffered);
  const peak = Math.max(...curve.points.map(({ value }) => value));
  console.log(
    `${sessions.length} devices, ${full.length} of them behind; at most ${Math.max(...buffered)} bytes wait for one, ${sum(buffered)} for all`,
  );
  console.log(
    `memory: ${mib(calm)} before, ${mib(peak)} at most: ${((peak - calm) / 1024 / DEVICES).toFixed(0)} KiB for each slow device`,
  );
  check(sessions.length === DEVICES, 'every one of them still has its session');
  check(Math.max(...buffered) <= BOUND + 2 * BYTES, `at most ${BOUND} bytes wait for each`);
  await talk;
  console.log(
    `latency of two others meanwhile: median ${percentile(pair.latencies, 0.5).toFixed(1)} ms, p99 ${percentile(pair.latencies, 0.99).toFixed(1)} ms`,
  );
  const some = [...links.keys()].filter((index) => index % Math.ceil(DEVICES / 20) === 0);
  curve.mark(`${some.length} of them read again, the others are gone`);
  links.forEach((link, index) => (some.includes(index) ? link.wire.resume() : link.wire.cut()));
  await Promise.all(some.map(async (index) => receivers[index]?.has(FLOOD)));
  check(
    some.every((index) => receivers[index]?.wrong.length === 0),
    `${some.length} of them got every message once and in order`,
  );
  check(pair.wrong.length === 0 && pair.next === 2000, 'the two others got every message once and in order');
  await sleep(3000);
}

function check(holds: boolean, what: string): void {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`);
  if (!holds) process.exitCode = 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}
