/** kill -9 under load, the same for every server: what was acknowledged, and what is there afterwards. */
import { setTimeout as pause } from 'node:timers/promises';
import { Chance } from '../../conformance/durability/chance.ts';
import type { Contestant } from './contestant.ts';
import { Correspondent } from './correspondent.ts';
import { countMisplaced } from './order.ts';

export interface Kill9Options {
  readonly rounds: number;
  readonly seed: number;
  readonly imNg: boolean;
  /** Messages a second, of all devices together. */
  readonly rate: number;
  readonly progress?: (line: string) => void;
}

/** What a server has done with the messages of its clients. */
export interface Kill9Result {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged, and in no archive. */
  readonly lost: number;
  /** Acknowledged, and in the archive of one of the two only. */
  readonly halves: number;
  /** Shown to a device whose account's archive does not have it. */
  readonly unarchived: number;
  /** In an archive more than once although it was sent once. */
  readonly doubled: number;
  /** In an archive more than once because a client has repeated what was not acknowledged. */
  readonly repeatedTwice: number;
  /** Messages that one device of an account has and another has not. */
  readonly differing: number;
  /** Messages that two devices of an account were shown in a different order: without, and with, those that they sent themselves. */
  readonly misplaced: number;
  readonly misplacedOwn: number;
  /** Sessions that could be resumed after a kill. */
  readonly resumed: number;
  /** Set where the server was not fit to go on after a kill: accounts that are gone, clients that wait in vain. */
  readonly trouble: string | undefined;
}

const PATIENCE_MS = 20_000;
/** The shortest and longest load of a round, in milliseconds. */
const LOAD_MS = [300, 1500] as const;

interface Person {
  readonly jid: string;
  readonly devices: readonly Correspondent[];
}

/** Alice and Bob, three devices each, write to one another; the server is killed once a round and everybody returns. */
export async function compareKill9(server: Contestant, options: Kill9Options): Promise<Kill9Result> {
  const chance = new Chance(options.seed);
  const people = await makePeople(server, options.imNg);
  const devices = people.flatMap((person) => person.devices);
  let trouble: string | undefined;
  try {
    await Promise.all(devices.map((device) => device.join()));
    for (let round = 1; round <= options.rounds; round += 1) {
      await load(devices, chance.between(...LOAD_MS), options.rate);
      await server.kill();
      await Promise.all(devices.map((device) => device.lose()));
      await server.start();
      await Promise.all(devices.map((device) => device.join()));
      // What settled last has reached everybody after the second time.
      for (const device of [...devices, ...devices]) await device.settle(PATIENCE_MS);
      options.progress?.(`round ${round}: ${devices.reduce((sum, { sent }) => sum + sent.length, 0)} sent`);
    }
  } catch (error) {
    trouble = (error as Error).message;
  }
  const archives = await Promise.all(people.map((person) => readArchive(person)));
  const result = judge(people, archives);
  await Promise.all(devices.map((device) => device.leave()));
  return { ...result, trouble };
}

/** The accounts are safely on the disk before anything is measured. */
async function makePeople(server: Contestant, imNg: boolean): Promise<Person[]> {
  const accounts = [await server.account('alice'), await server.account('bob')] as const;
  await server.restart();
  return accounts.map((account, index) => {
    const peer = (accounts[1 - index] as (typeof accounts)[0]).jid;
    const user = account.jid.split('@')[0];
    const names = ['phone', 'desk', 'web'].map((device) => `${user}.${device}`);
    const address = (): ReturnType<Contestant['address']> => server.address();
    return {
      jid: account.jid,
      devices: names.map((name) => new Correspondent({ name, account, peer, imNg, address })),
    };
  });
}

/** Everybody writes at the same steady rate for so long. */
async function load(devices: readonly Correspondent[], ms: number, rate: number): Promise<void> {
  const begun = performance.now();
  for (let written = 0; performance.now() - begun < ms; ) {
    const due = ((performance.now() - begun) / 1000) * rate;
    for (; written < due; written += 1) devices[written % devices.length]?.write();
    for (const device of devices) device.pump();
    await pause(5);
  }
}

/** A server whose archive still grows when nobody sends any more is given the time to end. */
async function readArchive({ devices }: Person): Promise<string[]> {
  const [device] = devices as readonly [Correspondent];
  let before = await device.readArchive();
  for (;;) {
    await pause(500);
    const now = await device.readArchive();
    if (now.length === before.length) return now;
    before = now;
  }
}

function judge(people: readonly Person[], archives: readonly string[][]): Omit<Kill9Result, 'trouble'> {
  const known = archives.map((archive) => new Set(archive));
  const sent = people.flatMap(({ devices }) => devices.flatMap((device) => device.sent));
  const acknowledged = sent.filter((one) => one.acknowledged);
  const countIn = (name: string): number => known.filter((archive) => archive.has(name)).length;
  const repeated = new Set(sent.filter((one) => one.repeated).map(({ name }) => name));
  const doubles = archives.flatMap((archive) => findDoubles(archive));
  const total = (count: (person: Person, index: number) => number): number => {
    return people.reduce((sum, person, index) => sum + count(person, index), 0);
  };
  return {
    sent: sent.length,
    acknowledged: acknowledged.length,
    lost: acknowledged.filter(({ name }) => countIn(name) === 0).length,
    halves: acknowledged.filter(({ name }) => countIn(name) === 1).length,
    unarchived: total(({ devices }, index) => {
      const shown = new Set(devices.flatMap((device) => device.shown));
      return [...shown].filter((name) => !known[index]?.has(name)).length;
    }),
    doubled: doubles.filter((name) => !repeated.has(name)).length,
    repeatedTwice: doubles.filter((name) => repeated.has(name)).length,
    differing: total(({ devices }) => {
      const all = devices.map(({ timeline }) => new Set(timeline));
      const some = new Set(devices.flatMap(({ timeline }) => timeline));
      return [...some].filter((name) => !all.every((one) => one.has(name))).length;
    }),
    misplaced: total(({ devices }) => misplace(devices.map(({ shown }) => shown))),
    misplacedOwn: total(({ devices }) => misplace(devices.map(({ timeline }) => timeline))),
    resumed: total(({ devices }) => devices.reduce((sum, { resumed }) => sum + resumed, 0)),
  };
}

/** The most that any device differs from the first one. */
function misplace([first = [], ...others]: readonly (readonly string[])[]): number {
  return Math.max(0, ...others.map((other) => countMisplaced(first, other)));
}

function findDoubles(names: readonly string[]): string[] {
  const known = new Set<string>();
  const doubles = new Set<string>();
  for (const name of names) if (known.size === known.add(name).size) doubles.add(name);
  return [...doubles];
}
