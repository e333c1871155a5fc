import { locateFiles } from '../../packages/server/src/files.ts';
import type { Chance } from '../../simulation/world/chance.ts';
import { Commits, type Durability } from './commits.ts';
import { Disk } from './disk.ts';
import { type Evidence, Witness } from './evidence.ts';
import { type Call, readTrace, TraceError } from './trace.ts';
import { type Pragmas, startTraced, type TracedServer } from './traced-server.ts';
import { makeTraffic, TOKEN, type Traffic } from './traffic.ts';

/** One life of a server, from a folder that was not there to its end: its system calls, and what they say. */
export interface Recording {
  readonly calls: readonly Call[];
  readonly traffic: Traffic;
  /** In the order of the lines. */
  readonly evidence: readonly Evidence[];
  readonly durability: ReadonlyMap<string, Durability>;
  /** How often the log's WAL has begun anew: a checkpoint came before. */
  readonly restarts: number;
  /** Where the database was, and the log in it; nothing is there any more. */
  readonly data: string;
  readonly log: string;
  /** A disk on which nothing has happened yet. */
  readonly disk: () => Disk;
}

/** Starts a server under strace, sends messages, ends it and reads the trace. Rejects when the server answered an error. */
export async function record(messages: number, chance: Chance, pragmas: Pragmas): Promise<Recording> {
  const server = await startTraced(pragmas);
  try {
    const traffic = await runTraffic(server, messages, chance);
    const calls = await readTrace(server.trace);
    const { log, store } = locateFiles(server.data);
    const witness = new Witness(TOKEN, traffic.sent);
    const commits = new Commits(`${log}-wal`, TOKEN);
    for (const call of calls) {
      witness.apply(call);
      commits.apply(call);
    }
    const { evidence, errors } = witness;
    if (errors[0] !== undefined)
      throw new Error(`the server answered ${errors.length} errors: ${errors[0].toString()}`);
    for (const how of ['shown', 'acknowledged'] as const) {
      const told = new Set(evidence.filter((one) => one.how === how).map(({ token }) => token));
      if (told.size !== traffic.messages.size) {
        throw new TraceError(`of ${traffic.messages.size} messages the trace has ${told.size} ${how}`);
      }
    }
    // The shared memory of the WAL's index is made anew after a loss of power, SQLite ignores what it finds.
    const wanted = [log, store].flatMap((path) => [path, `${path}-wal`, `${path}-journal`]);
    return {
      calls,
      traffic,
      evidence: evidence.toSorted((a, b) => a.line - b.line),
      durability: commits.messages,
      restarts: commits.restarts,
      data: server.data,
      log,
      disk: () => new Disk(server.root, (path) => wanted.includes(path)),
    };
  } finally {
    await server.clean();
  }
}

/** Ends the server in any case: only then is the trace complete, and nothing runs on. */
async function runTraffic(server: TracedServer, messages: number, chance: Chance): Promise<Traffic> {
  try {
    return await makeTraffic(server, messages, chance);
  } finally {
    await server.stop();
  }
}
