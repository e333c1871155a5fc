import { NS } from '@tutti/xmpp';
import { describe, expect, it, vi } from 'vitest';
import { message, setUp, watch } from '../../../test/bosh-stage.ts';

describe('XEP-0124 §7 XEP-0206 a session', () => {
  it('§7 is agreed on, and its first answer brings the features', async () => {
    const { client } = await setUp();
    const answer = await client.open("hold='1' wait='300' ack='1' from='user@localhost'");
    expect(answer.attrs).toMatchObject({
      wait: '60',
      hold: '1',
      requests: '2',
      inactivity: '30',
      polling: '2',
      maxpause: '120',
      ver: '1.11',
      from: 'localhost',
      ack: '1000',
      'xmpp:version': '1.0',
      'xmpp:restartlogic': 'true',
    });
    expect(answer.attrs['sid']).toMatch(/^[\w-]{24}$/);
    expect(answer.attrs['authid']).toMatch(/^[\w-]{22}$/);
    expect(answer.child('features', NS.stream)?.child('mechanisms', NS.sasl)).toBeDefined();
  });

  it('XEP-0206 §5 logs in, restarts and binds; stanzas go both ways with their namespaces', async () => {
    const { client, world } = await setUp();
    const bound = await client.logIn();
    expect(bound.child('iq', NS.client)?.child('bind', NS.bind)).toBeDefined();
    const said = ["<message xmlns='jabber:client'><body>hi</body></message>", "<presence xmlns='jabber:client'/>"];
    const waiting = client.next(said.join(''));
    await vi.waitUntil(() => world.host.sessions[0]?.received.length === 2, { timeout: 5000, interval: 2 });
    expect(world.host.sessions[0]?.received.map(String)).toEqual(said);
    const { connection } = world.host.binds[0] ?? {};
    connection?.write(Buffer.from(message('1')));
    connection?.write(Buffer.from(message('2')));
    const answer = await waiting;
    expect(answer.elements.map(({ attrs }) => attrs['id'])).toEqual(['1', '2']);
    expect(answer.elements.map(({ ns }) => ns)).toEqual(['jabber:client', 'jabber:client']);
  });

  it('§7.2 the lower version, and what the client wants within our bounds', async () => {
    const { client, connectClient } = await setUp({ requests: 4 });
    expect((await client.open("hold='9' wait='10'")).attrs).toMatchObject({ hold: '3', requests: '4', wait: '10' });
    const old = connectClient();
    const answer = await old.request("rid='1' to='localhost' ver='1.6'");
    expect(answer.attrs).toMatchObject({ ver: '1.6', hold: '1', wait: '60' });
    expect(answer.attrs['ack']).toBeUndefined();
  });

  it('§13 the client ends it, and what it says last is heard', async () => {
    const { client, world, streams } = await setUp();
    await client.logIn();
    const waiting = client.next();
    const answer = await client.next("<presence xmlns='jabber:client' type='unavailable'/>", "type='terminate'");
    const others = await waiting;
    expect([answer.attrs['type'], others.attrs['type']]).toEqual(['terminate', 'terminate']);
    expect(world.host.sessions[0]?.received).toHaveLength(1);
    expect(world.host.sessions[0]?.events.at(-1)).toBe('closed');
    await vi.waitUntil(() => streams.size === 0, { timeout: 5000, interval: 2 });
    expect((await client.next()).attrs).toMatchObject({ type: 'terminate', condition: 'item-not-found' });
  });

  it('§17.2 the server ends it: the error in the one request that waits', async () => {
    const { client, world, streams } = await setUp();
    await client.logIn();
    const waiting = client.next();
    void streams.shutdown();
    const answer = await waiting;
    expect(answer.attrs).toMatchObject({ type: 'terminate', condition: 'system-shutdown' });
    expect(answer.child('error', NS.stream)?.child('system-shutdown', NS.streams)).toBeDefined();
    expect(world.host.sessions[0]?.events.at(-1)).toBe('cut');
  });

  it('§17.2 an end between two requests is told to the next one', async () => {
    const { client, world } = await setUp();
    await client.logIn();
    world.host.binds[0]?.connection.close();
    expect((await client.next()).attrs['type']).toBe('terminate');
  });

  it('XEP-0156 host-meta names it', async () => {
    const { url } = await setUp();
    const links = await (await fetch(url.replace('/http-bind', '/.well-known/host-meta.json'))).json();
    expect(links).toEqual({ links: [{ rel: 'urn:xmpp:alt-connections:xbosh', href: url }] });
  });

  it('§4 CORS for pages of any origin', async () => {
    const { url } = await setUp();
    const answer = await fetch(url, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-headers')).toContain('Content-Type');
    expect(await (await fetch(url)).text()).toContain('BOSH');
  });
});

describe('XEP-0124 §8 waiting', () => {
  it('a request waits, and is answered empty when its time is over', async () => {
    const { client, clock, settle } = await setUp();
    await client.logIn();
    const waiting = watch(client.next());
    await settle();
    clock.advance(59_999);
    await settle();
    expect(waiting.isDone()).toBe(false);
    clock.advance(1);
    expect((await waiting.answer).elements).toEqual([]);
  });

  it('the oldest of more than `hold` is answered at once', async () => {
    const { client, clock, settle } = await setUp();
    await client.logIn();
    const first = watch(client.next());
    await settle();
    clock.advance(5000);
    const second = watch(client.next(message('1')));
    expect((await first.answer).elements).toEqual([]);
    await settle();
    expect(second.isDone()).toBe(false);
  });

  it('§12 hold=0: an answer at once, whatever there is', async () => {
    const { client, clock, world } = await setUp();
    expect((await client.open("hold='0' wait='0'")).child('features', NS.stream)).toBeDefined();
    clock.advance(2000);
    expect((await client.next()).elements).toEqual([]);
    expect(world.host.sessions).toEqual([]);
  });

  it('§10 inactivity: without a request the session is cut', async () => {
    const { client, clock, world, streams, settle } = await setUp();
    await client.logIn();
    await settle();
    clock.advance(29_999);
    expect(streams.size).toBe(1);
    clock.advance(1);
    expect(streams.size).toBe(0);
    expect(world.host.sessions[0]?.events.at(-1)).toBe('cut');
    expect((await client.next()).attrs['condition']).toBe('item-not-found');
  });

  it('§10 a client whose connections are gone is cut, too', async () => {
    const { client, clock, streams, settle } = await setUp();
    await client.logIn();
    const aborting = new AbortController();
    const waiting = watch(client.next('', '', { signal: aborting.signal }));
    await settle();
    aborting.abort();
    await expect(waiting.answer).rejects.toThrow('aborted');
    await settle();
    clock.advance(30_000);
    expect(streams.size).toBe(0);
  });

  it('§10 pause: everything is answered, and the client may stay away so long', async () => {
    const { client, clock, streams, settle } = await setUp();
    await client.logIn();
    const waiting = client.next();
    await settle();
    const pausing = await client.next('', "pause='60'");
    expect([(await waiting).elements, pausing.elements]).toEqual([[], []]);
    clock.advance(59_999);
    expect(streams.size).toBe(1);
    const back = watch(client.next(message('1')));
    await settle();
    clock.advance(10_000);
    expect(streams.size).toBe(1);
    expect(back.isDone()).toBe(false);
  });
});
