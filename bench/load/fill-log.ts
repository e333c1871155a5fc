import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { openSqliteLog } from '../../packages/server/src/log/sqlite/sqlite-log.ts';
import { type AccountLog, LogError, type NewRow } from '../../packages/server/src/log/log.ts';
import { systemClock, systemRandom } from '../../packages/server/src/system.ts';
import { numberedMessage } from './client.ts';

/** Messages under way to the log at a time. */
const WINDOW = 2000;

/**
 * Writes conversations between accounts straight into the log of a data folder, as the server would: two rows a message, which share a stanza.
 * Every account gets as many as every other. No server may be running there. Gives the bytes of the stanzas in all archives together: what is in
 * two of them counts twice.
 */
export async function fillLog(data: string, names: readonly string[], rows: number): Promise<number> {
  const log = await openSqliteLog({ path: join(data, 'log.db'), clock: systemClock, random: systemRandom });
  let bytes = 0;
  try {
    const messages = Math.ceil(rows / 2);
    for (let begin = 0; begin < messages; begin += WINDOW) {
      const numbers = Array.from({ length: Math.min(WINDOW, messages - begin) }, (_, index) => begin + index);
      const units = numbers.map((number) => makeRows(names, number));
      for (const row of units.flat()) bytes += row.stanza.length;
      await Promise.all(units.map((unit) => append(log, unit)));
    }
    return bytes;
  } finally {
    await log.close();
  }
}

function makeRows(names: readonly string[], number: number): NewRow[] {
  const sender = number % names.length;
  const from = `${names[sender]}@localhost`;
  const to = `${names[sender ^ 1]}@localhost`;
  const text = numberedMessage(to, number % 100_000_000).replace(' id=', ` from='${from}/d0' id=`);
  const common = { stanza: Buffer.from(text), transient: false, groupchat: false };
  return [
    { ...common, account: from, peer: to, peerResource: '', outgoing: true, offline: false },
    { ...common, account: to, peer: from, peerResource: 'd0', outgoing: false, offline: true },
  ];
}

function append(log: AccountLog, rows: readonly NewRow[]): Promise<void> {
  return new Promise((resolve, reject) => {
    log.append(rows, (result) => (result instanceof LogError ? reject(result) : resolve()));
  });
}
