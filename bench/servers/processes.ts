import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS = 100;

interface Stat {
  readonly parent: number;
  /** User and system time of the process and of its children that have ended, in seconds. */
  readonly cpu: number;
}

/** CPU seconds (user + system) that processes and all their descendants have used so far, also those that have ended meanwhile. */
export function cpuSeconds(roots: readonly number[]): number {
  return [...family(roots).values()].reduce((sum, { cpu }) => sum + cpu, 0);
}

/** Memory of processes and all their descendants, in bytes; what several of them share is counted once. */
export function residentBytes(roots: readonly number[]): number {
  return [...family(roots).keys()].reduce((sum, pid) => sum + proportionalBytes(pid), 0);
}

function family(roots: readonly number[]): Map<number, Stat> {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    if (stat !== undefined) all.set(Number(name), stat);
  }
  const found = new Map<number, Stat>();
  for (const [pid, stat] of all) {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = all.get(at)?.parent) {
      if (roots.includes(at)) found.set(pid, stat);
    }
  }
  return found;
}

/** Undefined for a process that has ended. */
function readStat(pid: number): Stat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  // The name in brackets may contain anything
  const fields =
    text
      ?.slice(text.lastIndexOf(') ') + 2)
      .split(' ')
      .map(Number) ?? [];
  const [, parent = 0, , , , , , , , , , user = 0, system = 0, childUser = 0, childSystem = 0] = fields;
  return text === undefined ? undefined : { parent, cpu: (user + system + childUser + childSystem) / TICKS };
}

function proportionalBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0) * 1024;
}

/** VmRSS of one process, in bytes. */
export function rssBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
