import { type Element, NS, parseXml, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { joinRoom, openRoom, ROOM } from '../../../test/rooms.ts';
import { createWorld, type World } from '../../../test/world.ts';

const FREE = ['rooms.stanzas_per_second=0', 'limits.stanzas_per_second=0', 'limits.directed_presences=0'];
const idOf = (stanza: Element): string | undefined => stanza.child('stanza-id', NS.sid)?.attrs['id'];

/** Ids of what was said live: no history, no subject, no private message. */
function liveIds(received: readonly Element[]): (string | undefined)[] {
  return received
    .filter((stanza) => stanza.attrs['type'] === 'groupchat' && stanza.child('body') !== undefined)
    .filter((stanza) => stanza.child('delay', NS.delay) === undefined)
    .map(idOf);
}

async function archiveOf(world: World, account: string): Promise<{ id: string; body: string | undefined }[]> {
  const rows = await world.log.read(account, 0, 100_000);
  return rows.map(({ id, stanza }) => ({ id, body: parseXml(stanza, NS.client).child('body')?.text() }));
}

/** Numbers that look like chance and are the same each time. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
    return (state >> 8) % below;
  };
}

describe('a room of many', () => {
  it.each([1, 2])(
    '200 come, go, talk and whisper while their devices come and go: all agrees with the archives (seed %i)',
    async (seed) => {
      const world = await createWorld({ settings: FREE });
      const pick = chance(seed);
      const owner = await world.connect('owner@localhost/x');
      await joinRoom(world, owner, 'owner');
      // Presence of the crowd is not what this is about.
      await openRoom(owner, { presencebroadcast: 'moderator', persistentroom: '1' });
      const crowd: Device[] = [];
      for (let n = 0; n < 200; n += 1) {
        const user = `user${n % 120}`;
        crowd.push(await world.connect(`${user}@localhost/${n}`, { imNg: n % 3 !== 0 }));
      }
      const nick = (device: Device): string => device.jid.local;
      const presence = (device: Device, type?: string): Element =>
        xml(
          'presence',
          { to: `${ROOM}/${nick(device)}`, type },
          type === undefined ? xml('x', { xmlns: NS.muc }, xml('history', { maxstanzas: 0 })) : undefined,
        );
      const inside = new Set<Device>();
      const whispers: { to: string; body: string }[] = [];
      /** Each device's visits: between which rows it was there. */
      const visits: { device: Device; from: number; until: number | undefined }[] = [];
      const head = async (): Promise<number> => (await world.log.head(ROOM)) ?? 0;
      const leave = async (device: Device): Promise<void> => {
        inside.delete(device);
        const visit = visits.findLast((one) => one.device === device);
        if (visit !== undefined) visit.until = await head();
      };
      for (let step = 0; step < 700; step += 1) {
        const device = crowd[pick(crowd.length)] as Device;
        const what = pick(10);
        // Who comes or goes does so between two rows that can be named.
        if (!inside.has(device) || what < 2) await world.settle();
        if (!inside.has(device)) {
          device.send(presence(device));
          await world.settle();
          inside.add(device);
          visits.push({ device, from: await head(), until: undefined });
        } else if (what === 0) {
          device.send(presence(device, 'unavailable'));
          await world.settle();
          await leave(device);
        } else if (what === 1 && crowd.length > 150) {
          crowd.splice(crowd.indexOf(device), 1);
          device.close();
          await world.settle();
          await leave(device);
        } else if (what === 2) {
          const target = [...inside][pick(inside.size)] as Device;
          const body = `whisper ${step}`;
          whispers.push({ to: target.jid.bare.toString(), body });
          device.send(
            xml(
              'message',
              { to: `${ROOM}/${nick(target)}`, type: 'chat', id: `w${step}` },
              xml('body', null, body),
              xml('x', { xmlns: NS.mucUser }),
            ),
          );
        } else
          device.send(
            xml('message', { to: ROOM, type: 'groupchat', id: `m${step}` }, xml('body', null, `talk ${step}`)),
          );
      }
      await world.settle();
      const rows = await archiveOf(world, ROOM);
      expect(rows.length).toBeGreaterThan(200);
      expect(rows.every(({ body }) => body?.startsWith('talk'))).toBe(true);
      for (const device of new Set(visits.map((visit) => visit.device))) {
        const due = visits
          .filter((visit) => visit.device === device)
          .flatMap(({ from, until }) => rows.slice(from, until ?? rows.length).map(({ id }) => id));
        expect(liveIds(device.connection.received), device.jid.toString()).toEqual(due);
      }
      // D6: one row for each private message, in the archive of whom it was for (and in that of who sent it, S1).
      for (const account of new Set(whispers.map(({ to }) => to))) {
        const bodies = (await archiveOf(world, account)).map(({ body }) => body);
        for (const { body } of whispers.filter(({ to }) => to === account)) {
          expect(bodies.filter((one) => one === body).length, `${body} to ${account}`).toBeGreaterThan(0);
        }
        for (const body of new Set(bodies)) expect(bodies.filter((one) => one === body).length).toBeLessThanOrEqual(2);
      }
      expect(world.problems).toEqual([]);
    },
  );

  it('1,000 occupants: each hears everything, in order', async () => {
    const world = await createWorld({ settings: FREE });
    const owner = await world.connect('owner@localhost/x');
    await joinRoom(world, owner, 'owner');
    await openRoom(owner, { presencebroadcast: 'moderator' });
    const crowd: Device[] = [];
    for (let n = 0; n < 1000; n += 1) crowd.push(await world.connect(`user${n}@localhost/x`));
    for (const device of crowd)
      device.send(xml('presence', { to: `${ROOM}/${device.jid.local}` }, xml('x', { xmlns: NS.muc })));
    await world.settle();
    for (let n = 0; n < 10; n += 1)
      crowd[n * 7]?.send(xml('message', { to: ROOM, type: 'groupchat', id: `m${n}` }, xml('body', null, `${n}`)));
    await world.settle();
    const rows = (await archiveOf(world, ROOM)).map(({ id }) => id);
    expect(rows).toHaveLength(10);
    for (const device of crowd) expect(liveIds(device.connection.received)).toEqual(rows);
    expect(world.problems).toEqual([]);
  });
});
