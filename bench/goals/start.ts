import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringDeviceOnline } from '../load/users.ts';
import { bundleServer } from '../../packages/server/scripts/bundle.ts';
import { startTutti } from '../servers/tutti.ts';
import { type Goal, repeat } from './goal.ts';

/** A start takes so little, and the disk so differently long, that a few say nothing. */
export const LEAST_STARTS = 7;

const SERVER = join(import.meta.dirname, '../../packages/server');

/** The program as npm installs it: a folder with nothing but it, deleted at the end. */
export async function withPackage<T>(work: (program: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'tutti-package-'));
  const folder = join(home, 'node_modules/tutti');
  try {
    for (const name of ['bin', 'package.json']) await cp(join(SERVER, name), join(folder, name), { recursive: true });
    await bundleServer(join(folder, 'bundle'));
    return await work(join(folder, 'bin/tutti.js'));
  } finally {
    await rm(home, { recursive: true });
  }
}

/** Milliseconds from starting the process to the end of the first login of an account that is registered before it. */
export async function timeStart(data: string, name: string, program?: string): Promise<number> {
  const server = await startTutti({ data, ...(program !== undefined && { program }) });
  try {
    const begin = performance.now();
    await bringDeviceOnline(server, name, 'first');
    return server.startMs + performance.now() - begin;
  } finally {
    await server.stop();
  }
}

/** The same on a folder that did not exist; making the account is not counted. */
export async function timeFirstStart(program?: string): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-start-'));
  await rm(data, { recursive: true });
  const server = await startTutti({ data, ...(program !== undefined && { program }) });
  try {
    await server.addAccounts(['alice']);
    const begin = performance.now();
    (await bringDeviceOnline(server, 'alice', 'first')).close();
    return server.startMs + performance.now() - begin;
  } finally {
    await server.stop();
    await rm(data, { recursive: true });
  }
}

/** Goal 8 on an empty folder: the program as npm installs it and a checkout, which has no build, in turns. The first start of each fills its compile cache. */
export const start: Goal = (repetitions) =>
  withPackage(async (program) => {
    const both = async (): Promise<readonly [number, number]> => [
      await timeFirstStart(program),
      await timeFirstStart(),
    ];
    await both();
    const times = await repeat(Math.max(LEAST_STARTS, repetitions), both);
    const what = 'Start to first login, empty folder';
    const common = { unit: 'ms', digits: 0, most: 400 };
    return [
      { what: `${what}, as npm installs it`, ...common, values: times.map(([installed]) => installed) },
      { what: `${what}, a checkout from its TypeScript`, ...common, values: times.map(([, checkout]) => checkout) },
    ];
  });
