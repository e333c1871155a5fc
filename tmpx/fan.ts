import { readFileSync, readdirSync } from 'node:fs';
import { Traffic } from '../bench/load/traffic.ts';
import { bringOnline, makeNames, goOffline } from '../bench/load/users.ts';
import { cpuSeconds } from '../bench/servers/processes.ts';
import { startTutti } from '../bench/servers/tutti.ts';
const s = await startTutti({ execArgv: process.argv[3] ? process.argv[3].split(",") : [] });
const threads = () => new Map(readdirSync(`/proc/${s.pid}/task`).map(t => { const f = readFileSync(`/proc/${s.pid}/task/${t}/stat`,'utf8'); const name=f.slice(f.indexOf('(')+1,f.lastIndexOf(')')); const p=f.slice(f.lastIndexOf(')')+2).split(' '); return [name+t,[+p[11]!,+p[12]!]]; }));
const names = makeNames('user', 2); await s.addAccounts(names);
const users = await bringOnline(s, names, [1, 50]);
for (let k = 0; k < Number(process.argv[2] ?? 3); k++) {
  const a = threads();
  const r = await new Traffic(users, true, () => cpuSeconds(s.roots), [0]).openLoop(200, { warmUpMs: 1500, measureMs: 5000 });
  const b = threads(); const out: string[]=[]; const N = 200*6.5*51/1000;
  for (const [n,[u,k]] of b) { const [u0,k0]=a.get(n)??[0,0]; if (u+k-u0-k0>2) out.push(`${n.replace(/\d+$/,'')} ${((u-u0)*10/N).toFixed(1)}+${((k-k0)*10/N).toFixed(1)}`); }
  console.log((r.cpuSeconds/r.messages*1e6/51).toFixed(2), 'us/delivery', out.join(', '));
}
goOffline(users); await s.stop(); process.exit(0);
