import { parseXml } from '@tutti/xmpp';
import { request } from 'node:https';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { makeTlsProvider, REAL_CLOCK } from '../../test/stream/sockets.ts';
import { OPEN, plainAuth, World, type WorldOptions } from '../../test/stream/world.ts';
import { Streams } from '../stream/streams.ts';
import { createHttpServer, type HttpOptions } from './server.ts';
import type { WebSocketOptions } from './websocket.ts';

const closers: (() => Promise<void>)[] = [];

async function start(
  options: Partial<HttpOptions> = {},
  webSocket: Partial<WebSocketOptions> = {},
  worldOptions?: WorldOptions,
) {
  const world = new World(worldOptions);
  await world.addAccounts();
  const streams = new Streams({ ...world.options, clock: REAL_CLOCK });
  const server = createHttpServer({
    clock: REAL_CLOCK,
    host: '127.0.0.1',
    port: 0,
    handshakeTime: 1000,
    publicUrl: '',
    webSocket: {
      clock: REAL_CLOCK,
      stanzaBytes: 262_144,
      origins: '*',
      pingTime: 0,
      lingerTime: 300,
      behindProxy: false,
      accept: (transport) => void streams.accept(transport),
      ...webSocket,
    },
    ...options,
  });
  const port = await server.listen();
  closers.push(async () => {
    await streams.shutdown();
    await server.close();
  });
  return { world, streams, server, port, url: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}/xmpp-websocket` };
}

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A WebSocket that keeps what comes. */
class Client {
  readonly socket: WebSocket;
  readonly messages: string[] = [];
  code: number | undefined;

  constructor(url: string, protocols: string[] = ['xmpp'], options: object = {}) {
    this.socket = new WebSocket(url, protocols, options);
    this.socket.on('message', (data) => this.messages.push((data as Buffer).toString()));
    this.socket.on('close', (code) => (this.code = code));
    this.socket.on('error', () => undefined);
  }

  async open(): Promise<this> {
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject));
    return this;
  }

  async say(text: string, answers = 1): Promise<string[]> {
    this.messages.length = 0;
    this.socket.send(text);
    await vi.waitUntil(() => this.messages.length === answers, { timeout: 2000, interval: 5 });
    return [...this.messages];
  }
}

async function refusal(client: Client): Promise<number | undefined> {
  return new Promise((resolve) => {
    client.socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    client.socket.once('open', () => resolve(undefined));
  });
}

describe('RFC 7395 XMPP over WebSocket', () => {
  it('§3 logs in and binds: every message is one element with its namespaces', async () => {
    const { ws, world } = await start();
    const client = await new Client(ws).open();
    expect(client.socket.protocol).toBe('xmpp');
    const [open = '', features = ''] = await client.say(OPEN, 2);
    expect(parseXml(open)).toMatchObject({ name: 'open', ns: 'urn:ietf:params:xml:ns:xmpp-framing' });
    expect(parseXml(features)).toMatchObject({ name: 'features', ns: 'http://etherx.jabber.org/streams' });
    expect(features).toMatch(/^<stream:features xmlns:stream='http:\/\/etherx.jabber.org\/streams'>/);
    expect(features).not.toContain('starttls');
    const [success = ''] = await client.say(plainAuth('user', 'pencil'));
    expect(success).toBe("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    await client.say(OPEN, 2);
    const [bound = ''] = await client.say(
      "<iq xmlns='jabber:client' type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    );
    expect(parseXml(bound)).toMatchObject({ name: 'iq', ns: 'jabber:client' });
    client.socket.send("<message xmlns='jabber:client'><body>hello</body></message>");
    await expect.poll(() => world.host.sessions[0]?.received.length).toBe(1);
  });

  it('§3.6 answers <close/> with <close/>, then closes the WebSocket', async () => {
    const { ws } = await start();
    const client = await new Client(ws).open();
    await client.say(OPEN, 2);
    expect(await client.say("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")).toEqual([
      "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ]);
    await expect.poll(() => client.code).toBe(1000);
  });

  it('§3.4 opens before it complains: an error before <open/>', async () => {
    const { ws } = await start();
    const client = await new Client(ws).open();
    const [open, error, close] = await client.say("<message xmlns='jabber:client'/>", 3);
    expect(open).toContain("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from=''");
    expect(error).toMatch(/^<stream:error xmlns:stream='http:\/\/etherx.jabber.org\/streams'><bad-format /);
    expect(close).toBe("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
  });

  it('§3.1 wants the sub-protocol xmpp, the path, and an origin that may', async () => {
    const { ws, url } = await start({}, { origins: ['https://chat.example'] });
    expect(await refusal(new Client(ws, []))).toBe(400);
    expect(await refusal(new Client(ws, ['mqtt']))).toBe(400);
    expect(await refusal(new Client(`${url.replace('http', 'ws')}/elsewhere`))).toBe(404);
    expect(await refusal(new Client(ws, ['xmpp'], { origin: 'https://evil.example' }))).toBe(403);
    expect(await refusal(new Client(ws, ['xmpp'], { origin: 'https://chat.example' }))).toBeUndefined();
    expect(await refusal(new Client(ws, ['xmpp', 'other']))).toBeUndefined();
  });

  it('a refused upgrade is closed, whatever the client does', async () => {
    const { server, port } = await start();
    const open = new Set<object>();
    server.app.server.on('connection', (socket) => void open.add(socket.on('close', () => open.delete(socket))));
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket.on('error', () => undefined).on('data', (data: Buffer) => (answer += data.toString()));
    socket.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await vi.waitUntil(() => open.size === 0 && answer !== '', { timeout: 10_000, interval: 5 });
    expect(answer).toContain('404');
    socket.destroy();
  });

  it('§3.2 closes with 1003 on a binary message', async () => {
    const { ws } = await start();
    const client = await new Client(ws).open();
    client.socket.send(new Uint8Array([1, 2, 3]));
    await expect.poll(() => client.code).toBe(1003);
  });

  it('RFC 6120 §4.9.3.14 policy-violation for a stanza that is a little too large, 1009 for one that is much', async () => {
    const { ws } = await start({}, { stanzaBytes: 20_000 });
    const client = await new Client(ws).open();
    await client.say(OPEN, 2);
    const [error] = await client.say(`<message xmlns='jabber:client'>${'x'.repeat(20_000)}</message>`, 2);
    expect(error).toContain('<policy-violation ');
    const second = await new Client(ws).open();
    second.socket.send(`<message xmlns='jabber:client'>${'x'.repeat(200_000)}</message>`);
    await expect.poll(() => second.code).toBe(1009);
  });

  it('pings, and cuts who does not answer', async () => {
    const { ws, streams } = await start({}, { pingTime: 40 });
    const answering = await new Client(ws).open();
    const silent = await new Client(ws, ['xmpp'], { autoPong: false }).open();
    await expect.poll(() => silent.code).toBe(1006);
    expect(answering.code).toBeUndefined();
    expect(streams.size).toBe(1);
  });

  it('plain WebSocket where TLS is required: no mechanisms, and encryption-required', async () => {
    const { ws } = await start({}, {}, { stream: { requireTls: true } });
    const client = await new Client(ws).open();
    const [, features] = await client.say(OPEN, 2);
    expect(features).not.toContain('mechanism');
    expect(await client.say(plainAuth('user', 'pencil'))).toEqual([
      "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><encryption-required/></failure>",
    ]);
  });

  it('over TLS offers channel binding', async () => {
    const { port } = await start({ tls: await makeTlsProvider() });
    const client = await new Client(`wss://localhost:${port}/xmpp-websocket`, ['xmpp'], {
      rejectUnauthorized: false,
      servername: 'tutti.example',
    }).open();
    const [, features] = await client.say(OPEN, 2);
    expect(features).toContain('SCRAM-SHA-256-PLUS');
    expect(features).toContain("<channel-binding type='tls-exporter'/>");
  });

  it('behind a proxy on this machine the client is counted by its own address', async () => {
    const addresses: string[] = [];
    const { ws } = await start(
      {},
      { behindProxy: true, accept: (transport) => void addresses.push(transport.address) },
    );
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7' };
    const client = await new Client(ws, ['xmpp'], { headers }).open();
    const forged = await new Client(ws, ['xmpp'], { headers: { 'x-forwarded-for': 'nonsense' } }).open();
    expect(addresses).toEqual(['203.0.113.7', '127.0.0.1']);
    client.socket.terminate();
    forged.socket.terminate();
  });
});

