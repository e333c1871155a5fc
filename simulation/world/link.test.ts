import { type Element, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { Chance } from './chance.ts';
import { Link } from './link.ts';
import { Scheduler } from './scheduler.ts';

const message = (body: string): Element => xml('message', { id: body }, xml('body', null, body));

function connect(seed: number): {
  link: Link;
  scheduler: Scheduler;
  atServer: string[];
  atClient: string[];
  ends: string[];
} {
  const scheduler = new Scheduler((error) => {
    throw error;
  });
  const [atServer, atClient, ends]: string[][] = [[], [], []];
  const client = {
    received: (element: Element) => void atClient?.push(element.attrs['id'] ?? ''),
    lost: () => void ends?.push('lost'),
  };
  const watcher = { written: () => undefined, closed: (_: Link, by: string) => void ends?.push(by) };
  const link = new Link('test', client, watcher, scheduler, new Chance(seed));
  link.attach({
    receive: (element) => void atServer?.push(element.attrs['id'] ?? ''),
    drained: () => undefined,
    disconnected: (clean) => void ends?.push(clean ? 'clean' : 'cut'),
  });
  return { link, scheduler, atServer: atServer ?? [], atClient: atClient ?? [], ends: ends ?? [] };
}

const ids = Array.from({ length: 30 }, (_, n) => `m${n}`);

describe('Link', () => {
  it('carries everything both ways, in order, whatever the pieces', async () => {
    const { link, scheduler, atServer, atClient } = connect(1);
    for (const id of ids) {
      link.send(message(id));
      link.write(message(id).toBytes('jabber:client'));
    }
    await scheduler.run(5000);
    expect(atServer).toEqual(ids);
    expect(atClient).toEqual(ids);
  });

  it('loses what is under way when it is cut: a prefix arrives, whole', async () => {
    const lengths = new Set<number>();
    for (let seed = 1; seed < 30; seed += 1) {
      const { link, scheduler, atServer, atClient, ends } = connect(seed);
      for (const id of ids) {
        link.send(message(id));
        link.write(message(id).toBytes('jabber:client'));
      }
      link.cut();
      await scheduler.run(1000);
      expect(atServer).toEqual(ids.slice(0, atServer.length));
      expect(atClient).toEqual(ids.slice(0, atClient.length));
      expect(ends).toEqual(['network', 'cut', 'lost']);
      lengths.add(atServer.length);
    }
    expect(lengths.size).toBeGreaterThan(5);
  });

  it('buffers for a client that does not read, and says so when it has drained', async () => {
    const { link, scheduler, atClient } = connect(1);
    link.stall(true);
    for (let n = 0; n < 100; n += 1) link.write(message('x'.repeat(50)).toBytes('jabber:client'));
    await scheduler.run(1000);
    expect(atClient).toEqual([]);
    expect(link.buffered).toBeGreaterThan(5000);
    link.stall(false);
    await scheduler.run(5000);
    expect(atClient).toHaveLength(100);
    expect(link.buffered).toBe(0);
  });

  it('lets what was sent arrive when the client closes its stream', () => {
    const { link, atServer, ends } = connect(1);
    link.send(message('last words'));
    link.closeByClient();
    expect(atServer).toEqual(['last words']);
    expect(ends).toEqual(['client', 'clean', 'lost']);
  });
});
