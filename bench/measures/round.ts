import { using } from '../goals/goal.ts';
import { countArchives, missingRows, readArchive, readPage } from '../load/archive.ts';
import { inParallel, sleep } from '../load/in-parallel.ts';
import { type Latency, Traffic, type TrafficResult } from '../load/traffic.ts';
import { bringDeviceOnline, bringOnline, goOffline, type LoadUser, makeNames } from '../load/users.ts';
import { cpuSeconds, residentBytes } from '../servers/processes.ts';
import type { BenchServer, ServerName } from '../servers/server.ts';

/** How much a round does. */
export interface RoundSize {
  readonly users: number;
  readonly devices: number;
  readonly window: number;
  /** Milliseconds of each measured stretch, and of what goes before it. */
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly rates: readonly number[];
  readonly idleSessions: number;
  readonly fanOutDevices: number;
}

/** What one round on one server gave. Undefined: the server did not keep up. */
export interface Figures {
  readonly server: ServerName;
  readonly version: string;
  readonly startMs: number;
  readonly loginsPerSecond: number;
  readonly loginsPerCpuSecond: number;
  readonly idleSessionKiB: number;
  readonly messagesPerSecond: number;
  readonly cpuPer1000: number;
  readonly deliveriesPerMessage: number;
  readonly latency: readonly { readonly rate: number; readonly figures: Latency | undefined }[];
  readonly pagesPerSecond: number;
  readonly catchUpPerSecond: number;
  readonly fanOutCpuPer1000: number;
  readonly fanOutPerSecond: number;
  /** Bytes of the archive's files or tables for each message in an archive. */
  readonly bytesPerRow: number;
  /** Copies and archive rows that should be there and were not, or should not and were. */
  readonly lost: number;
  readonly surplus: number;
  readonly missingRows: number;
}

const ROSTER_ITEMS = 20;
const PAGE = 50;
const LARGE_PAGE = 250;
const CATCH_UP_ROWS = 1000;
const LOGINS_AT_A_TIME = 8;
const READERS = 8;
const MEMORY_SETTLES_MS = 1500;
/** Sessions of an idle account. */
const IDLE_DEVICES = 3;

/** Measures one server; the memory of idle sessions in a process of its own, so that neither disturbs the other. */
export async function runRound(start: () => Promise<BenchServer>, size: RoundSize): Promise<Figures> {
  const idleSessionKiB = await using(start, (server) => measureIdle(server, size.idleSessions));
  return using(start, async (server) => ({ ...(await new Round(server, size).run()), idleSessionKiB }));
}

/** Memory by the session: from a quarter of them to all, so that what a server takes once for all does not count. */
async function measureIdle(server: BenchServer, sessions: number): Promise<number> {
  const names = makeNames('idle', Math.ceil(sessions / IDLE_DEVICES));
  await server.addAccounts(names);
  const quarter = Math.ceil(names.length / 4);
  const first = await bringOnline(server, names.slice(0, quarter), IDLE_DEVICES);
  await sleep(MEMORY_SETTLES_MS);
  const before = residentBytes(server.roots);
  const others = await bringOnline(server, names.slice(quarter), IDLE_DEVICES);
  await sleep(MEMORY_SETTLES_MS);
  const bytes = residentBytes(server.roots) - before;
  goOffline([...first, ...others]);
  return bytes / 1024 / (others.length * IDLE_DEVICES);
}

class Round {
  readonly #server: BenchServer;
  readonly #size: RoundSize;
  readonly #results: TrafficResult[] = [];
  #missing = 0;

  constructor(server: BenchServer, size: RoundSize) {
    this.#server = server;
    this.#size = size;
  }

