import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where and when figures were taken. */
export interface Setting {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted to run, on the average of the last minute, before it began: 0 on a machine of one's own. */
  readonly loadBefore: number;
}

/** Describes this machine and this moment. */
export function describeSetting(): Setting {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname });
  const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', '../../packages').trim() !== '';
  const cores = cpus();
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: git('rev-parse', '--short=12', 'HEAD').trim() + (isChanged ? ' with changes' : ''),
    cpu: `${cores.length} × ${cores[0]?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    node: process.version,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

/** One sentence for a document. */
export function printSetting({ date, commit, cpu, memoryGiB, kernel, node, loadBefore }: Setting): string {
  const busy =
    loadBefore > 0.5 ? `, load ${loadBefore} before it began (of others, or of what was measured before it)` : '';
  return `${date} UTC, commit ${commit}, ${cpu}, ${memoryGiB} GiB, ${kernel}, Node ${node}${busy}`;
}
