import { connect } from 'node:net';
import { NS } from '@tutti/xmpp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BoshClient } from '../../../test/bosh-client.ts';
import { FakeClock } from '../../../test/fake-clock.ts';
import { makeTlsProvider, REAL_CLOCK } from '../../../test/stream/sockets.ts';
import { World, type WorldOptions } from '../../../test/stream/world.ts';
import { systemRandom } from '../../system.ts';
import { AddressLimits } from '../../stream/net/address-limits.ts';
import { Streams } from '../../stream/streams.ts';
import { createHttpServer, type HttpOptions } from '../server.ts';
import type { BoshLimits } from './bosh.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const LIMITS: BoshLimits = {
  wait: 60,
  inactivity: 30,
  pause: 120,
  polling: 2,
  requests: 2,
  bodyBytes: 327_680,
  readingBytes: 0,
  sessions: 0,
};

async function setUp(limits: Partial<BoshLimits> = {}, worldOptions?: WorldOptions, http: Partial<HttpOptions> = {}) {
  const world = new World(worldOptions);
  await world.addAccounts();
  const streams = new Streams({ ...world.options, clock: REAL_CLOCK });
  const clock = new FakeClock();
  const server = createHttpServer({
    clock: REAL_CLOCK,
    host: '127.0.0.1',
    port: 0,
    handshakeTime: 0,
    publicUrl: '',
    bosh: {
      clock,
      random: systemRandom,
      limits: { ...LIMITS, ...limits },
      xml: { depth: 101, attributes: 100, nameBytes: 1024 },
      behindProxy: false,
      accept: (transport) => void streams.accept(transport, { requireTls: false }),
    },
    ...http,
  });
  const port = await server.listen();
  closers.push(async () => {
    void streams.shutdown();
    await server.close();
  });
  const url = `http://127.0.0.1:${port}/http-bind`;
  const connectClient = () => new BoshClient(url);
  /** Lets the server do what it does at once. */
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  return { world, streams, clock, port, url, client: connectClient(), connectClient, settle };
}

/** Whether an answer has come. */
function watch<T>(promise: Promise<T>): { readonly isDone: () => boolean; readonly answer: Promise<T> } {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  return { isDone: () => done, answer: promise };
}

const message = (id: string) => `<message xmlns='jabber:client' id='${id}'/>`;

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

