/**
 * How much a message costs: pairs of users with some IM-NG devices each talk in a closed loop over plain TCP on loopback, every message archived for
 * both and delivered to all their devices.
 *
 *   node --conditions=source bench/load.ts [--users 100] [--devices 3] [--seconds 10] [--window 4] [--profile DIR] [--json]
 *
 * Prints messages/s, deliveries/s, and the server's CPU (user + system, all threads) per 1000 messages. The sender counts a message as done when
 * its reflection is back: archived, with fsync. `--profile` writes a CPU profile of the server.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LoadDevice } from './load-device.ts';

const { values: options } = parseArgs({
  options: {
    users: { type: 'string', default: '100' },
    devices: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    window: { type: 'string', default: '4' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const users = Number(options.users);
const devicesEach = Number(options.devices);
const windowSize = Number(options.window);

const NO_LIMITS = [
  'stanzas_per_second',
  'bytes_per_second',
  'connections_per_address',
  'unauthenticated_connections',
  'sessions_per_account',
];
const settings = [
  'c2s.port=0',
  'c2s.require_tls=false',
  'c2s_tls.enabled=false',
  's2s.enabled=false',
  'http.enabled=false',
  'auth.scram_iterations=4096',
  ...NO_LIMITS.map((name) => `limits.${name}=0`),
];
const data = mkdtempSync(join(tmpdir(), 'tutti-load-'));
const execArgv = [
  '--conditions=source',
  ...(options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`]),
];
const server = fork(new URL('../conformance/targets/tutti-process.ts', import.meta.url), [data, ...settings], {
  execArgv,
});
const [{ listening }] = (await once(server, 'message')) as [{ listening: { name: string; port: number }[] }];
const port = listening.find(({ name }) => name === 'c2s')?.port ?? 0;

let id = 0;
async function addUser(name: string): Promise<void> {
  id += 1;
  const mine = id;
  const answered = new Promise<void>((resolve) => {
    const listen = (answer: { id?: number }): void => {
      if (answer.id !== mine) return;
      server.off('message', listen);
      resolve();
    };
    server.on('message', listen);
  });
  server.send({ id: mine, add: `${name}@localhost`, password: 'secret' });
  await answered;
}

/** CPU seconds of the server's process so far: utime + stime of /proc/PID/stat, in ticks of 10 ms. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMiB(): number {
  const pages = Number(readFileSync(`/proc/${server.pid}/statm`, 'utf8').split(' ')[1]);
  return (pages * 4096) / 2 ** 20;
}

const devices: LoadDevice[] = [];
for (let user = 0; user < users; user += 1) await addUser(`user${user}`);
for (let user = 0; user < users; user += 1) {
  const peer = `user${user ^ 1}@localhost`;
  const own = Array.from({ length: devicesEach }, (_, index) => new LoadDevice(port, `user${user}`, `d${index}`, peer));
  await Promise.all(own.map((device) => device.logIn()));
  devices.push(...own);
}
const senders = devices.filter((_, index) => index % devicesEach === 0);
const sum = (pick: (device: LoadDevice) => number): number =>
  devices.reduce((total, device) => total + pick(device), 0);
const measure = () => ({
  at: performance.now(),
  cpu: cpuSeconds(),
  done: sum((device) => device.reflected),
  delivered: sum((device) => device.received),
});

for (const sender of senders) sender.start(windowSize);
await new Promise((resolve) => setTimeout(resolve, 2000));
const before = measure();
await new Promise((resolve) => setTimeout(resolve, Number(options.seconds) * 1000));
const after = measure();
for (const sender of senders) sender.stop();

const seconds = (after.at - before.at) / 1000;
const messages = after.done - before.done;
const figures = {
  users,
  devices: devices.length,
  messagesPerSecond: Math.round(messages / seconds),
  deliveriesPerSecond: Math.round((after.delivered - before.delivered) / seconds),
  deliveriesPerMessage: Number(((after.delivered - before.delivered) / messages).toFixed(2)),
  serverCpuPer1000: Number((((after.cpu - before.cpu) / messages) * 1000).toFixed(4)),
  serverCores: Number(((after.cpu - before.cpu) / seconds).toFixed(2)),
  residentMiB: Math.round(residentMiB()),
};
console.log(options.json ? JSON.stringify(figures) : figures);
for (const device of devices) device.close();
server.kill('SIGTERM');
await once(server, 'exit');
rmSync(data, { recursive: true });