  async run(): Promise<Omit<Figures, 'idleSessionKiB'>> {
    const { users: count, devices, rates } = this.#size;
    const { name, version, startMs } = this.#server;
    const names = makeNames('user', count);
    await this.#server.addAccounts(names);
    const logins = await this.#measureLogins(names);
    const users = await bringOnline(this.#server, names, devices);
    const before = await countArchives(users);
    const bytes = await this.#server.archiveBytes();
    const { messagesPerSecond, cpuPer1000, deliveriesPerMessage } = await this.#measureThroughput(users);
    const latency = [];
    for (const rate of rates) {
      // Beyond its most nothing has to be tried: it only takes time until all copies have come
      const isWithin = rate < messagesPerSecond;
      latency.push({ rate, figures: isWithin ? await this.#measureLatency(users, rate) : undefined });
    }
    const sent = users.map((_, index) => this.#results.reduce((sum, result) => sum + (result.sent[index] ?? 0), 0));
    this.#missing += await missingRows(users, before, sent);
    const rows = 2 * sent.reduce((sum, one) => sum + one, 0);
    const bytesPerRow = ((await this.#server.archiveBytes()) - bytes) / rows;
    const pagesPerSecond = await this.#measurePages(users);
    goOffline(users);
    const catchUpPerSecond = await this.#measureCatchUp(names);
    const fanOut = await this.#measureFanOut();
    const sum = (key: 'lost' | 'surplus'): number => this.#results.reduce((total, result) => total + result[key], 0);
    return {
      server: name,
      version,
      startMs,
      ...logins,
      messagesPerSecond,
      cpuPer1000,
      deliveriesPerMessage,
      latency,
      pagesPerSecond,
      catchUpPerSecond,
      ...fanOut,
      bytesPerRow,
      lost: sum('lost'),
      surplus: sum('surplus'),
      missingRows: this.#missing,
    };
  }

  readonly #cpu = (): number => cpuSeconds(this.#server.roots);

  /** Login: stream, SCRAM, bind, IM-NG or Carbons, presence, with a roster of 20; each closes its connection when it is done. */
  async #measureLogins(names: readonly string[]) {
    await inParallel(names, LOGINS_AT_A_TIME, (name) => fillRoster(this.#server, name));
    const logins = Array.from({ length: LOGINS_AT_A_TIME }, (_, index) => index);
    const run = async (ms: number): Promise<number> => {
      const until = performance.now() + ms;
      const counts = await inParallel(logins, LOGINS_AT_A_TIME, async (worker) => {
        let done = 0;
        for (; performance.now() < until; done += 1) {
          const name = names[(worker + done * LOGINS_AT_A_TIME) % names.length] as string;
          (await bringDeviceOnline(this.#server, name, `w${worker}`)).close();
        }
        return done;
      });
      return counts.reduce((sum, one) => sum + one, 0);
    };
    await run(this.#size.measureMs); // a login is a lot of code, which some servers compile while they run
    const before = { cpu: this.#cpu(), at: performance.now() };
    const done = await run(this.#size.measureMs);
    const loginsPerSecond = done / ((performance.now() - before.at) / 1000);
    return { loginsPerSecond, loginsPerCpuSecond: done / (this.#cpu() - before.cpu) };
  }

  async #measureThroughput(users: readonly LoadUser[]) {
    const result = await this.#traffic(users).closedLoop(this.#size.window, this.#size);
    this.#results.push(result);
    const all = result.sent.reduce((sum, one) => sum + one, 0);
    return {
      messagesPerSecond: result.messages / result.seconds,
      cpuPer1000: (result.cpuSeconds / result.messages) * 1000,
      deliveriesPerMessage: result.deliveries / all,
    };
  }

  async #measureLatency(users: readonly LoadUser[], rate: number): Promise<Latency | undefined> {
    const result = await this.#traffic(users).openLoop(rate, this.#size);
    this.#results.push(result);
    return result.latency;
  }

  async #measurePages(users: readonly LoadUser[]): Promise<number> {
    const begin = performance.now();
    const readers = users.slice(0, READERS).flatMap(({ devices }) => devices.slice(0, 1));
    const rows = await inParallel(readers, READERS, async (client) => {
      let count = 0;
      let last: string | undefined;
      while (performance.now() - begin < this.#size.measureMs) {
        const page = await readPage(client, PAGE, last);
        count += page.rows;
        last = page.last;
      }
      return count;
    });
    return rows.reduce((sum, one) => sum + one, 0) / PAGE / ((performance.now() - begin) / 1000);
  }

  /** Every account's first device comes back at once and reads all that it has missed. */
  async #measureCatchUp(names: readonly string[]): Promise<number> {
    const begin = performance.now();
    const rows = await inParallel(names, names.length, async (name) => {
      const client = await bringDeviceOnline(this.#server, name, 'late');
      const count = await readArchive(client, LARGE_PAGE, CATCH_UP_ROWS);
      client.close();
      return count;
    });
    return rows.reduce((sum, one) => sum + one, 0) / ((performance.now() - begin) / 1000);
  }

  async #measureFanOut() {
    const names = makeNames('fan', 2);
    await this.#server.addAccounts(names);
    const users = await bringOnline(this.#server, names, [1, this.#size.fanOutDevices]);
    const traffic = new Traffic(users, this.#server.copies === 'im-ng', this.#cpu, [0]);
    const result = await traffic.closedLoop(this.#size.window, this.#size);
    this.#results.push(result);
    goOffline(users);
    const deliveries = result.messages * (result.deliveries / (result.sent[0] ?? 1));
    return {
      fanOutCpuPer1000: (result.cpuSeconds / deliveries) * 1000,
      fanOutPerSecond: deliveries / result.seconds,
    };
  }

  #traffic(users: readonly LoadUser[]): Traffic {
    return new Traffic(users, this.#server.copies === 'im-ng', this.#cpu);
  }
}

async function fillRoster(server: BenchServer, name: string): Promise<void> {
  const client = await bringDeviceOnline(server, name, 'roster');
  for (let item = 0; item < ROSTER_ITEMS; item += 1) {
    const contact = `<item jid='contact${item}@localhost' name='Contact ${item}'/>`;
    await client.ask('set', `<query xmlns='jabber:iq:roster'>${contact}</query>`);
  }
  client.close();
}
