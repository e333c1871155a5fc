import { connect } from 'node:net';
import { NS } from '@tutti/xmpp';
import { describe, expect, it, vi } from 'vitest';
import { BoshClient } from '../../../test/bosh-client.ts';
import { makeTlsProvider } from '../../../test/stream/sockets.ts';
import { AddressLimits } from '../../stream/net/address-limits.ts';
import { setUp } from '../../../test/bosh-stage.ts';

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
