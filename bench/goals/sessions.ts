import { LoadClient } from '../load/client.ts';
import { inParallel, sleep } from '../load/in-parallel.ts';
import { bringDeviceOnline, makeNames } from '../load/users.ts';
import { startRawServer } from '../baseline/raw-server.ts';
import { cpuSeconds, rssBytes } from '../servers/processes.ts';
import { startTutti, type TuttiServer } from '../servers/tutti.ts';
import { type Goal, repeat, using } from './goal.ts';

/** So many that what a process needs once is little beside them: 50 MB of ours are 2.7 KiB each. */
const SESSIONS = 19_000;
const DEVICES = 3;
const WIDTH = 16;
const SETTLES_MS = 5000;
/**
 * Bytes of what the server writes during a login, one answer after the other. A socket keeps buffers of what has passed through it: one of Node's
 * with TLS has 16 KiB more for ever once it was written 1 KiB in one turn, and with TLS there are more mechanisms to offer.
 */
const LOGIN_ANSWERS = { tcp: [1107, 208, 100, 716, 117, 205], tls: [1530, 208, 100, 716, 117, 205] };

/** Goal 3: memory of a session that is bound, has IM-NG on, is present and says nothing; all of it, as the system counts it. */
export const memory: Goal = async (repetitions) => {
  const plain = await repeat(repetitions, () => using(startTutti, (server) => perSession(server, false)));
  const tls = await repeat(repetitions, () => using(startTutti, (server) => perSession(server, true)));
  const rawTls = await repeat(repetitions, () =>
    using(
      () => startRawServer('tls'),
      (raw) => perRawSocket(raw, true),
    ),
  );
  const rawTcp = await repeat(repetitions, () =>
    using(
      () => startRawServer('tcp'),
      (raw) => perRawSocket(raw, false),
    ),
  );
  const excess = tls.map((kib, index) => kib - 1.15 * (rawTls[index] as number));
  return [
    {
      what: `An idle plain session, of ${SESSIONS}`,
      unit: 'KiB',
      digits: 1,
      most: 9,
      values: plain,
    },
    {
      what: 'A plain socket of Node that has sent what a login sends, and is idle',
      unit: 'KiB',
      digits: 1,
      values: rawTcp,
    },
    { what: `An idle TLS session, of ${SESSIONS}`, unit: 'KiB', digits: 1, values: tls },
    {
      what: 'A TLS socket of Node that has sent what a login sends, and is idle',
      unit: 'KiB',
      digits: 1,
      values: rawTls,
    },
    { what: 'A TLS session beyond 1.15 × that', unit: 'KiB', digits: 1, most: 4, values: excess },
  ];
};

/** Goal 4: logins, without TLS and with a roster of 20 contacts. */
export const logins: Goal = async (repetitions) => {
  const runs = await repeat(repetitions, () => using(startTutti, countLogins));
  return [
    { what: 'Logins with SCRAM', unit: 'per CPU s', digits: 0, least: 2000, values: runs.map(({ perCpu }) => perCpu) },
    { what: 'the same on the clock', unit: 'per s', digits: 0, values: runs.map(({ perSecond }) => perSecond) },
  ];
};

export async function perSession(server: TuttiServer, tls: boolean): Promise<number> {
  const names = makeNames('idle', Math.ceil(SESSIONS / DEVICES));
  await server.addAccounts(names);
  const target = { port: tls ? server.tlsPort : server.port, copies: server.copies };
  return perConnection(server.pid, (index) =>
    bringDeviceOnline(target, names[Math.floor(index / DEVICES)] as string, `device${index % DEVICES}`, { tls }),
  );
}

export async function perRawSocket({ port, pid }: { port: number; pid: number }, tls: boolean): Promise<number> {
  return perConnection(pid, async () => {
    const client = await LoadClient.connect(port, { tls });
    for (const bytes of LOGIN_ANSWERS[tls ? 'tls' : 'tcp']) await client.say('x'.repeat(bytes - 1) + '.', '.');
    return client;
  });
}

/** KiB that each of SESSIONS connections adds to a process; what it needs once, the code that is compiled for example, is shared by them. */
async function perConnection(pid: number, connect: (index: number) => Promise<LoadClient>): Promise<number> {
  await sleep(SETTLES_MS);
  const before = rssBytes(pid);
  const places = Array.from({ length: SESSIONS }, (_, index) => index);
  const clients = await inParallel(places, WIDTH, connect);
  await sleep(SETTLES_MS);
  const bytes = rssBytes(pid) - before;
  const closed = clients.filter((client) => client.closed).length;
  for (const client of clients) client.close();
  if (closed > 0) throw new Error(`${closed} of ${SESSIONS} connections ended`);
  return bytes / 1024 / SESSIONS;
}

const ACCOUNTS = 300;
const ROSTER_ITEMS = 20;
/** Until V8 has compiled what it will: after 3,000 a sixth of the CPU time still went into that. */
const WARM_UP_LOGINS = 12_000;
const MEASURED_LOGINS = 6000;

export async function countLogins(server: TuttiServer): Promise<{ perCpu: number; perSecond: number }> {
  const names = makeNames('user', ACCOUNTS);
  await server.addAccounts(names);
  await inParallel(names, WIDTH, async (name) => {
    const client = await bringDeviceOnline(server, name, 'roster');
    for (let item = 0; item < ROSTER_ITEMS; item += 1) {
      const contact = `<item jid='contact${item}@localhost' name='Contact ${item}'/>`;
      await client.ask('set', `<query xmlns='jabber:iq:roster'>${contact}</query>`);
    }
    client.close();
  });
  const run = (count: number): Promise<unknown> =>
    inParallel(
      Array.from({ length: count }, (_, index) => index),
      WIDTH,
      async (index) => {
        (await bringDeviceOnline(server, names[index % ACCOUNTS] as string, `device${index % 7}`)).close();
      },
    );
  await run(WARM_UP_LOGINS);
  const before = { cpu: cpuSeconds(server.roots), at: performance.now() };
  await run(MEASURED_LOGINS);
  const perCpu = MEASURED_LOGINS / (cpuSeconds(server.roots) - before.cpu);
  return { perCpu, perSecond: MEASURED_LOGINS / ((performance.now() - before.at) / 1000) };
}
