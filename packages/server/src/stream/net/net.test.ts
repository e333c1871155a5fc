import { AddressLimits } from './address-limits.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { ScramClient } from '../../../test/stream/scram-client.ts';
import { SocketClient, startServer } from '../../../test/stream/sockets.ts';
import { base64, HEADER, plainAuth } from '../../../test/stream/world.ts';

type Server = Awaited<ReturnType<typeof startServer>>;
const servers: Server[] = [];

async function start(...args: Parameters<typeof startServer>): Promise<Server> {
  const server = await startServer(...args);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const FEATURES = '</stream:features>';
const BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

async function startTls(port: number, options = {}): Promise<SocketClient> {
  const client = await SocketClient.connect(port);
  await client.say(HEADER, FEATURES);
  await client.say(STARTTLS, PROCEED);
  await client.encrypt(options);
  return client;
}

async function logInPlus(client: SocketClient, type: string, bindingData: Uint8Array): Promise<string> {
  const scram = new ScramClient({
    hash: 'SHA-256',
    name: 'user',
    password: 'pencil',
    gs2Header: `p=${type},,`,
    bindingData,
  });
  const challenge = await client.say(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256-PLUS'>${base64(scram.first())}</auth>`,
    '</challenge>',
  );
  const [, data = ''] = />([^<]*)<\/challenge>/.exec(challenge) ?? [];
  const final = scram.final(Buffer.from(data, 'base64').toString());
  client.send(`<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${base64(final)}</response>`);
  const answer = await client.until('>');
  if (!answer.startsWith('<success')) return answer;
  const [verifier = ''] = (await client.until('</success>')).split('<');
  return Buffer.from(verifier, 'base64').toString() === scram.expectedVerifier() ? 'success' : 'wrong verifier';
}

describe('RFC 6120 §5 STARTTLS over real sockets', () => {
  it('offers nothing else until the stream is encrypted, then everything', async () => {
    const { listener } = await start('tcp', { world: { stream: { requireTls: true } } });
    const client = await SocketClient.connect(listener.port);
    const before = await client.say(HEADER, FEATURES);
    expect(before).toContain("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
    expect(before).not.toContain('<mechanism>');
    await client.say(STARTTLS, PROCEED);
    await client.encrypt();
    const after = await client.say(HEADER, FEATURES);
    expect(after).not.toContain('starttls');
    expect(after).toContain('<mechanism>SCRAM-SHA-256-PLUS</mechanism>');
    expect(after).toContain("<channel-binding type='tls-exporter'/><channel-binding type='tls-server-end-point'/>");
    await client.say(plainAuth('user', 'pencil'), '/>');
    await client.say(HEADER, FEATURES);
    expect(await client.say(BIND, '</iq>')).toContain('<jid>user@localhost/made</jid>');
    client.close();
  });

  it('ends the stream when something follows <starttls/> in clear, in the same packet', async () => {
    const { listener, world } = await start('tcp');
    const client = await SocketClient.connect(listener.port);
    await client.say(HEADER, FEATURES);
    client.send(STARTTLS + plainAuth('user', 'pencil'));
    expect(await client.rest()).toBe("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
    expect(world.host.binds).toEqual([]);
  });

  it('drops what follows <proceed/> in clear: it is no TLS handshake', async () => {
    const { listener } = await start('tcp');
    const client = await SocketClient.connect(listener.port);
    await client.say(HEADER, FEATURES);
    await client.say(STARTTLS, PROCEED);
    client.send(`${HEADER}${plainAuth('user', 'pencil')}`);
    expect(await client.rest()).not.toContain('success');
  });
});

describe('who keeps silent', () => {
  it('in the middle of STARTTLS is cut in time', async () => {
    const limits = { loginTime: 150 };
    const { listener, streams } = await start('tcp', { world: { stream: { limits } }, lingerTime: 50 });
    const client = await SocketClient.connect(listener.port);
    await client.say(HEADER, FEATURES);
    await client.say(STARTTLS, PROCEED);
    await client.rest();
    await expect.poll(() => streams.size).toBe(0);
    client.close();
  });

  it('on a direct TLS port is cut before there is a stream', async () => {
    const { listener, streams } = await start('tls', { handshakeTime: 50 });
    const client = await SocketClient.connect(listener.port);
    expect(await client.rest()).toBe('');
    expect(streams.size).toBe(0);
  });

  it('counts before the handshake, and gives its place back after it', async () => {
    const options = { perAddress: 2, unauthenticatedPerAddress: 0, unauthenticated: 0 };
    const { listener, streams } = await start('tls', { handshakeTime: 2000, handshakes: new AddressLimits(options) });
    const [first, second] = [await SocketClient.connect(listener.port), await SocketClient.connect(listener.port)];
    const refused = await SocketClient.connect(listener.port);
    expect(await refused.rest()).toBe('');
    await first.encrypt();
    await first.say(HEADER, FEATURES);
    const third = await SocketClient.connect(listener.port);
    await third.encrypt();
    await third.say(HEADER, FEATURES);
    expect(streams.size).toBe(2);
    for (const client of [first, second, third]) client.close();
  });
});

describe('channel binding over real TLS', () => {
  it('RFC 9266 tls-exporter on TLS 1.3', async () => {
    const { listener } = await start('tcp');
    const client = await startTls(listener.port);
    await client.say(HEADER, FEATURES);
    expect(await logInPlus(client, 'tls-exporter', client.exporter())).toBe('success');
    client.close();
  });

  it('RFC 5929 tls-server-end-point on TLS 1.3, after STARTTLS and on direct TLS', async () => {
    const { listener } = await start('tcp');
    const client = await startTls(listener.port);
    await client.say(HEADER, FEATURES);
    expect(await logInPlus(client, 'tls-server-end-point', client.endPoint())).toBe('success');
    client.close();
    const direct = await start('tls');
    const second = await SocketClient.connectTls(direct.listener.port, { ALPNProtocols: ['xmpp-client'] });
    await second.say(HEADER, FEATURES);
    expect(await logInPlus(second, 'tls-server-end-point', second.endPoint())).toBe('success');
    second.close();
  });

  it('RFC 9266 §4.2 offers tls-server-end-point only on TLS 1.2', async () => {
    const { listener } = await start('tls', { maxVersion: 'TLSv1.2' });
    const client = await SocketClient.connectTls(listener.port);
    const features = await client.say(HEADER, FEATURES);
    expect(features).toContain(
      "xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/></sasl-channel-binding>",
    );
    expect(await logInPlus(client, 'tls-server-end-point', client.endPoint())).toBe('success');
    client.close();
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'takes tls-unique, which it does not advertise, on %s',
    async (maxVersion) => {
      const { listener } = await start('tls', { maxVersion });
      const client = await SocketClient.connectTls(listener.port);
      expect(await client.say(HEADER, FEATURES)).not.toContain('tls-unique');
      expect(await logInPlus(client, 'tls-unique', client.finished())).toBe('success');
      client.close();
    },
  );

  it('refuses the binding of another connection', async () => {
    const { listener } = await start('tls');
    const [client, other] = [
      await SocketClient.connectTls(listener.port),
      await SocketClient.connectTls(listener.port),
    ];
    await client.say(HEADER, FEATURES);
    const answer = await logInPlus(client, 'tls-exporter', other.exporter());
    expect(answer + (await client.until('</failure>'))).toContain('<not-authorized/>');
    client.close();
    other.close();
  });
});

describe('XEP-0368 direct TLS', () => {
  it('chooses the certificate by SNI, for STARTTLS as well', async () => {
    const { listener } = await start('tls');
    const names = [];
    for (const servername of ['tutti.example', 'localhost', undefined, 'elsewhere.example']) {
      const client = await SocketClient.connectTls(listener.port, servername === undefined ? {} : { servername });
      names.push(client.tls.getPeerCertificate().subject.CN);
      client.close();
    }
    expect(names).toEqual(['tutti.example', 'localhost', 'localhost', 'localhost']);
    const tcp = await start('tcp');
    const client = await startTls(tcp.listener.port, { servername: 'tutti.example' });
    expect(client.tls.getPeerCertificate().subject.CN).toBe('tutti.example');
    client.close();
  });

  it('speaks xmpp-client by ALPN, serves clients without ALPN and refuses those who want something else', async () => {
    const { listener } = await start('tls');
    const client = await SocketClient.connectTls(listener.port, { ALPNProtocols: ['h2', 'xmpp-client'] });
    expect(client.tls.alpnProtocol).toBe('xmpp-client');
    client.close();
    const without = await SocketClient.connectTls(listener.port);
    expect(await without.say(HEADER, FEATURES)).toContain('PLAIN');
    without.close();
    await expect(SocketClient.connectTls(listener.port, { ALPNProtocols: ['http/1.1'] })).rejects.toThrow(
      /alert|closed|reset/i,
    );
  });
});

describe('the end of a connection', () => {
  it('half-closed: the peer that shuts down its side gets ours shut down, and the session is cut', async () => {
    const { listener, world, streams } = await start('tcp');
    const client = await SocketClient.connect(listener.port);
    await client.say(HEADER, FEATURES);
    await client.say(plainAuth('user', 'pencil'), '/>');
    await client.say(HEADER, FEATURES);
    await client.say(BIND, '</iq>');
    client.socket.end();
    await client.rest();
    await expect.poll(() => streams.size).toBe(0);
    expect(world.host.sessions[0]?.events.at(-1)).toBe('cut');
  });

  it('RFC 6120 §4.4 a peer that never closes its side is cut after the linger time', async () => {
    const { listener, streams } = await start('tcp', { lingerTime: 50 });
    const client = await SocketClient.connect(listener.port);
    await client.say(`${HEADER}</stream:stream>`, '</stream:stream>');
    await client.rest();
    await expect.poll(() => streams.size).toBe(0);
    client.close();
  });

  it('RFC 6120 §4.9.3.22 system-shutdown to all streams, then they are gone', async () => {
    const { listener, streams } = await start('tcp');
    const clients = await Promise.all([1, 2, 3].map(() => SocketClient.connect(listener.port)));
    await Promise.all(clients.map((client) => client.say(HEADER, FEATURES)));
    const rests = Promise.all(clients.map((client) => client.until('</stream:stream>')));
    const gone = streams.shutdown();
    for (const text of await rests) expect(text).toContain('<system-shutdown ');
    for (const client of clients) client.close();
    await gone;
    expect(streams.size).toBe(0);
  });

  it('a peer that reads nothing is noticed by what is buffered, and drained when it reads on', async () => {
    const { listener, world } = await start('tcp');
    const client = await SocketClient.connect(listener.port);
    await client.say(HEADER, FEATURES);
    await client.say(plainAuth('user', 'pencil'), '/>');
    await client.say(HEADER, FEATURES);
    await client.say(BIND, '</iq>');
    const { connection } = world.host.binds[0]!;
    const session = world.host.sessions[0]!;
    session.events.length = 0;
    client.socket.pause();
    const chunk = new Uint8Array(1 << 20).fill(0x20);
    for (let i = 0; i < 32; i += 1) connection.write(chunk);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connection.buffered).toBeGreaterThan(0);
    expect(session.events).toEqual([]);
    client.socket.resume();
    await expect.poll(() => session.events).toEqual(['drained']);
    expect(connection.buffered).toBe(0);
    client.close();
  });
});
