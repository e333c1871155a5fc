import { type Element, NS, parseXml } from '@tutti/xmpp';
import { parseId } from '../../packages/server/src/log/place.ts';
import type { StoredRow } from '../../packages/server/src/log/memory/state.ts';
import type { Problem } from '../world/problem.ts';
import { isFromRoom, isSelf, type Life, ROOM, roomSeq } from './life.ts';
import type { RoomsWorld, Utterance } from './world.ts';

type Report = (check: string, text: string) => void;

/** Time within which everything is done when nothing goes wrong, in ms. */
const SOON = 1500;

/** Time within which everything is done on a slow disk. */
const LATE = 8000;

/** What must hold when a world has come to rest. */
export function checkRooms(world: RoomsWorld): Problem[] {
  const problems = [...world.problems];
  const report: Report = (check, text) => void problems.push({ check, text });
  const archive = new Map(world.rowsOf(ROOM).map((row) => [row.seq, row]));
  for (const life of world.lives) {
    checkSpeakers(life, report);
    for (const visit of visitsOf(life)) checkVisit(life, visit, archive, report);
  }
  for (const said of world.utterances) {
    if (said.nick === undefined) checkSaid(world, said, report);
    else checkWhispered(world, said, report);
  }
  for (const account of world.story.accounts) {
    for (const row of world.rowsOf(account)) {
      if (row.groupchat) report('S4', `${account} has archived groupchat: ${new TextDecoder().decode(row.stanza)}`);
    }
  }
  return problems;
}

/** A stay in the room, as the session saw it. */
interface Visit {
  /** Nicknames, each from when on. */
  readonly nicks: { readonly at: number; readonly nick: string }[];
  readonly from: number;
  until: number;
  /** It lasts to the end of the world. */
  lasts: boolean;
  readonly history: number[];
  readonly live: { readonly seq: number; readonly stanza: Element }[];
}

function visitsOf(life: Life): Visit[] {
  const visits: Visit[] = [];
  let visit: Visit | undefined;
  for (const { at, stanza } of life.received) {
    if (!isFromRoom(stanza)) continue;
    if (isSelf(stanza)) {
      const { type, from = '' } = stanza.attrs;
      if (type === 'unavailable' && !isRenaming(stanza) && visit !== undefined) {
        visit.until = at;
        visit.lasts = false;
        visit = undefined;
      } else if (type === undefined) {
        const nick = { at, nick: from.slice(ROOM.length + 1) };
        visit?.nicks.push(nick);
        if (visit !== undefined) continue;
        visit = {
          nicks: [nick],
          from: at,
          until: life.until ?? Infinity,
          lasts: life.until === undefined,
          history: [],
          live: [],
        };
        visits.push(visit);
      }
      continue;
    }
    const seq = stanza.attrs['type'] === 'groupchat' ? roomSeq(stanza) : undefined;
    if (seq === undefined || visit === undefined) continue;
    const isPast = stanza.child('delay', NS.delay) !== undefined;
    // Who enters a second time gets the history once more: what is known already is no gap.
    if (isPast && visit.live.length === 0 && !visit.history.includes(seq)) visit.history.push(seq);
    else if (!isPast) visit.live.push({ seq, stanza });
  }
  return visits;
}

/** XEP-0045 §7.6. */
function isRenaming(stanza: Element): boolean {
  return (
    stanza
      .child('x', NS.mucUser)
      ?.childrenNamed('status')
      .some(({ attrs }) => attrs['code'] === '303') === true
  );
}

/** XEP-0045 §7.1: whoever is heard is there, for whoever hears it: presence and messages come in the order in which the room has had them. */
function checkSpeakers(life: Life, report: Report): void {
  const present = new Set<string>();
  // What comes before was for the session before, of the same address.
  const start = life.received.findIndex(({ stanza }) => isSelf(stanza) && stanza.attrs['type'] === undefined);
  for (const [index, { stanza }] of life.received.entries()) {
    const { from = '', type } = stanza.attrs;
    if (start === -1 || !isFromRoom(stanza)) continue;
    if (stanza.name === 'presence') {
      if (isSelf(stanza) && type === 'unavailable' && !isRenaming(stanza)) present.clear();
      else if (type === 'unavailable') present.delete(from);
      else if (type === undefined) present.add(from);
    } else if (
      type === 'groupchat' &&
      roomSeq(stanza) !== undefined &&
      stanza.child('delay', NS.delay) === undefined &&
      index > start &&
      !present.has(from)
    ) {
      report('order', `${life.device} hears ${from}, who is not there: ${stanza.attrs['id']}`);
    }
  }
}

