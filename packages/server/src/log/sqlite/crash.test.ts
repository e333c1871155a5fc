import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ALICE, BOB, createRandom, ManualClock, readAll } from '../suite/fixture.ts';
import { findLogFaults } from './integrity.ts';
import { openSqliteLog } from './sqlite-log.ts';

/** Appends messages of Alice to Bob, 20 under way, and prints the number of each that is acknowledged. */
const WRITER = `
  const [url, path, from] = process.argv.slice(2);
  const { openSqliteLog } = await import(url);
  const clock = { now: () => Date.now(), after: () => ({ cancel() {} }) };
  const random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
  const log = await openSqliteLog({ path, clock, random });
  let next = Number(from);
  const append = () => {
    const number = next++;
    const row = (account, peer) => ({ account, peer, peerResource: '', stanza: new TextEncoder().encode(String(number)),
      transient: false, groupchat: false, outgoing: true, offline: false });
    log.append([row('${ALICE}', '${BOB}'), row('${BOB}', '${ALICE}')], (result) => {
      if (result instanceof Error) throw result;
      console.log(number);
      append();
    });
  };
  for (let i = 0; i < 20; i++) append();
`;

test('I3 kill -9 at any moment: what was acknowledged is there, both rows of a message or none, in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  const path = join(folder, 'log.db');
  const script = join(folder, 'writer.mjs');
  writeFileSync(script, WRITER);
  try {
    let acknowledged = 0;
    for (const killAfter of [50, 333, 1200]) {
      acknowledged = await writeUntilKilled(script, path, acknowledged, acknowledged + killAfter);
      const log = await openSqliteLog({ path, clock: new ManualClock(), random: createRandom() });
      const numbers = (await readAll(log, ALICE)).map(Number);
      expect(numbers.length).toBeGreaterThan(acknowledged);
      expect(numbers).toEqual(numbers.map((_, i) => i));
      expect((await readAll(log, BOB)).map(Number)).toEqual(numbers);
      acknowledged = numbers.length;
      await log.close();
      const db = new DatabaseSync(path);
      expect(findLogFaults(db)).toEqual([]);
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);

/** Runs the writer until it has acknowledged number `until`, kills it, gives the last number that it acknowledged. */
async function writeUntilKilled(script: string, path: string, from: number, until: number): Promise<number> {
  const url = new URL('./sqlite-log.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--conditions=source', script, url, path, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let last = from - 1;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last >= until) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
}
