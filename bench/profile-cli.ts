/** Where the time of a message goes: a CPU profile of the server under load (100 users with 3 devices, closed loop), summed up by stage. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArguments } from '../scripts/arguments.ts';
import { Traffic } from './load/traffic.ts';
import { bringOnline, goOffline, makeNames } from './load/users.ts';
import { type CpuProfile, sumStages } from './profile/stages.ts';
import { writeDocument } from './report/document.ts';
import { describeSetting } from './report/machine.ts';
import { printProfile, type ProfileRecord } from './report/profile.ts';
import { keep } from './report/records.ts';
import { cpuSeconds } from './servers/processes.ts';
import { startTutti } from './servers/tutti.ts';

const USERS = 100;
const DEVICES = 3;
const MESSAGES = 100_000;

const HELP = `Usage: npm run bench:profile [-- options]

Where the time of a message goes: half a minute of load on a server that is profiled, summed up by stage.

  --keep FOLDER   leaves the .cpuprofile files there, for Chromium's DevTools
  --write         puts the table into docs/performance.md
`;

const { values: options } = parseArguments(HELP, {
  options: { keep: { type: 'string' }, write: { type: 'boolean', default: false } },
});
const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'tutti-profile-'));
const setting = describeSetting();
const server = await startTutti({ execArgv: ['--cpu-prof', `--cpu-prof-dir=${folder}`] });
const begin = performance.now();
const names = makeNames('user', USERS);
await server.addAccounts(names);
const users = await bringOnline(server, names, DEVICES);
await new Traffic(users, true, () => cpuSeconds(server.roots)).fixed(MESSAGES / 10, 4); // until the code is compiled
const from = (performance.now() - begin) * 1000;
const result = await new Traffic(users, true, () => cpuSeconds(server.roots)).fixed(MESSAGES, 4);
goOffline(users);
await server.stop();

/** The main thread, then the writer, the reader and the store: as they were started. */
const threads = readdirSync(folder)
  .filter((file) => file.endsWith('.cpuprofile'))
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile)
  .map((profile) => ({ name: nameThread(profile), stages: sumStages(profile, MESSAGES, from) }))
  .filter(({ stages }) => stages.reduce((sum, { micros }) => sum + micros, 0) >= 0.2)
  .sort((a, b) => a.name.localeCompare(b.name));
const record: ProfileRecord = {
  setting,
  messages: MESSAGES,
  deliveriesPerMessage: result.deliveries / MESSAGES,
  cpuMicros: (result.cpuSeconds / MESSAGES) * 1e6,
  threads,
};
console.log(printProfile(record));
console.log(`CPU of the whole process: ${record.cpuMicros.toFixed(1)} µs a message`);
if (options.keep === undefined) rmSync(folder, { recursive: true });
if (options.write) {
  keep('profile', record);
  writeDocument();
}
process.exit(0);

function nameThread({ nodes }: CpuProfile): string {
  const runs = (file: string): boolean => nodes.some(({ callFrame: { url } }) => url.includes(file));
  if (runs('log/sqlite/writer') && !runs('server/src/server.')) return 'log: writer';
  if (runs('log/sqlite/reader') && !runs('server/src/server.')) return 'log: reader';
  return runs('store/sqlite/worker') && !runs('server/src/server.') ? 'store' : ' main';
}
