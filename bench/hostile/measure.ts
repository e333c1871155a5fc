import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Account } from '../../conformance/client/login.ts';
import { Curve } from '../rig/curve.ts';
import { inParallel, Link } from '../rig/link.ts';
import type { RunningServer } from '../rig/server.ts';
import { Receiver, sendStream, sleep } from '../rig/stream-of-messages.ts';
import type { Target } from './attacks.ts';

/** Two users who do no harm, on a server that is attacked. */
export interface Scene {
  readonly server: RunningServer;
  readonly pair: { readonly alice: Link; readonly bob: Link; readonly receiver: Receiver };
  readonly newcomer: Account;
  readonly target: Target;
}

/** What an attack did to them. */
export interface Measured {
  readonly latencies: readonly number[];
  readonly sent: number;
  /** What came late, twice or not at all. */
  readonly wrong: readonly string[];
  /** Resident memory in bytes: before, and at most. */
  readonly before: number;
  readonly peak: number;
  /** Milliseconds that a third user needed to log in meanwhile; undefined: refused. */
  readonly login: number | undefined;
}

const ATTACKERS = 10;

export async function openScene(server: RunningServer): Promise<Scene> {
  const [a, b, newcomer] = [
    await server.account('alice'),
    await server.account('bob'),
    await server.account('newcomer'),
  ];
  const alice = await Link.open(server.address(), a);
  const bob = await Link.open(server.address(), b, 'phone');
  await bob.enableImNg();
  const accounts = await inParallel(ATTACKERS, 2, (index) => server.account(`mallory${index}`));
  const target = { direct: server.address(), starttls: server.address('starttls'), accounts, victim: b.jid };
  return { server, pair: { alice, bob, receiver: new Receiver(bob) }, newcomer, target };
}

/** Lets an attack run while the two converse, `perSecond` messages a second for `seconds`. */
export async function measure(
  scene: Scene,
  attack: string | undefined,
  seconds: number,
  perSecond = 20,
): Promise<Measured> {
  const { server, pair } = scene;
  const { alice, bob, receiver } = pair;
  const before = server.rss();
  const curve = new Curve(() => server.rss(), 100);
  const attacker = attack === undefined ? undefined : await startAttack(attack, scene.target);
  try {
    receiver.latencies = [];
    const first = receiver.next;
    const count = Math.round(seconds * perSecond);
    const login = logIn(server, scene.newcomer);
    await sendStream(alice, bob.account.jid, { first, count, bytes: 100, perSecond });
    await receiver.has(first + count);
    const wrong = receiver.wrong.splice(0);
    return { latencies: receiver.latencies, sent: count, wrong, before, peak: peakOf(curve), login: await login };
  } finally {
    curve.stop();
    attacker?.kill('SIGKILL');
    await sleep(300);
  }
}

async function startAttack(name: string, target: Target): Promise<ReturnType<typeof fork>> {
  const child = fork(join(import.meta.dirname, 'attacker.ts'), [name, JSON.stringify(target)], {
    execArgv: ['--conditions=source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the attack "${name}" failed`))),
  ]);
  return child;
}

/** Somebody new comes while the attack goes on. */
async function logIn(server: RunningServer, account: Account): Promise<number | undefined> {
  const begin = performance.now();
  try {
    const link = await Link.open(server.address(), account);
    const took = performance.now() - begin;
    await link.close();
    return took;
  } catch {
    return undefined; // what the table tells
  }
}

function peakOf({ points }: Curve): number {
  return Math.max(...points.map(({ value }) => value));
}
