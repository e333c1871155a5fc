import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { verifyData } from '../../packages/server/src/cli/verify-data.ts';
import type { Address } from '../client/transport.ts';
import { Chance } from '../durability/chance.ts';
import { Hall } from '../hall.ts';
import { launchTutti } from '../targets/launch.ts';
import { type Heard, Visitor } from './visitor.ts';

/** 40 accounts with three devices with IM-NG, 80 with one of today: 200 devices. */
const ACCOUNTS = 120;
const WITH_IM_NG = 40;
const ROUNDS = 12;
const DEEDS = 40;

test('I1 D6 S4 a room of 200 devices that come, go and lose their links is what its archive says', async () => {
  const data = mkdtempSync(join(tmpdir(), 'tutti-crowd-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const server = await launchTutti({ data, settings: ['rooms.stanzas_per_second=0'] });
  onTestFinished(() => server.end('SIGKILL'));
  const here = { host: '127.0.0.1', domain: 'localhost' };
  const addresses: Address[] = [
    { transport: 'tcp', tls: 'starttls', port: server.port('c2s'), ...here },
    { transport: 'ws', tls: 'none', port: server.port('http'), ...here },
  ];
  const visitors: Visitor[] = [];
  const hall = new Hall('crowd@conference.localhost');
  for (let n = 0; n < ACCOUNTS; n += 1) {
    const account = { jid: `user${n}@localhost`, password: 'secret' };
    await server.add(account.jid, account.password);
    const imNg = n < WITH_IM_NG;
    for (const resource of imNg ? ['phone', 'desk', 'tv'] : ['phone']) {
      const address = addresses[visitors.length % addresses.length] as Address;
      visitors.push(new Visitor(`user${n}.${resource}`, account, `user${n}`, imNg, address, hall));
    }
  }
  expect(visitors).toHaveLength(200);

  const [first, ...others] = visitors;
  if (first === undefined) throw new Error('nobody is there');
  await first.come();
  await first.enter(0);
  await hall.configure(first.device, { persistentroom: '1' });
  await inGroups(others, 20, async (visitor) => {
    await visitor.come();
    await visitor.enter(0);
  });

  const said = await churn(visitors);
  await inGroups(visitors, 50, async (visitor) => {
    if (visitor.whereabouts === 'cut') await visitor.resume();
  });
  const inside = visitors.filter(({ whereabouts }) => whereabouts === 'inside');
  const speaker = inside.findLast(({ imNg }) => !imNg) ?? first;
  const ended = inside.map(async ({ device, imNg }) => {
    await device.receive((stanza) => stanza.child('body')?.text() === 'the end');
    if (imNg) await device.receive((stanza) => stanza.child('body')?.text() === 'good bye');
  });
  hall.say(speaker.device, 'the end');
  for (const nick of new Set(inside.filter(({ imNg }) => imNg).map((visitor) => visitor.nick)))
    hall.whisper(speaker.device, nick, 'good bye');
  await Promise.all(ended);
  await inGroups(inside, 50, ({ device }) => device.fence());

  const archive = await archiveOf(inside[0] ?? first, hall.jid);
  expect(
    archive
      .map(({ body }) => body)
      .filter((body) => body !== '')
      .toSorted(),
  ).toEqual([...said, 'the end'].toSorted());
  for (const visitor of visitors) {
    for (const [n, stay] of visitor.heard.entries()) {
      const isOpen = visitor.whereabouts === 'inside' && n === visitor.heard.length - 1;
      expect(stay, `${visitor.name} in its stay ${n}`).toEqual(sliceLike(archive, stay, isOpen));
    }
  }
  const nicks = new Set(inside.map(({ nick }) => nick));
  for (const visitor of inside) expect(visitor.occupants, `whom ${visitor.name} sees`).toEqual(nicks);
  // I1, D6: what devices with IM-NG have got of the whispers is what their accounts' archives say.
  for (const visitor of inside.filter(({ imNg }) => imNg)) {
    const own = await archiveOf(visitor);
    const whispers = own.flatMap(({ body }) => body || []);
    expect(new Set(whispers).size, `${visitor.account.jid}: each whisper is one row`).toBe(whispers.length);
    for (const [n, session] of visitor.received.entries()) {
      const isOpen = n === visitor.received.length - 1;
      expect(session, `${visitor.name} in its session ${n}`).toEqual(sliceLike(own, session, isOpen));
    }
  }

  await inGroups(visitors, 50, async (visitor) => {
    if (visitor.whereabouts !== 'away') await visitor.go();
  });
  await server.end('SIGTERM');
  expect(verifyData(data)).toMatchObject({ sound: true, faults: [] });
});

/** Rounds in which many do something at the same time; gives what was said to all. */
async function churn(visitors: readonly Visitor[]): Promise<string[]> {
  const chance = new Chance(200);
  const said: string[] = [];
  let whispers = 0;
  const act = async (visitor: Visitor): Promise<void> => {
    const luck = chance.next();
    const history = chance.between(0, 5);
    if (visitor.whereabouts === 'away') {
      await visitor.come();
      await visitor.enter(history);
    } else if (visitor.whereabouts === 'online') {
      await (luck < 0.7 ? visitor.enter(history) : visitor.go());
    } else if (visitor.whereabouts === 'cut') {
      if (luck < 0.75) return visitor.resume();
      await visitor.come();
      await visitor.enter(history);
    } else if (luck < 0.5) {
      const body = `said ${said.length}`;
      said.push(body);
      await visitor.say(body);
    } else if (luck < 0.7) {
      const other = visitors[chance.between(0, visitors.length - 1)];
      whispers += 1;
      if (other !== undefined && other.nick !== visitor.nick) await visitor.whisper(other.nick, `whisper ${whispers}`);
    } else if (luck < 0.78) await visitor.leave();
    else if (luck < 0.86) await visitor.go();
    else visitor.cut();
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const busy = new Set<Visitor>();
    for (let deed = 0; deed < DEEDS; deed += 1) {
      const visitor = visitors[chance.between(0, visitors.length - 1)];
      if (visitor !== undefined) busy.add(visitor);
    }
    await Promise.all([...busy].map(act));
  }
  return said;
}

/** Some at a time: a machine with few cores has much to do with 200 logins. */
async function inGroups<T>(all: readonly T[], size: number, act: (one: T) => Promise<void>): Promise<void> {
  for (let n = 0; n < all.length; n += size) await Promise.all(all.slice(n, n + size).map(act));
}

/** The archive of the visitor's account, or of a room. */
async function archiveOf({ device }: Visitor, room?: string): Promise<Heard[]> {
  const { rows } = await device.archive(room === undefined ? {} : { to: room });
  return rows.map(({ id, stanza }) => ({ id, body: stanza.child('body')?.text() ?? '' }));
}

/** What an archive has where this begins: as much of it, or all up to its end. */
function sliceLike(archive: readonly Heard[], part: readonly Heard[], toTheEnd: boolean): Heard[] {
  const start = archive.findIndex(({ id }) => id === part[0]?.id);
  if (start === -1) return [];
  return archive.slice(start, toTheEnd ? undefined : start + part.length);
}