/** I1, I2 of a room: what a session hears is the archive from where it came in, without a gap, in order, the same bytes. */
function checkVisit(life: Life, visit: Visit, archive: ReadonlyMap<number, StoredRow>, report: Report): void {
  const { live, history, lasts } = visit;
  const head = Math.max(0, ...archive.keys());
  live.forEach(({ seq, stanza }, index) => {
    const before = live[index - 1]?.seq;
    if (before !== undefined && seq !== before + 1) report('I1', `${life.device} hears ${seq} after ${before}`);
    const row = archive.get(seq);
    if (row === undefined) return report('I3', `${life.device} has heard ${seq}, which is not archived`);
    const archived = parseXml(row.stanza, NS.client).without(({ ns }) => ns === NS.mucUser);
    const heard = stanza
      .with({ to: undefined })
      .without((child) => child.is('stanza-id', NS.sid) && child.attrs['by'] === ROOM);
    if (heard.toString() !== archived.toString())
      report('I2', `${life.device} hears ${heard.toString()}, archived is ${archived.toString()}`);
  });
  const last = live.at(-1)?.seq;
  if (lasts && last !== undefined && last !== head)
    report('I1', `${life.device} is in the room and has heard ${last} of ${head}`);
  const start = live[0]?.seq ?? (lasts ? head + 1 : undefined);
  if (start === undefined) return;
  const due = pastOf(archive, start);
  if (history.join() !== due.join())
    report('I1', `${life.device} came in before ${start} and was told ${history.join()} instead of ${due.join()}`);
}

/** The history before a row: what has a text and had not been taken back. */
function pastOf(archive: ReadonlyMap<number, StoredRow>, before: number): number[] {
  const rows = [...archive.values()]
    .filter(({ seq }) => seq < before)
    .map((row) => ({ seq: row.seq, id: row.id, stanza: parseXml(row.stanza, NS.client) }));
  const retracted = new Set(
    rows.flatMap(({ stanza }) => {
      const target = parseId(stanza.child('retract', NS.messageRetract)?.attrs['id'] ?? '')?.seq;
      return target === undefined ? [] : [target];
    }),
  );
  return rows
    .filter(({ seq, stanza }) => stanza.child('body') !== undefined && !retracted.has(seq))
    .map(({ seq }) => seq);
}

/** It was in the room long before that time, and had that nickname before and long after. */
function isCalledAround(visit: Visit | undefined, at: number, nick: string | undefined): boolean {
  if (visit === undefined || visit.from > at - SOON) return false;
  const before = visit.nicks.findLast((one) => one.at <= at - SOON)?.nick;
  return before === nick && visit.nicks.every((one) => Math.abs(one.at - at) > SOON);
}

/** In the room by that time, and still there so much later. */
function isIn(life: Life, at: number, ms = SOON): Visit | undefined {
  return visitsOf(life).find(({ from, until }) => from <= at && until > at + ms);
}

/** Archived at most once; who was in the room has it archived, or an error. */
function checkSaid(world: RoomsWorld, { key, at, life }: Utterance, report: Report): void {
  const rows = world.rowsOf(ROOM).filter((row) => idOf(row) === key);
  if (rows.length > 1) report('I3', `${key} is archived ${rows.length} times`);
  if (rows.length > 0 || isIn(life, at, LATE) === undefined) return;
  const isRefused = life.received.some(({ stanza }) => stanza.attrs['type'] === 'error' && stanza.attrs['id'] === key);
  if (!isRefused) report('A3', `${key} of ${life.device} is neither archived nor refused`);
}

/** D6, S1: one row and one delivery for each device, on both sides. */
function checkWhispered(world: RoomsWorld, said: Utterance, report: Report): void {
  const { key, at, life } = said;
  const text = `whisper ${key}`;
  const isOwn = said.nick?.split('-')[0] === life.account.split('@')[0];
  const most = isOwn ? 2 : 1;
  for (const account of world.story.accounts) {
    const rows = world
      .rowsOf(account)
      .filter((row) => bodyOf(parseXml(row.stanza, NS.client)) === text && !isError(row));
    if (rows.length > most) report('D6', `${key} has ${rows.length} rows in the archive of ${account}`);
  }
  for (const other of world.lives) {
    const got = other.received.filter(
      ({ stanza }) => bodyOf(stanza) === text && stanza.attrs['type'] === 'chat',
    ).length;
    if (got > most) report('D6', `${other.device} gets ${key} ${got} times`);
  }
  if (!world.isQuiet(at, SOON) || isIn(life, at) === undefined) return;
  const listeners = world.lives.filter(
    (one) => one.until === undefined && isCalledAround(isIn(one, at), at, said.nick),
  );
  for (const listener of listeners) {
    const { account } = listener;
    const rows = world
      .rowsOf(account)
      .filter((row) => bodyOf(parseXml(row.stanza, NS.client)) === text && !row.outgoing && !isError(row));
    if (rows.length !== 1)
      report(
        'D6',
        `${key} has ${rows.length} rows in the archive of ${account}, whose ${listener.device} is in the room`,
      );
    for (const device of world.lives.filter((one) => one.account === account && one.imNg && one.until === undefined)) {
      const since = device.received[0]?.at ?? Infinity;
      const got = device.received.some(({ stanza }) => bodyOf(stanza) === text && stanza.attrs['from'] !== life.device);
      if (since < at - SOON && !got)
        report('D6', `${device.device} does not get ${key}, which ${listener.device} gets`);
    }
  }
}

function idOf(row: StoredRow): string | undefined {
  return parseXml(row.stanza, NS.client).attrs['id'];
}

function bodyOf(stanza: Element): string | undefined {
  return stanza.child('body')?.text();
}

function isError(row: StoredRow): boolean {
  return parseXml(row.stanza, NS.client).attrs['type'] === 'error';
}