describe('XEP-0156 host-meta', () => {
  it('names the WebSocket in XML and JSON, for web pages of any origin', async () => {
    const { url, ws } = await start();
    const xrd = await fetch(`${url}/.well-known/host-meta`);
    expect(xrd.headers.get('content-type')).toBe('application/xrd+xml; charset=utf-8');
    expect(xrd.headers.get('access-control-allow-origin')).toBe('*');
    const link = parseXml((await xrd.text()).replace(/^<\?.*\?>\n/, '').trim()).child('Link');
    expect(link?.attrs).toMatchObject({ rel: 'urn:xmpp:alt-connections:websocket', href: ws });
    const jrd = await fetch(`${url}/.well-known/host-meta.json`);
    expect(jrd.headers.get('access-control-allow-origin')).toBe('*');
    expect(await jrd.json()).toEqual({ links: [{ rel: 'urn:xmpp:alt-connections:websocket', href: ws }] });
  });

  it('uses the public address where one is configured', async () => {
    const alternatives = [{ rel: 'urn:xmpp:alt-connections:xbosh', path: '/bosh', scheme: 'http' as const }];
    const { url } = await start({ publicUrl: 'https://chat.example.org/xmpp/', alternatives });
    expect(await (await fetch(`${url}/.well-known/host-meta.json`)).json()).toEqual({
      links: [
        { rel: 'urn:xmpp:alt-connections:xbosh', href: 'https://chat.example.org/xmpp/bosh' },
        { rel: 'urn:xmpp:alt-connections:websocket', href: 'wss://chat.example.org/xmpp/xmpp-websocket' },
      ],
    });
  });

  it('gives wss over HTTPS, and 400 for a Host that is none', async () => {
    const { port, server } = await start({ tls: await makeTlsProvider() });
    const body = await new Promise<string>((resolve, reject) => {
      request(
        { port, host: 'localhost', path: '/.well-known/host-meta.json', rejectUnauthorized: false },
        (response) => {
          response.setEncoding('utf8').on('data', resolve);
        },
      )
        .on('error', reject)
        .end();
    });
    expect(body).toContain(`"wss://localhost:${port}/xmpp-websocket"`);
    const bad = await server.app.inject({ url: '/.well-known/host-meta', headers: { host: "x'><script>" } });
    expect(bad.statusCode).toBe(400);
  });
});

