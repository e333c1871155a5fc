import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The checkout. */
export const root = join(import.meta.dirname, '..');

/** How a command ended. `output` is what it wrote on stdout and stderr, in order. */
export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

const LIMIT_MS = 15 * 60_000;
const GRACE_MS = 2_000;
const groups = new Set<number>();

/** Processes of a group that still run, as 'pid command'; zombies that nobody has collected are not running. */
function listGroup(group: number): string[] {
  if (process.platform !== 'linux') return [];
  const running: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // The command, in parentheses, may hold spaces: state and group are the first and third field after it.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      if (Number(fields[2]) !== group || fields[0] === 'Z') continue;
      running.push(`${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()}`);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return running;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}

/** Sends a signal to everything in a process group; a group that has ended is fine. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Ends every command under way, with whatever it started. */
export function stopSteps(): void {
  for (const group of groups) signalGroup(group, 'SIGKILL');
}

/**
 * Runs a command of node_modules/.bin (or of the PATH) in the checkout, without stdin and in a process group of its own.
 * It fails when its exit code is not 0, when it takes more than 15 minutes, or when it leaves a process behind.
 */
export async function runCommand(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const begun = performance.now();
  const [file = '', ...args] = command;
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const child = spawn(file, args, {
    cwd: root,
    detached: true,
    env: { ...process.env, PATH: path, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group = child.pid;
  const chunks: Buffer[] = [];
  const problems: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));

  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      problems.push(`${file} did not start: ${error.message}`);
      resolve();
    });
    // 'exit' and not 'close': a process left behind keeps the pipes open.
    child.on('exit', (code, signal) => {
      if (code !== 0) problems.push(`${file} ended with ${signal ?? `exit code ${code}`}`);
      resolve();
    });
  });
  if (group !== undefined) groups.add(group);
  const limit = setTimeout(() => {
    problems.push(`${file} took more than ${LIMIT_MS / 60_000} minutes`);
    if (group !== undefined) signalGroup(group, 'SIGKILL');
  }, LIMIT_MS);
  await ended;
  clearTimeout(limit);
  if (group !== undefined) {
    problems.push(...(await collectLeftovers(group)));
    groups.delete(group);
  }
  await new Promise((resolve) => setImmediate(resolve));
  child.stdout.destroy();
  child.stderr.destroy();
  const output = [Buffer.concat(chunks).toString().trimEnd(), ...problems].filter((part) => part !== '').join('\n');
  return { ok: problems.length === 0, output, seconds: (performance.now() - begun) / 1000 };
}

/** Waits a moment for a command's helpers to end, then ends and names those that do not. */
async function collectLeftovers(group: number): Promise<string[]> {
  const deadline = performance.now() + GRACE_MS;
  let left = listGroup(group);
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(100);
    left = listGroup(group);
  }
  if (left.length > 0) signalGroup(group, 'SIGKILL');
  return left.map((line) => `left running: ${line}`);
}
