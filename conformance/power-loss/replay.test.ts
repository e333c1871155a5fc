import { expect, it } from 'vitest';
import { Chance } from '../../simulation/world/chance.ts';
import { Commits } from './commits.ts';
import { Content } from './content.ts';
import { Disk } from './disk.ts';
import { findViolations } from './order.ts';
import { type Call, readBytes, readLastNumber, STRACE_OPTIONS, TraceError, TraceParser } from './trace.ts';

const hex = (text: string | Buffer): string => Buffer.from(text).toString('hex').replaceAll(/../g, '\\x$&');
const SEEDS = Array.from({ length: 300 }, (_, i) => new Chance(i));

function parse(...lines: string[]): Call[] {
  const calls: Call[] = [];
  const parser = new TraceParser(calls);
  for (const line of lines) parser.line(line);
  parser.finish();
  return calls;
}

const on = (descriptor: number, path: string): string => `${descriptor}<${hex(path)}>`;
const open = (path: string): string =>
  `7  openat(AT_FDCWD<${hex('/')}>, "${hex(path)}", O_RDWR|O_CREAT, 0644) = 5<${hex(path)}>`;
const sync = (path: string): string => `7  fsync(${on(5, path)}) = 0 (DELAYED)`;
const write = (path: string, bytes: string | Buffer, offset: number): string =>
  `7  pwrite64(${on(5, path)}, "${hex(bytes)}", ${bytes.length}, ${offset}) = ${bytes.length}`;

it('a call that another thread interrupts is entered at one line and done at a later one', () => {
  const calls = parse(
    `11  fsync(${on(22, '/d/log.db-wal')} <unfinished ...>`,
    `10  writev(27<TCP:[127.0.0.1:5222->127.0.0.1:34486]>, [{iov_base="${hex('hello')}", iov_len=5}, {iov_base="${hex('world')}", iov_len=5}], 2) = 7`,
    '11  <... fsync resumed>) = 0 (DELAYED)',
    '10  +++ exited with 0 +++',
  );
  expect(calls).toMatchObject([
    { thread: 11, name: 'fsync', begin: 1, end: 3, on: '/d/log.db-wal', result: 0 },
    { thread: 10, name: 'writev', begin: 2, end: 2, on: 'TCP:[127.0.0.1:5222->127.0.0.1:34486]', result: 7 },
  ]);
  expect(readBytes(calls[1] as Call).toString()).toBe('hellowo');
});

it('a call that failed, one that never returned, and an offset', () => {
  const [failed, endless] = parse(
    '7  unlink("\\x61") = -1 ENOENT (No such file or directory)',
    `7  pwrite64(${on(5, '/d/f')}, "${hex('abc')}", 3, 4096 <unfinished ...>`,
  );
  expect(failed?.result).toBe(-1);
  expect(endless).toMatchObject({ end: Infinity, result: Number.NaN });
  expect(readLastNumber(endless as Call)).toBe(4096);
  expect(readBytes(endless as Call).toString()).toBe('abc');
});

it.each([
  '',
  'nonsense',
  '7  what is this',
  '7  <... fsync resumed>) = 0',
  `7  write(${on(5, '/f')}, "${hex('abc')}"..., 9) = 9`,
])('a line that is not understood, or was cut, is an error: %s', (line) => {
  expect(() => parse(line)).toThrow(TraceError);
});

it('an empty trace is an error; strings are traced whole', () => {
  expect(() => parse()).toThrow('empty');
  expect(STRACE_OPTIONS.join(' ')).toContain('-s 1048576');
});

it('what an fsync covers is kept; of what came after, any may be there or not', () => {
  const content = new Content();
  content.change({ begin: 1, end: 1, offset: 0, bytes: Buffer.alloc(1024, 'a') });
  content.change({ begin: 2, end: 5, offset: 0, bytes: Buffer.alloc(1024, 'b') });
  // The second write was under way when the fsync began.
  content.sync(3);
  const left = (): Set<string> =>
    new Set(
      SEEDS.map((chance) =>
        content
          .lose(chance)
          .toString()
          .replaceAll(/(.)\1{511}/g, '$1'),
      ),
    );
  expect(left()).toEqual(new Set(['aa', 'bb', 'ab', 'ba']));
  content.sync(6);
  expect(left()).toEqual(new Set(['bb']));
});

it('a torn write leaves its neighbours alone', () => {
  const content = new Content();
  content.change({ begin: 1, end: 1, offset: 0, bytes: Buffer.from('x'.repeat(600)) });
  content.sync(2);
  content.change({ begin: 3, end: 3, offset: 500, bytes: Buffer.from('y'.repeat(24)) });
  // What was there before and behind it, and its two halves, which lie in two sectors.
  const left = SEEDS.map((chance) => /^x{500}([xy])\1{11}([xy])\2{11}x{76}$/.exec(content.lose(chance).toString()));
  expect(new Set(left.map((found) => found?.slice(1).join('')))).toEqual(new Set(['xx', 'xy', 'yx', 'yy']));
});