describe('the other pages', () => {
  it('says what this is', async () => {
    const { url } = await start();
    expect(await (await fetch(url)).text()).toContain('XMPP server');
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  it('gives metrics to this machine only', async () => {
    const { server } = await start({ metrics: () => 'tutti_sessions 3\n' });
    const ask = (remoteAddress: string, headers = {}) => server.app.inject({ url: '/metrics', remoteAddress, headers });
    expect((await ask('127.0.0.1')).body).toBe('tutti_sessions 3\n');
    expect((await ask('::1')).statusCode).toBe(200);
    expect((await ask('192.0.2.1')).statusCode).toBe(403);
    expect((await ask('127.0.0.1', { 'x-forwarded-for': '192.0.2.1' })).statusCode).toBe(403);
    const without = await start();
    expect((await without.server.app.inject({ url: '/metrics' })).statusCode).toBe(404);
  });

  it('takes the routes of others', async () => {
    const server = createHttpServer({ clock: REAL_CLOCK, host: '127.0.0.1', port: 0, handshakeTime: 0, publicUrl: '' });
    server.app.get('/mine', () => 'ours');
    closers.push(() => server.close());
    expect(await (await fetch(`http://127.0.0.1:${await server.listen()}/mine`)).text()).toBe('ours');
  });
});
