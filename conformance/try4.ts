import { startTutti } from './targets/tutti.ts';
import { Runner } from './run.ts';
import s from './xep-0409/4-every-combination.ts';
const t = await startTutti();
try {
  const tests = s.tests.filter(x => x.title.includes(process.argv[2]!));
  for (let i = 0; i < Number(process.argv[3] ?? 1); i++) for (const stand of ['tcp','ws'] as const) {
  const r = new Runner(t, stand);
  let bad = 0;
  for (const x of tests) try { await r.run(x); } catch (e) { bad++; console.log(stand, x.title, (e as Error).message.slice(0, 600)); }
  console.log(stand, tests.length, bad);
  await r.close();
  }
} finally { await t.stop(); }
