import { connect } from 'node:net';
import { Buffer } from 'node:buffer';
import { type Account } from '../../conformance/client/login.ts';
import { Link } from '../rig/link.ts';
import type { RunningServer } from '../rig/server.ts';
import { Receiver, sendStream, sleep } from '../rig/stream-of-messages.ts';
import { EARLY, FOOTER, HEADER, LATE } from './corpus.ts';
import { Mutator } from './mutator.ts';

/** What a fuzzing run came to. */
export interface FuzzReport {
  readonly seed: number;
  readonly streams: number;
  readonly stanzas: number;
  /** How streams ended: by whom, and with which stream error. */
  readonly ends: Readonly<Record<string, number>>;
  /** Megabytes of resident memory: a tenth into the run, and in the end. */
  readonly memory: readonly [early: number, late: number];
  /** Streams that the server neither answered nor ended. */
  readonly hung: number;
  /** Lines of the server's log that report an error of its own. */
  readonly problems: readonly string[];
  /** Messages of two others meanwhile: all of them came, once and in order. */
  readonly conversed: number;
  readonly sound: boolean;
}

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly tell?: (line: string) => void;
}

const WIDTH = 8;
/** How long the server may take to answer the fence at the end of a stream, or to close it. */
const PATIENCE = 15_000;
/** What memory may grow by after the first tenth of a run: a leak of every stream would be more. */
const GROWTH = 256;

/** Sends mutated streams from several connections at a time while two others converse. One seed sends the same bytes, in whatever order they meet. */
export async function fuzz(server: RunningServer, { seconds, seed, tell }: FuzzOptions): Promise<FuzzReport> {
  const account = await server.account('fuzz');
  const [a, b] = [await server.account('fuzz-alice'), await server.account('fuzz-bob')];
  const [alice, bob] = [await Link.open(server.address(), a), await Link.open(server.address(), b)];
  await bob.enableImNg();
  const pair = new Receiver(bob);
  const end = Date.now() + seconds * 1000;
  const tally: Tally = { streams: 0, stanzas: 0, hung: 0, ends: {} };
  let early = 0;
  const watch = async (): Promise<void> => {
    await sleep(Math.max(1000, seconds * 100));
    early = megabytes(server);
    while (Date.now() < end) {
      await sleep(Math.min(30_000, Math.max(1, end - Date.now())));
      tell?.(
        `${tally.streams} streams, ${tally.stanzas} stanzas, ${megabytes(server)} MB, ${server.problems.length} problems`,
      );
    }
  };
  const talk = async (): Promise<number> => {
    let sent = 0;
    while (Date.now() < end) {
      await sendStream(alice, b.jid, { first: sent, count: 20, bytes: 100, perSecond: 20 });
      sent += 20;
    }
    await pair.has(sent);
    return sent;
  };
  const run = async (worker: number): Promise<void> => {
    for (let round = 0; Date.now() < end && server.alive; round += 1) {
      const mutator = new Mutator(seed * 1_000_003 + worker * 10_007 + round);
      if (worker < 2) await fuzzEarly(server, mutator, tally);
      else await fuzzLate(server, account, mutator, tally);
    }
  };
  const [conversed] = await Promise.all([
    talk(),
    watch(),
    ...Array.from({ length: WIDTH }, (_, worker) => run(worker)),
  ]);
  const memory = [early, megabytes(server)] as const;
  const isQuiet = server.alive && server.problems.length === 0 && tally.hung === 0;
  const divergence = await server.metric('tutti_divergence_total');
  const sound = isQuiet && divergence === 0 && pair.wrong.length === 0 && memory[1] - early < GROWTH;
  return { seed, ...tally, memory, problems: server.problems.slice(0, 20), conversed, sound };
}

interface Tally {
  streams: number;
  stanzas: number;
  hung: number;
  readonly ends: Record<string, number>;
}

/** Before login, in clear: mutated bytes from the first one on. */
function fuzzEarly(server: RunningServer, mutator: Mutator, tally: Tally): Promise<void> {
  const { host, port } = server.address('starttls');
  const parts = [HEADER, ...mutator.pick(EARLY, 4), FOOTER];
  tally.streams += 1;
  tally.stanzas += parts.length - 2;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let answer = '';
    // It may be waited for in vain: what was sent need not be whole. Half-closing ends it in any case.
    const timer = setTimeout(() => {
      tally.hung += 1;
      socket.destroy();
    }, PATIENCE);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      answer = (answer + chunk.toString('latin1')).slice(-2000);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      count(tally, answer);
      resolve();
    });
    socket.on('connect', () => {
      for (const piece of mutator.cut(Buffer.from(mutator.mutate(parts.join(''))))) socket.write(piece);
      setTimeout(() => socket.end(), 20);
    });
  });
}

/** As a session: whole stanzas, mutated in content, then one that is mutated in its bytes. */
async function fuzzLate(server: RunningServer, account: Account, mutator: Mutator, tally: Tally): Promise<void> {
  let link: Link;
  try {
    link = await Link.open(server.address(), account, `r${mutator.below(12)}`);
  } catch {
    // Another stream of the same account has just taken this resource: that is what it asked for.
    count(tally, 'replaced while it logged in');
    return;
  }
  tally.streams += 1;
  const stanzas = mutator.pick(LATE, 30);
  tally.stanzas += stanzas.length;
  for (const stanza of stanzas) {
    if (link.wire.closed) break;
    link.wire.sendText(mutator.chance(4) ? stanza : mutator.mutateContent(stanza));
  }
  for (const piece of mutator.cut(Buffer.from(mutator.mutate(stanzas.join(''))))) link.wire.sendText(piece);
  link.wire.sendText(FOOTER);
  try {
    await link.wire.waitClosed(200);
  } catch {
    // It waits for the rest of something: the connection is cut, and the next one must be served.
    link.wire.cut();
  }
  await link.wire.waitClosed(PATIENCE).catch(() => {
    tally.hung += 1;
  });
  count(tally, link.wire.streamError?.toString() ?? (link.wire.ended ? FOOTER : ''));
}

function count(tally: Tally, answer: string): void {
  const condition = /<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/.exec(answer)?.[1];
  const how =
    condition ?? (answer.includes(FOOTER) ? 'closed' : answer.startsWith('replaced') ? 'replaced' : 'cut by us');
  tally.ends[how] = (tally.ends[how] ?? 0) + 1;
}

function megabytes(server: RunningServer): number {
  return server.alive ? Math.round(server.rss() / 1e6) : 0;
}