describe('XEP-0124 §14 request identifiers', () => {
  it('requests that overtake each other are handled in order', async () => {
    const { client, world, settle } = await setUp({ requests: 3 });
    await client.open("hold='2' wait='60'");
    const auth = Buffer.from('\0user\0pencil').toString('base64');
    await client.next(`<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${auth}</auth>`);
    await client.next('', "to='localhost' xmpp:restart='true'");
    await client.next(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
    const { rid, sid } = client;
    const say = (ahead: number) => client.request(`rid='${rid + ahead}' sid='${sid}'`, message(String(ahead)));
    void say(3).catch(() => undefined);
    await settle();
    void say(2).catch(() => undefined);
    await settle();
    expect(world.host.sessions[0]?.received).toEqual([]);
    void say(1).catch(() => undefined);
    await vi.waitUntil(() => world.host.sessions[0]?.received.length === 3, { timeout: 5000, interval: 2 });
    expect(world.host.sessions[0]?.received.map(({ attrs }) => attrs['id'])).toEqual(['1', '2', '3']);
  });

  it('§14.3 a lost answer is given again, and its request is not handled again', async () => {
    const { client, world } = await setUp();
    await client.logIn();
    const bound = await client.request(`rid='${client.rid}' sid='${client.sid}'`, message('again'));
    expect(bound.child('iq', NS.client)?.attrs['id']).toBe('b');
    expect(world.host.sessions[0]?.received).toEqual([]);
  });

  it('§14.3 a request that waits and comes again takes the place of the first', async () => {
    const { client, world, settle } = await setUp();
    await client.logIn();
    const aborting = new AbortController();
    const lost = watch(client.next(message('1'), '', { signal: aborting.signal }));
    await settle();
    aborting.abort();
    await expect(lost.answer).rejects.toThrow('aborted');
    world.host.binds[0]?.connection.write(Buffer.from(message('for you')));
    const again = await client.request(`rid='${client.rid}' sid='${client.sid}'`, message('1'));
    expect(again.elements[0]?.attrs['id']).toBe('for you');
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('what is to be told waits for a request that somebody listens to', async () => {
    const { client, world, settle } = await setUp();
    await client.logIn();
    const aborting = new AbortController();
    const lost = watch(client.next(message('1'), '', { signal: aborting.signal }));
    await settle();
    aborting.abort();
    await expect(lost.answer).rejects.toThrow('aborted');
    await settle();
    const { connection } = world.host.binds[0] ?? {};
    connection?.write(Buffer.from(message('for you')));
    await settle();
    expect(connection?.buffered).toBeGreaterThan(0);
    expect((await client.next(message('2'))).elements[0]?.attrs['id']).toBe('for you');
    await vi.waitUntil(() => connection?.buffered === 0, { timeout: 5000, interval: 2 });
    expect(world.host.sessions[0]?.events).toContain('drained');
  });

  it.each([
    ['beyond the window', 3],
    ['long gone', -10],
  ])('§14.2 a number %s ends the session', async (_, ahead) => {
    const { client, streams } = await setUp();
    await client.logIn();
    const answer = await client.request(`rid='${client.rid + ahead}' sid='${client.sid}'`);
    expect(answer.attrs).toMatchObject({ type: 'terminate', condition: 'item-not-found' });
    expect(streams.size).toBe(0);
  });

  it('§9 acknowledgements, where the client gives them', async () => {
    const { client, settle } = await setUp();
    await client.logIn("hold='1' wait='60' ack='1'");
    const first = client.next();
    await settle();
    void client.next(message('1'));
    expect((await first).attrs['ack']).toBe(String(client.rid));
    // What the client has is not kept any more.
    const bind = client.rid - 2;
    void client.next(message('2'), `ack='${bind}'`);
    await settle();
    const answer = await client.request(`rid='${bind}' sid='${client.sid}'`);
    expect(answer.attrs['condition']).toBe('item-not-found');
  });
});

describe('XEP-0124 §11 §12 overactivity', () => {
  it('more requests at a time than agreed: policy-violation', async () => {
    const { client, settle } = await setUp();
    await client.logIn();
    const { rid, sid } = client;
    const ahead = (n: number) => client.request(`rid='${rid + n}' sid='${sid}'`, message(String(n)));
    // The first is missing, so the others have to wait.
    const second = ahead(2);
    await settle();
    const third = await ahead(3);
    expect(third.attrs['condition']).toBe('item-not-found');
    expect((await second).attrs['type']).toBe('terminate');
  });

  it.each([
    [1999, ['policy-violation']],
    [2000, []],
  ])('an empty request beside one that waits, after %i ms', async (ms, conditions) => {
    const { client, clock, settle } = await setUp();
    await client.logIn();
    void client.next();
    await settle();
    clock.advance(ms);
    const told: (string | undefined)[] = [];
    void client.next().then(({ attrs }) => told.push(attrs['condition']));
    await settle();
    expect(told).toEqual(conditions);
  });

  it('an empty request that was overtaken by the next is none too many', async () => {
    const { client, settle } = await setUp();
    await client.logIn();
    const { rid, sid } = client;
    const second = watch(client.request(`rid='${rid + 2}' sid='${sid}'`, message('2')));
    await settle();
    const first = await client.request(`rid='${rid + 1}' sid='${sid}'`);
    expect(first.attrs['type']).toBeUndefined();
    expect(second.isDone()).toBe(false);
  });

  it.each([
    [1999, 'policy-violation'],
    [2000, undefined],
  ])('§12 two empty polls with %i ms between them', async (ms, condition) => {
    const { client, clock } = await setUp();
    await client.open("hold='0' wait='0'");
    clock.advance(2000);
    await client.next();
    clock.advance(ms);
    expect((await client.next()).attrs['condition']).toBe(condition);
  });

  it('polling 0: as often as it likes', async () => {
    const { client } = await setUp({ polling: 0 });
    await client.open("hold='0' wait='0'");
    for (let n = 0; n < 10; n += 1) expect((await client.next()).attrs['type']).toBeUndefined();
  });
});

describe('hostile requests', () => {
  const body = (inner: string) => `<body xmlns='${NS.httpBind}' ${inner}`;

  it.each([
    ['nothing', ''],
    ['no XML', 'hello'],
    ['half of it', body("rid='1' to='localhost'>")],
    ['no body', "<html rid='1'/>"],
    ['another namespace', "<body xmlns='x' rid='1' to='localhost'/>"],
    ['two bodies', body("rid='1' to='localhost'/>").repeat(2)],
    ['text inside', body("rid='1' to='localhost'>hello</body>")],
    ['no rid', body("to='localhost'/>")],
    ['rid 0', body("rid='0' to='localhost'/>")],
    ['a negative rid', body("rid='-5' to='localhost'/>")],
    ['a rid that is too large', body("rid='9007199254740992' to='localhost'/>")],
    ['an entity', `<!DOCTYPE body [<!ENTITY a 'b'>]>${body("rid='1' to='localhost'>&a;</body>")}`],
    ['a broken element inside', body("rid='1' to='localhost'><message xmlns='jabber:client'></iq></body>")],
    ['bytes that are no UTF-8', new Uint8Array([0x3c, 0x62, 0xff, 0xfe])],
  ])('%s: bad-request', async (_, text) => {
    const { client, streams } = await setUp();
    const answer = await client.post(text);
    expect(answer).toEqual({
      status: 200,
      text: `<body xmlns='${NS.httpBind}' type='terminate' condition='bad-request'/>`,
    });
    expect(streams.size).toBe(0);
  });

  it('too deep: policy-violation', async () => {
    const { client } = await setUp();
    const deep = `${"<a xmlns='x'>".repeat(200)}${'</a>'.repeat(200)}`;
    expect((await client.post(body(`rid='1' to='localhost'>${deep}</body>`))).text).toContain('policy-violation');
  });

  it('no domain, and one that is not served', async () => {
    const { client } = await setUp();
    expect((await client.request("rid='1'")).attrs['condition']).toBe('improper-addressing');
    expect((await client.request("rid='1' to='elsewhere.example'")).attrs['condition']).toBe('host-unknown');
  });

  it('a session that nobody has', async () => {
    const { client } = await setUp();
    const answer = await client.request("rid='5' sid='nonsense'");
    expect(answer.attrs).toMatchObject({ type: 'terminate', condition: 'item-not-found' });
  });

  it('body_bytes: as many, and one more', async () => {
    const { client } = await setUp({ bodyBytes: 20_000 });
    const start = body("rid='1' to='localhost' x='");
    const fill = (size: number) => `${start}${'x'.repeat(size - start.length - 3)}'/>`;
    expect(fill(20_000)).toHaveLength(20_000);
    expect((await client.post(fill(20_000))).text).toContain("sid='");
    expect((await client.post(fill(20_001))).status).toBe(413);
    const stream = new Blob([fill(20_001)]).stream();
    expect((await client.post(stream as never, { duplex: 'half' })).status).toBe(413);
  });

  it('reading_bytes: all bodies together', async () => {
    const { client, port, settle } = await setUp({ readingBytes: 1000 });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST /http-bind HTTP/1.1\r\nHost: x\r\nContent-Length: 950\r\n\r\n${'x'.repeat(900)}`);
    await settle();
    expect((await client.post(body(`rid='1' to='localhost' x='${'x'.repeat(100)}'/>`))).status).toBe(503);
    socket.destroy();
    await settle();
    expect((await client.post(body(`rid='1' to='localhost' x='${'x'.repeat(100)}'/>`))).status).toBe(200);
  });

  it('a body that does not come to its end in time', async () => {
    const { port, clock, settle } = await setUp();
    const socket = connect(port, '127.0.0.1');
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    socket.on('error', () => undefined).resume();
    socket.write('POST /http-bind HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<body');
    await settle();
    clock.advance(9999);
    await settle();
    expect(isClosed).toBe(false);
    clock.advance(1);
    await vi.waitUntil(() => isClosed, { timeout: 5000, interval: 2 });
  });

  it('sessions: as many, and one more', async () => {
    const { connectClient } = await setUp({ sessions: 2 });
    for (let n = 0; n < 2; n += 1) expect((await connectClient().open()).attrs['sid']).toBeDefined();
    expect((await connectClient().open()).attrs['condition']).toBe('policy-violation');
  });

  it('before login: the bounds of a stanza, and of connections from one address, are those of all streams', async () => {
    const { client } = await setUp();
    await client.open();
    const large = `<auth xmlns='${NS.sasl}' mechanism='PLAIN'>${'x'.repeat(10_000)}</auth>`;
    const answer = await client.next(large);
    expect(answer.attrs).toMatchObject({ type: 'terminate', condition: 'remote-stream-error' });
    expect(answer.child('error', NS.stream)?.child('policy-violation', NS.streams)).toBeDefined();
    const addresses = new AddressLimits({ perAddress: 1, unauthenticatedPerAddress: 0, unauthenticated: 0 });
    const { connectClient } = await setUp({}, { stream: { addresses } });
    expect((await connectClient().open()).attrs['sid']).toBeDefined();
    const refused = await connectClient().open();
    expect(refused.child('error', NS.stream)?.child('resource-constraint', NS.streams)).toBeDefined();
  });

  it('what began over TLS goes on over TLS, without channel binding', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    const { url } = await setUp({}, undefined, { tls: await makeTlsProvider() });
    const client = new BoshClient(url.replace('http:', 'https:').replace('127.0.0.1', 'localhost'));
    const answer = await client.open();
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    expect(answer.attrs['secure']).toBe('true');
    expect(answer.toString()).not.toContain('-PLUS');
  });
});
