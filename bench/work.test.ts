/**
 * A guard against messages that come to cost more: it counts work, which is the same on every machine, and no time.
 * A number that has to go up here is a decision: docs/performance.md says what a message costs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type StartedServer, startServer } from 'tutti';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Element } from '../packages/xmpp/src/element.ts';
import { Scanner } from '../packages/xmpp/src/scanner.ts';
import { readPage } from './load/archive.ts';
import { type LoadClient, numberedMessage } from './load/client.ts';
import { bringOnline, goOffline, type LoadUser } from './load/users.ts';

const MESSAGES = 50;
const DEVICES = 3;
const COPIES = 2 * DEVICES;

/** What `MESSAGES` messages took. */
interface Work {
  /** Elements scanned: stanzas as they come, and children that somebody looks at. */
  parses: number;
  /** Elements written out, each with what is in it. */
  serializations: number;
  /** Messages from the main thread to its workers. */
  workerMessages: number;
  socketWrites: number;
  timers: number;
  commits: number;
  rows: number;
}

let data: string;
let server: StartedServer;
let users: LoadUser[];

function portOf(name: string): number {
  return server.listening.find((one) => one.name === name)?.port ?? 0;
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-work-'));
  const free = ['c2s.port=0', 'c2s_tls.enabled=false', 'http.port=0'];
  const limits = ['limits.stanzas_per_second=0', 'limits.bytes_per_second=0'];
  const settings = [...free, ...limits, 'c2s.require_tls=false', 'auth.scram_iterations=4096', 's2s.enabled=false'];
  server = await startServer({ data, settings: [...settings, 's2s_tls.enabled=false'] });
  for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, 'secret');
  users = await bringOnline({ port: portOf('c2s'), copies: 'im-ng' }, ['alice', 'bob'], DEVICES);
  await count(() => send(1)); // what is done once only
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  goOffline(users);
  await server.stop();
  await rm(data, { recursive: true });
});

/** The value of a metric of the server's. */
async function metric(name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${portOf('http')}/metrics`);
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await response.text())?.[1]);
}

async function count(run: () => Promise<unknown>): Promise<Work> {
  const commits = await metric('tutti_log_commit_seconds_count');
  const rows = await metric('tutti_log_batch_rows_sum');
  const port = portOf('c2s');
  let socketWrites = 0;
  const { write } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args: unknown[]) {
    if (this.localPort === port) socketWrites += 1;
    return Reflect.apply(write, this, args) as boolean;
  });
  const spies = {
    parses: vi.spyOn(Scanner.prototype, 'scan'),
    serializations: vi.spyOn(Element.prototype, 'writeTo'),
    workerMessages: vi.spyOn(Worker.prototype, 'postMessage'),
    timers: vi.spyOn(globalThis, 'setTimeout'),
  };
  await run();
  const work = Object.fromEntries(Object.entries(spies).map(([name, spy]) => [name, spy.mock.calls.length]));
  vi.restoreAllMocks();
  return {
    ...(work as Pick<Work, keyof typeof spies>),
    socketWrites,
    commits: (await metric('tutti_log_commit_seconds_count')) - commits,
    rows: (await metric('tutti_log_batch_rows_sum')) - rows,
  };
}

/** Alice's first device sends Bob messages: `together` of them at once, the next when all copies of those are there. */
async function send(messages: number, together = 1): Promise<void> {
  const devices = users.flatMap((user) => user.devices);
  const [phone] = devices as [LoadClient];
  for (let sent = 0; sent < messages; sent += together) {
    let copies = 0;
    const arrived = new Promise<void>((resolve) => {
      for (const device of devices) {
        device.arrived = () => {
          copies += 1;
          if (copies === together * COPIES) resolve();
        };
      }
    });
    const numbers = Array.from({ length: together }, (_, index) => sent + index);
    phone.write(numbers.map((number) => numberedMessage('bob@localhost', number)).join(''));
    await arrived;
  }
}

describe('the work of a message between two users with three devices each', () => {
  it('one after the other', async () => {
    const { timers, ...work } = await count(() => send(MESSAGES));
    expect(work).toEqual({
      parses: 2 * MESSAGES, // the stanza; its body, in the planner's look at it
      serializations: 5 * MESSAGES, // for the archive, where both share it; for each account, with its stanza-id
      workerMessages: MESSAGES,
      socketWrites: COPIES * MESSAGES,
      commits: MESSAGES,
      rows: 2 * MESSAGES,
    });
    expect(timers).toBeLessThan(MESSAGES / 5); // the server's own, now and then
  });

  it('many at once share commits, messages between threads, and writes', async () => {
    const work = await count(() => send(MESSAGES, MESSAGES));
    expect(work).toMatchObject({ parses: 2 * MESSAGES, serializations: 5 * MESSAGES, rows: 2 * MESSAGES });
    // One of each where the system hands them over in one piece
    const pieces = 5;
    expect(work.commits).toBeLessThanOrEqual(pieces);
    expect(work.workerMessages).toBeLessThanOrEqual(pieces);
    expect(work.socketWrites).toBeLessThanOrEqual(pieces * COPIES);
  });
});

describe('the work of a page of the archive', () => {
  beforeAll(() => send(200, MESSAGES));

  // Buffers of up to 64 KiB; the answer goes with a small one.
  it.each([
    [10, 1],
    [50, 2],
    [200, 3],
  ])('of %i rows: none of them is parsed or serialized, and they take %i writes', async (rows, socketWrites) => {
    const phone = users[0]?.devices[0] as LoadClient;
    const { last } = await readPage(phone, 1);
    let read = 0;
    const { timers: _, ...work } = await count(async () => ({ rows: read } = await readPage(phone, rows, last)));
    expect(read).toBe(rows);
    expect(work).toEqual({
      parses: 5, // the request, and what stands in it: <query/>, <set/>, <max/>, <after/>
      serializations: 6, // the answer: <iq/>, <fin/>, <set/> with <first/>, <last/> and <count/>
      workerMessages: 1, // one call of the log's reader; the place of `last` is known
      socketWrites,
      commits: 0,
      rows: 0,
    });
  });

  it('many at once share the message between threads', async () => {
    const devices = users.flatMap((user) => user.devices);
    const work = await count(async () => void (await Promise.all(devices.map((device) => readPage(device, 50)))));
    expect(work.workerMessages).toBeLessThanOrEqual(devices.length);
    expect(work).toMatchObject({ commits: 0, rows: 0 });
  });
});

describe('the work of a login', () => {
  const LOGINS = 20;

  it('is one question to the store and a write for each answer; when somebody was last online is written for many at once', async () => {
    await server.accounts.add('carol@localhost', 'secret');
    const logIn = async (): Promise<void> =>
      goOffline(await bringOnline({ port: portOf('c2s'), copies: 'im-ng' }, ['carol'], 1));
    await logIn();
    const begun = performance.now();
    const work = await count(async () => {
      for (let login = 0; login < LOGINS; login += 1) await logIn();
    });
    const seconds = Math.ceil((performance.now() - begun) / 1000);
    expect(work.commits).toBe(0);
    // Headers and features twice, challenge, success, bind, and what comes of enable, presence and ping: these arrive in one piece or two
    expect(work.socketWrites).toBeGreaterThanOrEqual(6 * LOGINS);
    expect(work.socketWrites).toBeLessThanOrEqual(7 * LOGINS);
    expect(work.workerMessages).toBeGreaterThanOrEqual(LOGINS);
    expect(work.workerMessages).toBeLessThanOrEqual(LOGINS + 1 + seconds);
  });
});
