import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One system call. Lines are those of the trace, from 1. */
export interface Call {
  readonly thread: number;
  readonly name: string;
  /** The line where it was entered: it had no effect before. */
  readonly begin: number;
  /** The line where it had returned: it is done. Infinity: it never returned. */
  readonly end: number;
  /** What the first argument's descriptor is open on: a path, or `TCP:[server->client]`; '' where it is no descriptor. */
  readonly on: string;
  /** The arguments as printed. */
  readonly args: string;
  /** What it returned; NaN where it never did. */
  readonly result: number;
}

/** The trace is not what this folder's parser knows, or was cut. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** What strace is told: every call that moves bytes to a file or socket, makes them durable, or changes a folder; whole strings, in hex. */
export const STRACE_OPTIONS: readonly string[] = [
  '-f', // all threads
  '-yy', // what a descriptor is open on
  '-xx',
  '-s',
  '1048576',
  '--seccomp-bpf', // other calls run undisturbed
  '--signal=none',
  '-e',
  'trace=open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice,copy_file_range,' +
    'fsync,fdatasync,sync_file_range,truncate,ftruncate,fallocate,link,linkat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir',
];

/** Reads a trace in the order of the calls' entries. Throws TraceError for a line that it does not know. */
export async function readTrace(path: string): Promise<Call[]> {
  const calls: Call[] = [];
  const parser = new TraceParser(calls);
  for await (const line of createInterface({ input: createReadStream(path, 'latin1'), crlfDelay: Infinity })) {
    parser.line(line);
  }
  parser.finish();
  return calls;
}

/** Reads a trace line by line. */
export class TraceParser {
  readonly #calls: Call[];
  /** By thread: the call that it is in, and its place among the calls. */
  readonly #open = new Map<number, { readonly index: number; readonly text: string; readonly begin: number }>();
  #line = 0;

  constructor(calls: Call[]) {
    this.#calls = calls;
  }

  line(text: string): void {
    this.#line += 1;
    const space = text.indexOf(' ');
    const thread = Number(text.slice(0, space));
    const rest = text.slice(space).trimStart();
    if (!Number.isSafeInteger(thread) || space < 1) throw this.#unknown(text);
    if (rest.startsWith('+++ ') || rest.startsWith('--- ')) return;
    if (rest.startsWith('<... ')) return this.#resume(thread, rest);
    if (rest.endsWith(UNFINISHED)) {
      this.#open.set(thread, {
        index: this.#calls.length,
        text: rest.slice(0, -UNFINISHED.length),
        begin: this.#line,
      });
      this.#calls.push(readCall(thread, rest.slice(0, -UNFINISHED.length), this.#line, Infinity));
    } else this.#calls.push(readCall(thread, rest, this.#line, this.#line));
  }

  finish(): void {
    if (this.#calls.length === 0) throw new TraceError('the trace is empty');
  }

  #resume(thread: number, rest: string): void {
    const open = this.#open.get(thread);
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest);
    if (open === undefined || resumed === null) throw this.#unknown(rest);
    this.#open.delete(thread);
    const text = open.text + rest.slice(resumed[0].length);
    this.#calls[open.index] = readCall(thread, text, open.begin, this.#line);
  }

  #unknown(text: string): TraceError {
    return new TraceError(`line ${this.#line} of the trace is none that is known: ${text.slice(0, 200)}`);
  }
}

const UNFINISHED = ' <unfinished ...>';

function readCall(thread: number, text: string, begin: number, end: number): Call {
  const open = text.indexOf('(');
  const name = text.slice(0, open);
  if (open < 1 || !/^\w+$/.test(name))
    throw new TraceError(`line ${begin} of the trace is no call: ${text.slice(0, 200)}`);
  let args = text.slice(open + 1);
  let result = Number.NaN;
  if (end !== Infinity) {
    const equals = args.lastIndexOf(' = ');
    args = args.slice(0, args.lastIndexOf(')', equals));
    result = Number.parseInt(text.slice(text.lastIndexOf(' = ') + 3), 10);
  }
  if (args.includes('"...')) throw new TraceError(`line ${begin} of the trace has been cut`);
  const descriptor = /^\d+<((?:->|[^>])*)>/.exec(args);
  return {
    thread,
    name,
    begin,
    end,
    on: descriptor?.[1] === undefined ? '' : decodeHex(descriptor[1]).toString(),
    args,
    result,
  };
}

/** The strings of a call's arguments, in order. */
export function readStrings(call: Call): Buffer[] {
  const found: Buffer[] = [];
  for (let from = call.args.indexOf('"'); from >= 0; from = call.args.indexOf('"', from)) {
    const to = call.args.indexOf('"', from + 1);
    if (to < 0) throw new TraceError(`line ${call.begin} of the trace has been cut`);
    found.push(decodeHex(call.args.slice(from + 1, to)));
    from = to + 1;
  }
  return found;
}

/** The bytes that a call hands to the system, and those of them that it took. */
export function readBytes(call: Call): Buffer {
  const all = Buffer.concat(readStrings(call));
  // One that never returned, or failed, may have written any of it.
  return call.result >= 0 ? all.subarray(0, call.result) : all;
}

/** The last argument as a number: an offset, a size. */
export function readLastNumber(call: Call): number {
  const text = call.args.slice(call.args.lastIndexOf(',') + 1).trim();
  if (!/^\d+$/.test(text))
    throw new TraceError(`line ${call.begin} of the trace: no number at the end of ${call.name}`);
  return Number(text);
}

function decodeHex(text: string): Buffer {
  return text.startsWith('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex') : Buffer.from(text, 'latin1');
}
