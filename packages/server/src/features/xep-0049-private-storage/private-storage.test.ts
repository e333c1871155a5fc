import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { announceCaps } from '../../../test/caps.ts';
import type { Device } from '../../../test/device.ts';
import { conditionOf, eventsIn, itemsOf, publish, pubsub, retract } from '../../../test/pubsub.ts';
import { createWorld } from '../../../test/world.ts';

const drawer = (...children: Element[]): Element => xml('query', { xmlns: NS.privateXml }, ...children);
const list = (...children: Element[]): Element => xml('storage', { xmlns: NS.bookmarksStorage }, ...children);
const room = (jid: string, nick: string): Element =>
  xml('conference', { jid, autojoin: 'true' }, xml('nick', null, nick));
const bookmark = (nick: string): Element =>
  xml(
    'conference',
    { xmlns: NS.bookmarks, autojoin: '1' },
    xml('nick', null, nick),
    xml('extensions', null, xml('pinned', { xmlns: 'x' })),
  );

async function read(device: Device, asked: Element = list()): Promise<string[]> {
  const answer = await device.ask('get', drawer(asked));
  const stored = answer.child('query', NS.privateXml)?.elements[0];
  return (
    stored?.elements.map(
      ({ name, attrs, children }) => `${name} ${attrs['jid'] ?? ''}${attrs['url'] ?? ''} ${children.length}`,
    ) ?? []
  );
}

describe('XEP-0049', () => {
  it('§2.3 what one device stores, another one finds; others may not', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    const desk = await world.connect('alice@localhost/desk');
    const bob = await world.connect('bob@localhost/phone');
    const prefs = xml('exodus', { xmlns: 'exodus:prefs' }, xml('nick', null, 'x'));
    expect(await read(desk, xml('exodus', { xmlns: 'exodus:prefs' }))).toEqual([]);
    expect(conditionOf(await phone.ask('set', drawer(prefs)))).toBe('');
    expect(await read(desk, xml('exodus', { xmlns: 'exodus:prefs' }))).toEqual(['nick  1']);
    expect(conditionOf(await bob.ask('get', drawer(prefs), 'alice@localhost'))).toBe('forbidden');
    expect(conditionOf(await phone.ask('set', drawer()))).toBe('bad-request');
  });

  it('has a bound', async () => {
    const world = await createWorld({ settings: ['pep.private_bytes=60'] });
    const phone = await world.connect('alice@localhost/phone');
    const sized = (bytes: number): Element => xml('a', { xmlns: 'n' }, 'x'.repeat(bytes - "<a xmlns='n'></a>".length));
    expect(sized(60).toString()).toHaveLength(60);
    expect(conditionOf(await phone.ask('set', drawer(sized(61))))).toBe('resource-constraint');
    expect(conditionOf(await phone.ask('set', drawer(sized(60))))).toBe('');
    expect(conditionOf(await phone.ask('set', drawer(xml('b', { xmlns: 'n' }))))).toBe('resource-constraint');
  });
});

describe('XEP-0402 §6.3 bookmarks are one set', () => {
  it('from private storage to items, and only what is different is told', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    await announceCaps(world, phone, [`${NS.bookmarks}+notify`, `${NS.bookmarksStorage}+notify`]);
    const url = xml('url', { name: 'x', url: 'https://x.example' });
    await phone.ask('set', drawer(list(room('a@rooms.example', 'A'), room('b@rooms.example', 'B'), url)));
    await world.settle();
    expect(eventsIn(phone.take())).toEqual([
      `${NS.bookmarksStorage} current`, // XEP-0411 §3
      `${NS.bookmarks} a@rooms.example`,
      `${NS.bookmarks} b@rooms.example`,
    ]);
    await phone.ask('set', drawer(list(room('a@rooms.example', 'A'), room('c@rooms.example', 'C'), url)));
    await world.settle();
    expect(eventsIn(phone.take()).slice(1)).toEqual([
      `${NS.bookmarks} -b@rooms.example`,
      `${NS.bookmarks} c@rooms.example`,
    ]);
    expect(await itemsOf(phone, NS.bookmarks)).toEqual(['a@rooms.example', 'c@rooms.example']);
    expect(world.problems).toEqual([]);
  });

  it('from items to the list, whose other entries stay', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    await phone.ask('set', drawer(list(xml('url', { name: 'x', url: 'https://x.example' }))));
    await phone.ask('set', publish(NS.bookmarks, bookmark('A'), { id: 'a@rooms.example' }));
    await phone.ask('set', publish(NS.bookmarks, bookmark('B'), { id: 'b@rooms.example' }));
    expect(await read(phone)).toEqual([
      'conference a@rooms.example 1',
      'conference b@rooms.example 1',
      'url https://x.example 0',
    ]);
    expect(await itemsOf(phone, NS.bookmarksStorage)).toEqual(['current']);
    expect(conditionOf(await phone.ask('set', retract(NS.bookmarks, 'a@rooms.example')))).toBe('');
    expect(await read(phone)).toEqual(['conference b@rooms.example 1', 'url https://x.example 0']);
  });

  it('a list that is published (XEP-0048) changes the items, and keeps their extensions', async () => {
    const world = await createWorld();
    const phone = await world.connect('alice@localhost/phone');
    await phone.ask('set', publish(NS.bookmarks, bookmark('A'), { id: 'a@rooms.example' }));
    await phone.ask('set', publish(NS.bookmarksStorage, list(room('a@rooms.example', 'AA')), { id: 'current' }));
    const answer = await phone.ask('get', pubsub(xml('items', { node: NS.bookmarks })));
    expect(answer.toString()).toContain('<nick>AA</nick>');
    expect(answer.toString()).toContain('<pinned');
  });
});