it('a file that was cut and grew again has zeros between', () => {
  const content = new Content();
  content.change({ begin: 1, end: 1, offset: 0, bytes: Buffer.from('abcdef') });
  content.change({ begin: 2, end: 2, offset: 2, bytes: undefined });
  content.change({ begin: 3, end: 3, offset: 4, bytes: Buffer.from('z') });
  content.sync(4);
  expect(content.lose(new Chance(1)).toString()).toBe('ab\0\0z');
});

/** What may be left of /r/d/f after these calls. */
function replay(...lines: string[]): Set<string | undefined> {
  const calls = parse(...lines);
  return new Set(
    SEEDS.map((chance) => {
      const disk = new Disk('/r', (path) => path === '/r/d/f');
      for (const call of calls) disk.apply(call);
      return disk.lose(1000, chance).get('/r/d/f')?.toString();
    }),
  );
}

it('a name is there when the folder was synced, and those above it', () => {
  const made = [`7  mkdir("${hex('/r/d')}", 0700) = 0`, open('/r/d/f'), write('/r/d/f', 'a', 0), sync('/r/d/f')];
  expect(replay(...made)).toEqual(new Set(['a', undefined]));
  expect(replay(...made, sync('/r/d'))).toEqual(new Set(['a', undefined]));
  expect(replay(...made, sync('/r'), sync('/r/d'))).toEqual(new Set(['a']));
  const removed = `7  unlink("${hex('/r/d/f')}") = 0`;
  expect(replay(...made, sync('/r'), sync('/r/d'), removed)).toEqual(new Set(['a', undefined]));
  expect(replay(...made, sync('/r'), sync('/r/d'), removed, sync('/r/d'))).toEqual(new Set([undefined]));
});

it('names at risk are told, with the folders that lead there', () => {
  const calls = parse(`7  mkdir("${hex('/r/d')}", 0700) = 0`, open('/r/d/f'), sync('/r/d'), sync('/r'));
  const disk = new Disk('/r', (path) => path === '/r/d/f');
  const risks = calls.map((call) => {
    disk.apply(call);
    return disk.namesAtRisk(call.begin);
  });
  expect(risks).toEqual([[], ['/r/d/f', '/r/d'], ['/r/d'], []]);
});

it('a call that cannot be replayed is an error', () => {
  const lines = [
    `7  write(${on(5, '/r/d/f')}, "\\x61", 1) = 1`,
    `7  rename("${hex('/r/d/f')}", "${hex('/r/d/g')}") = 0`,
    write('/r/d/f', 'a', 0),
  ];
  for (const line of lines) expect(() => replay(line)).toThrow(TraceError);
});

const PAGE = 512;
const WAL = '/r/log.db-wal';

function makeFrame(index: number, text: string, commits: boolean): string[] {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(commits ? 9 : 0, 4);
  const at = 32 + index * (24 + PAGE);
  return [write(WAL, header, at), write(WAL, Buffer.alloc(PAGE, text), at + 24)];
}

function readCommits(
  ...lines: string[]
): ReadonlyMap<string, { readonly written: number; readonly committed: number; readonly synced: number }> {
  const header = Buffer.alloc(32);
  header.writeUInt32BE(PAGE, 8);
  const commits = new Commits(WAL, /m\d/g);
  for (const call of parse(write(WAL, header, 0), ...lines)) commits.apply(call);
  return commits.messages;
}

it('a message is durable when an fsync began after the frame that commits its transaction', () => {
  const found = readCommits(
    ...makeFrame(0, 'm1 ', false),
    sync(WAL),
    ...makeFrame(1, 'm2 ', true),
    sync(WAL),
    sync(WAL),
  );
  expect([...found]).toMatchObject([
    ['m1', { written: 3, committed: 6, synced: 7 }],
    ['m2', { written: 6, committed: 6, synced: 7 }],
  ]);
});

it('frames of a transaction that was given up are nobody’s; an fsync of another file does not count', () => {
  const found = readCommits(
    ...makeFrame(0, 'm1 ', false),
    ...makeFrame(1, 'm2 ', false),
    ...makeFrame(0, 'm3 ', true),
    sync('/r/log.db'),
  );
  expect([...found]).toMatchObject([['m3', { synced: Infinity }]]);
});

it('what is no frame is an error', () => {
  expect(() => readCommits(write(WAL, 'abc', 40))).toThrow(TraceError);
});

it('told while the fsync is under way is told too early', () => {
  const durability = new Map([['m1', { written: 1, committed: 2, syncBegin: 3, synced: 7 }]]);
  const tell = (line: number, token = 'm1') => ({ line, how: 'shown', to: 'phone', token, place: undefined }) as const;
  const found = findViolations([tell(8), tell(7), tell(5), tell(9, 'm2')], durability);
  expect(found.map(({ evidence }) => evidence.line)).toEqual([7, 5, 9]);
});
