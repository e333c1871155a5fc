import { NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { HEADER, PASSWORD, plainAuth, readFeatures, streamError, World } from '../../test/stream/world.ts';

describe('RFC 6120 §4 opening a stream', () => {
  it('§4.7 answers with its own header: from, id, version, xml:lang', async () => {
    const client = await new World().connect();
    const answer = await client.say(HEADER);
    expect(answer).toMatch(
      /^<\?xml version='1\.0'\?><stream:stream xmlns='jabber:client' xmlns:stream='http:\/\/etherx\.jabber\.org\/streams' from='localhost' id='[\w-]{22}' version='1\.0' xml:lang='en'><stream:features>/,
    );
  });

  it('§4.7.2 answers `from` with `to`, as a bare JID', async () => {
    const world = new World();
    const client = await world.connect();
    expect(await client.say(HEADER.replace('to=', "from='User@localhost/x' xml:lang='de' to="))).toContain(
      "to='user@localhost' id=",
    );
    expect(client.stream.lang).toBe('de');
  });

  it('§4.7.3 every stream has another id', async () => {
    const world = new World();
    const ids = [];
    for (let i = 0; i < 3; i += 1) ids.push(/id='([^']*)'/.exec(await (await world.connect()).say(HEADER))?.[1]);
    expect(new Set(ids).size).toBe(3);
  });

  it('§4.7.5 speaks 1.0 with a peer that knows more', async () => {
    const client = await new World().connect();
    expect(await client.say(HEADER.replace("version='1.0'", "version='1.2'"))).toContain("version='1.0'");
  });

  it('takes a header that comes byte by byte, and white space around elements', async () => {
    const world = new World();
    const client = await world.connect();
    const bytes = new TextEncoder().encode(`<?xml version='1.0'?>\n${HEADER}\n  `);
    for (const byte of bytes) client.transport.receive(Uint8Array.of(byte));
    expect(readFeatures(await client.hear()).name).toBe('features');
  });
});

describe('features', () => {
  it('RFC 6120 §5.3.1 nothing but STARTTLS and limits while TLS is required', async () => {
    const client = await new World({ stream: { requireTls: true } }).connect();
    expect((await client.open()).elements.map((child) => child.name)).toEqual(['starttls', 'limits']);
  });

  it('a plain connection from elsewhere may not log in, whatever is configured', async () => {
    const client = await new World().connect({ address: '192.0.2.1' });
    const features = await client.open();
    expect(features.child('starttls', NS.tls)?.child('required')).toBeDefined();
    expect(features.child('mechanisms', NS.sasl)).toBeUndefined();
    expect(await client.say(plainAuth('user', PASSWORD))).toContain('<encryption-required/>');
  });

  it('on this machine, if allowed, STARTTLS is optional', async () => {
    const features = await (await new World().connect()).open();
    expect(features.child('starttls', NS.tls)?.children).toEqual([]);
    expect(features.child('mechanisms', NS.sasl)?.elements.map((child) => child.text())).toEqual([
      'SCRAM-SHA-512',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1',
      'PLAIN',
    ]);
  });

  it('XEP-0388 §2.1 with what may be inline: Bind 2, resumption, FAST', async () => {
    const features = await (await new World().connect()).open();
    const inline = features.child('authentication', NS.sasl2)?.child('inline');
    const bind2 = inline
      ?.child('bind', NS.bind2)
      ?.child('inline')
      ?.elements.map((child) => child.attrs['var']);
    expect(bind2).toEqual([NS.sm, NS.imNg]);
    expect(inline?.child('sm', NS.sm)).toBeDefined();
    expect(inline?.child('fast', NS.fast)?.elements.map((child) => child.text())).toEqual(['HT-SHA-256-NONE']);
  });

  it('XEP-0440 tells the channel bindings that there are', async () => {
    const some = () => new Uint8Array(32);
    const tls = { protocol: 'TLSv1.3', exporter: some, finished: () => undefined, serverEndPoint: some };
    const features = await (await new World().connect({ tls })).open();
    const types = features
      .child('sasl-channel-binding', NS.saslChannelBinding)
      ?.elements.map((child) => child.attrs['type']);
    expect(types).toEqual(['tls-exporter', 'tls-server-end-point']);
    expect(features.child('mechanisms', NS.sasl)?.elements[0]?.text()).toBe('SCRAM-SHA-512-PLUS');
    const fast = features.child('authentication', NS.sasl2)?.child('inline')?.child('fast', NS.fast);
    expect(fast?.elements.map((child) => child.text())).toEqual([
      'HT-SHA-256-EXPR',
      'HT-SHA-256-ENDP',
      'HT-SHA-256-NONE',
    ]);
  });

  it('XEP-0478 tells the limits before and after login, and none where there is none', async () => {
    const client = await new World().connect();
    const before = (await client.open()).child('limits', NS.streamLimits);
    expect([before?.child('max-bytes')?.text(), before?.child('idle-seconds')?.text()]).toEqual(['10000', '60']);
    await client.say(plainAuth('user', PASSWORD));
    const after = (await client.open()).child('limits', NS.streamLimits);
    expect([after?.child('max-bytes')?.text(), after?.child('idle-seconds')?.text()]).toEqual(['262144', '300']);
    const none = { stanzaBytes: 0, depth: 0, attributes: 0, nameBytes: 0 };
    const unlimited = new World({ stream: { limits: { beforeLogin: none, loginTime: 0 } } });
    expect((await (await unlimited.connect()).open()).child('limits', NS.streamLimits)).toBeUndefined();
  });
});

describe('before login', () => {
  it('XEP-0077 §3 hands an IQ to the host, where it wants it', async () => {
    const world = new World();
    world.host.loginFeatures = () => [xml('register', { xmlns: NS.registerFeature })];
    world.host.receiveBeforeLogin = async (domain, iq) =>
      xml('iq', { type: 'result', id: iq.attrs['id'], from: domain });
    const client = await world.connect();
    expect((await client.open()).child('register', NS.registerFeature)).toBeDefined();
    expect(await client.say("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")).toBe(
      "<iq type='result' id='r' from='localhost'/>",
    );
    const distant = await world.connect({ address: '192.0.2.1' });
    await distant.open();
    expect(await distant.say("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")).toBe(
      streamError('not-authorized'),
    );
  });
});
