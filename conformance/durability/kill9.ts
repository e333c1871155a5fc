/** The real server under kill -9: several devices under load, an end without warning, everybody returns. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Address } from '../client/transport.ts';
import type { OwnTarget } from '../target.ts';
import { startTutti } from '../targets/tutti.ts';
import { Chance } from './chance.ts';
import { findFaults, type Person, takeMark } from './checks.ts';
import { Member } from './member.ts';

export interface Kill9Options {
  readonly rounds: number;
  readonly seed: number;
  /** Seconds after which no further round begins; absent: all are played. */
  readonly budget?: number;
  /** Is told how far it has come. */
  readonly progress?: (line: string) => void;
}

export interface Kill9Report {
  readonly seed: number;
  readonly rounds: number;
  /** How often the server was killed: under load, and while its clients came back. */
  readonly kills: number;
  readonly killsWhileReturning: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Messages that reached a device as they were sent. */
  readonly shown: number;
  /** Messages that were sent again after a kill (K6). */
  readonly repeated: number;
  /** Rows of both archives. */
  readonly rows: number;
  readonly faults: readonly string[];
  readonly seconds: number;
}

/** The longest that a server may run under load before it is killed, in milliseconds, and the longest while clients return. */
const LOAD_MS = 700;
const RETURN_MS = 250;
/** One return in so many is cut short, too. */
const CUT_RETURNS = 4;
const PUMP_MS = 5;
const PATIENCE_MS = 20_000;

/** Kills the server once a round and looks whether it has kept what it promised. Ends at the first round with a fault. */
export async function runKill9({ rounds, seed, budget = Infinity, progress }: Kill9Options): Promise<Kill9Report> {
  const begun = Date.now();
  const target = await startTutti(['limits.stanzas_burst=0']);
  try {
    const campaign = new Campaign(target, new Chance(seed), await makePeople(target));
    const faults: string[] = [];
    let round = 0;
    while (round < rounds && faults.length === 0 && Date.now() - begun < budget * 1000) {
      round += 1;
      faults.push(...(await campaign.playRound()));
      progress?.(`round ${round}: ${campaign.describe()}`);
    }
    if (faults.length === 0) faults.push(...(await campaign.checkAll()));
    await campaign.end();
    return { seed, rounds: round, ...campaign.sum(), faults, seconds: (Date.now() - begun) / 1000 };
  } finally {
    await target.stop();
  }
}

/** Alice and Bob, three IM-NG devices each over three kinds of connection, and one legacy device of Alice's. */
async function makePeople(target: OwnTarget): Promise<Person[]> {
  const [alice, bob] = [await target.account('alice'), await target.account('bob')];
  const ways: (() => Address)[] = [
    () => target.address('tcp'),
    () => target.directTls ?? target.address('tcp'),
    () => target.address('ws'),
  ];
  return [
    { person: alice, peer: bob.jid, devices: ['phone', 'desk', 'web', 'legacy'] },
    { person: bob, peer: alice.jid, devices: ['phone', 'desk', 'web'] },
  ].map(({ person, peer, devices }) => ({
    jid: person.jid,
    members: devices.map((device, index) => {
      const name = `${person.jid.split('-')[0]}.${device}`;
      const address = ways[index % ways.length] as (typeof ways)[number];
      return new Member({ name, account: person, peer, imNg: device !== 'legacy', address });
    }),
  }));
}

class Campaign {
  readonly #target: OwnTarget;
  readonly #chance: Chance;
  readonly #people: readonly Person[];
  #kills = 0;
  #killsWhileReturning = 0;
  #rows = 0;
  #shown = 0;
  #isReady = false;

  constructor(target: OwnTarget, chance: Chance, people: readonly Person[]) {
    this.#target = target;
    this.#chance = chance;
    this.#people = people;
  }

  get #members(): Member[] {
    return this.#people.flatMap(({ members }) => members);
  }

  /** Load, kill, return; gives what is wrong then. */
  async playRound(): Promise<string[]> {
    if (!this.#isReady) await this.#gather();
    this.#isReady = true;
    const mark = takeMark(this.#people);
    const last = this.#people.map((person) => lastId(person));
    await this.#load(this.#chance.between(20, LOAD_MS));
    await this.#kill();
    await this.#return();
    for (const member of this.#members) await member.settle(PATIENCE_MS);
    // What settled last has reached everybody by now.
    for (const member of this.#members) await member.settle(PATIENCE_MS);
    const faults: string[] = [];
    for (const [index, person] of this.#people.entries()) {
      const archive = await readArchive(person, last[index]);
      this.#rows += archive.length;
      faults.push(...findFaults(person, this.#people, archive, mark));
    }
    for (const member of this.#members) {
      this.#shown += member.witnessed.length;
      member.witnessed = [];
    }
    return faults;
  }

  /** The archives from their first row on. */
  async checkAll(): Promise<string[]> {
    const none = { timelines: new Map(), sent: new Map() };
    const faults: string[] = [];
    for (const person of this.#people) {
      faults.push(...findFaults(person, this.#people, await readArchive(person, undefined), none));
    }
    return faults;
  }

  sum(): Omit<Kill9Report, 'seed' | 'rounds' | 'faults' | 'seconds'> {
    const sent = this.#members.flatMap((member) => member.sent);
    return {
      kills: this.#kills,
      killsWhileReturning: this.#killsWhileReturning,
      sent: sent.length,
      acknowledged: sent.filter(({ acknowledged }) => acknowledged).length,
      shown: this.#shown,
      repeated: this.#members.reduce((sum, { repeated }) => sum + repeated, 0),
      rows: this.#rows,
    };
  }

  describe(): string {
    const { kills, sent, acknowledged, shown, repeated, rows } = this.sum();
    return `${kills} kills, ${sent} sent, ${acknowledged} acknowledged, ${shown} shown, ${repeated} repeated, ${rows} rows`;
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.leave()));
  }

  /** Everybody writes for so long. */
  async #load(ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      for (const member of this.#members) {
        member.pump();
        member.write();
      }
      await pause(PUMP_MS);
    }
  }

  async #kill(): Promise<void> {
    this.#kills += 1;
    await this.#target.kill();
    await Promise.all(this.#members.map((member) => member.lose()));
  }

  /** Starts the server until everybody is back; now and then it is killed again before they are. */
  async #return(): Promise<void> {
    await this.#target.start();
    while (this.#chance.between(1, CUT_RETURNS) === 1) {
      const returning = Promise.allSettled(this.#members.map((member) => member.join()));
      await pause(this.#chance.between(0, RETURN_MS));
      this.#killsWhileReturning += 1;
      await this.#kill();
      await returning;
      await Promise.all(this.#members.map((member) => member.lose()));
      await this.#target.start();
    }
    await this.#gather();
  }

  async #gather(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.join()));
  }
}

function lastId({ members }: Person): string | undefined {
  return members[0]?.timeline.at(-1)?.id;
}

function readArchive({ members }: Person, after: string | undefined): Promise<Awaited<ReturnType<Member['archive']>>> {
  return (members[0] as Member).archive(after);
}
