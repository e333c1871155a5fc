import type { LoadClient } from './client.ts';
import { inParallel } from './in-parallel.ts';
import type { LoadUser } from './users.ts';

const RSM = 'http://jabber.org/protocol/rsm';

/** A page of an archive, as its reader counts it. */
export interface ArchivePage {
  readonly rows: number;
  /** Where the next page begins; undefined at the end. */
  readonly last: string | undefined;
}

/** Reads a page of the own archive (XEP-0313), from its beginning or behind a row. Its rows are numbered messages. */
export async function readPage(client: LoadClient, max: number, after?: string): Promise<ArchivePage> {
  const rest = after === undefined ? '' : `<after>${after}</after>`;
  let rows = 0;
  const { arrived } = client;
  client.arrived = () => {
    rows += 1;
  };
  const answer = await client.askForMuch(
    `<query xmlns='urn:xmpp:mam:2'><set xmlns='${RSM}'><max>${max}</max>${rest}</set></query>`,
  );
  client.arrived = arrived;
  const end = answer.slice(answer.lastIndexOf('<fin'));
  const isComplete = /^<fin[^>]*complete=['"]true/.test(end);
  return { rows, last: isComplete ? undefined : /<last>([^<]+)</.exec(end)?.[1] };
}

/** Reads an archive to its end, or to so many rows; gives how many there were. */
export async function readArchive(client: LoadClient, page: number, most: number): Promise<number> {
  let rows = 0;
  let last: string | undefined;
  do {
    const read = await readPage(client, page, last);
    rows += read.rows;
    last = read.last;
  } while (last !== undefined && rows < most);
  return rows;
}

/** How many rows the archive of each user has, as the server counts them. */
export function countArchives(users: readonly LoadUser[]): Promise<number[]> {
  return inParallel(users, 8, async ({ devices, name }) => {
    const query = `<query xmlns='urn:xmpp:mam:2'><set xmlns='${RSM}'><max>0</max></set></query>`;
    const count = /<count>(\d+)</.exec((await devices[0]?.ask('set', query)) ?? '')?.[1];
    if (count === undefined) throw new Error(`the archive of ${name} cannot be counted`);
    return Number(count);
  });
}

/** Rows too few in the archives of pairs of users, when each has sent so many messages and had so many rows before. */
export async function missingRows(
  users: readonly LoadUser[],
  before: readonly number[],
  sent: readonly number[],
): Promise<number> {
  const after = await countArchives(users);
  const due = (index: number): number => (before[index] ?? 0) + (sent[index] ?? 0) + (sent[index ^ 1] ?? 0);
  return after.reduce((sum, count, index) => sum + Math.abs(due(index) - count), 0);
}
