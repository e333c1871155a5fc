import { NS, StanzaError, StreamError, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { HEADER, OPEN, PASSWORD, plainAuth, readFeatures, settle, World } from '../../test/stream/world.ts';
import { AddressLimits } from './net/address-limits.ts';

const BIND = `<iq type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`;
const CLOSE = '</stream:stream>';

function error(condition: string): string {
  return `<stream:error><${condition} xmlns='${NS.streams}'/></stream:error></stream:stream>`;
}

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
    expect(await client.say(HEADER.replace('to=', "from='User@localhost/x' xml:lang='de' to="))).toContain("to='user@localhost' id=");
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
    expect(features.child('mechanisms', NS.sasl)?.elements.map((child) => child.text())).toEqual(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN']);
  });

  it('XEP-0388 §2.1 with what may be inline: Bind 2, resumption, FAST', async () => {
    const features = await (await new World().connect()).open();
    const inline = features.child('authentication', NS.sasl2)?.child('inline');
    const bind2 = inline?.child('bind', NS.bind2)?.child('inline')?.elements.map((child) => child.attrs['var']);
    expect(bind2).toEqual([NS.sm, NS.imNg]);
    expect(inline?.child('sm', NS.sm)).toBeDefined();
    expect(inline?.child('fast', NS.fast)?.elements.map((child) => child.text())).toEqual(['HT-SHA-256-NONE']);
  });

  it('XEP-0440 tells the channel bindings that there are', async () => {
    const some = () => new Uint8Array(32);
    const tls = { protocol: 'TLSv1.3', exporter: some, finished: () => undefined, serverEndPoint: some };
    const features = await (await new World().connect({ tls })).open();
    const types = features.child('sasl-channel-binding', NS.saslChannelBinding)?.elements.map((child) => child.attrs['type']);
    expect(types).toEqual(['tls-exporter', 'tls-server-end-point']);
    expect(features.child('mechanisms', NS.sasl)?.elements[0]?.text()).toBe('SCRAM-SHA-512-PLUS');
    const fast = features.child('authentication', NS.sasl2)?.child('inline')?.child('fast', NS.fast);
    expect(fast?.elements.map((child) => child.text())).toEqual(['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-NONE']);
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

describe('RFC 6120 §7 binding', () => {
  it('gives the resource that is asked for, and hands over what follows', async () => {
    const world = new World();
    const client = await world.connect();
    expect(await client.logIn('user', 'balcony')).toBe('user@localhost/balcony');
    expect(world.host.binds[0]?.identity).toMatchObject({ mechanism: 'PLAIN' });
    await client.say("<message id='1'/><presence/><r xmlns='urn:xmpp:sm:3'/>");
    expect(world.host.sessions[0]?.received.map((element) => element.name)).toEqual(['message', 'presence', 'r']);
  });

  it('§7.7.2 a refusal is a stanza error, and the client may try again', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    world.host.refuseBind = new StanzaError('resource-constraint', { type: 'wait' });
    expect(await client.say(BIND)).toBe(`<iq id='b' type='error'><error type='wait'><resource-constraint xmlns='${NS.stanzas}'/></error></iq>`);
    world.host.refuseBind = undefined;
    expect(await client.say(BIND)).toContain('<jid>user@localhost/made</jid>');
  });

  it('RFC 3921 §3 answers a request for a session right after it, and only there', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    const request = `<iq type='set' id='s'><session xmlns='${NS.session}'/></iq>`;
    expect(await client.say(request)).toBe("<iq id='s' type='result'/>");
    expect(await client.say(request)).toBe('');
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('writes the answer before anything that the session writes meanwhile', async () => {
    const world = new World();
    world.host.whileBinding = (_session, connection) => connection.write(new TextEncoder().encode('<message/>'));
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    expect(await client.say(BIND)).toMatch(/^<iq .*<\/iq><message\/>$/);
  });

  it('a session that is made after the connection has gone is told so', async () => {
    const world = new World();
    let finish = () => undefined as void;
    world.host.whileBinding = () => new Promise<void>((resolve) => (finish = resolve));
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    client.transport.receive(BIND);
    await settle();
    client.transport.cut();
    await settle();
    finish();
    await settle();
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
  });

  it('a fault while binding ends the stream with internal-server-error', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    world.host.refuseBind = new Error('disk on fire');
    expect(await client.say(BIND)).toBe(error('internal-server-error'));
  });
});

describe('XEP-0198 §5 resumption', () => {
  it('takes the session over, and starts it after <resumed/>', async () => {
    const world = new World();
    const first = await world.connect();
    await first.logIn();
    world.host.resumable.set('sm1', world.host.sessions[0]!);
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    expect(await client.say(`<resume xmlns='${NS.sm}' previd='sm1' h='3'/>`)).toBe(
      `<resumed xmlns='${NS.sm}' previd='sm1' h='7'/><message xmlns='jabber:client' id='again'/>`,
    );
    await client.say('<message/>');
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('fails for a session of somebody else; then the client may bind', async () => {
    const world = new World();
    const first = await world.connect();
    await first.logIn('other');
    world.host.resumable.set('sm1', world.host.sessions[0]!);
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    expect(await client.say(`<resume xmlns='${NS.sm}' previd='sm1' h='0'/>`)).toContain('<item-not-found ');
    expect(await client.say(BIND)).toContain('<jid>user@localhost/made</jid>');
  });
});

describe('flow', () => {
  it('hands over nothing while the session pauses, and everything in order after', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    const session = world.host.sessions[0]!;
    client.stream.pause();
    expect(client.transport.paused).toBe(true);
    client.transport.receive("<message id='1'/><message id='2'/>");
    client.transport.receive("<message id='3'/>");
    await settle();
    expect(session.received).toEqual([]);
    client.stream.resume();
    expect(session.received.map((element) => element.attrs['id'])).toEqual(['1', '2', '3']);
    expect(client.transport.paused).toBe(false);
  });

  it('stops in the middle of a packet when the session pauses or closes', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    const session = world.host.sessions[0]!;
    session.receive = (element) => {
      session.received.push(element);
      if (element.attrs['id'] === '1') client.stream.pause();
      else client.stream.close(new StreamError('conflict'));
    };
    client.transport.receive("<message id='1'/><message id='2'/><message id='3'/>");
    expect(session.received).toHaveLength(1);
    client.stream.resume();
    expect(session.received).toHaveLength(2);
    expect(await client.hear()).toBe(error('conflict'));
  });

  it('RFC 6120 §6.4.6 a new header may follow the last response in the same packet', async () => {
    const client = await new World().connect();
    await client.open();
    const answer = await client.say(plainAuth('user', PASSWORD) + HEADER + BIND);
    expect(answer).toMatch(/<success [^>]*\/><\?xml.*<\/stream:features><iq .*user@localhost\/made/s);
  });

  it('what a session throws ends the stream: a stream error as it is, a fault as internal-server-error', async () => {
    for (const [thrown, condition] of [[new StreamError('policy-violation'), 'policy-violation'], [new Error('oops'), 'internal-server-error']] as const) {
      const world = new World();
      const client = await world.connect();
      await client.logIn();
      world.host.sessions[0]!.receive = () => {
        throw thrown;
      };
      expect(await client.say('<message/>')).toBe(error(condition));
    }
  });
});

describe('RFC 6120 §4.4 the end of a stream', () => {
  it('the client closes: the server closes too, and the session ends cleanly', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    expect(await client.say(CLOSE)).toBe(CLOSE);
    expect(client.transport.ended).toBe(true);
    expect(world.host.sessions[0]?.events).toEqual(['closed']);
  });

  it('the server closes: it waits for the client, but not for ever', async () => {
    const world = new World();
    const [quick, slow] = [await world.connect(), await world.connect()];
    await quick.logIn('user', 'quick');
    await slow.logIn('user', 'slow');
    quick.stream.close();
    slow.stream.close();
    expect(await quick.hear()).toBe(CLOSE);
    expect(await quick.say(`<message/>${CLOSE}`)).toBe('');
    expect(quick.transport.ended).toBe(true);
    expect(world.host.sessions[0]).toMatchObject({ received: [], events: ['closed'] });
    world.clock.turn(4999);
    expect(slow.transport.ended).toBe(false);
    world.clock.turn(1);
    await settle();
    expect(slow.transport.ended).toBe(true);
    expect(world.host.sessions[1]?.events).toEqual(['cut']);
  });

  it('the connection is cut: the session is told once', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    client.transport.cut();
    await settle();
    client.stream.close();
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
    expect(world.clock.pending).toBe(0);
  });

  it('the client sends a stream error: the server closes, and the session may be resumed', async () => {
    const world = new World();
    const client = await world.connect();
    await client.logIn();
    expect(await client.say(`<stream:error><reset xmlns='${NS.streams}'/></stream:error>`)).toBe(CLOSE);
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
  });

  it('on a stream that was never opened the end comes with a header', async () => {
    const client = await new World().connect();
    client.stream.close(new StreamError('system-shutdown'));
    expect(await client.hear()).toMatch(/^<\?xml.* from='' .*><stream:error><system-shutdown .*<\/stream:stream>$/s);
  });
});

describe('time', () => {
  it('RFC 6120 §4.9.3.4 connection-timeout for who does not bind in time, at the edge', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    await client.say(plainAuth('user', PASSWORD));
    await client.open();
    world.clock.turn(59_999);
    expect(await client.hear()).toBe('');
    world.clock.turn(1);
    expect(await client.hear()).toBe(error('connection-timeout'));
    const bound = await world.connect();
    await bound.logIn();
    world.clock.turn(600_000);
    expect(await bound.hear()).toBe('');
  });

  it('0 = no limit', async () => {
    const world = new World({ stream: { limits: { loginTime: 0, idleTime: 0 } } });
    await (await world.connect()).open();
    expect(world.clock.pending).toBe(0);
  });

  it('XEP-0478 asks a silent client for a sign of life, then gives it up as cut', async () => {
    const world = new World();
    let asked = 0;
    world.host.whileBinding = (session) => void (session.idle = () => (asked += 1));
    const client = await world.connect();
    await client.logIn();
    world.clock.turn(200_000);
    await client.say(' ');
    world.clock.turn(200_000);
    expect(asked).toBe(0);
    world.clock.turn(200_000);
    expect(asked).toBe(1);
    await client.say(' ');
    world.clock.turn(360_000);
    expect(asked).toBe(2);
    world.clock.turn(59_999);
    expect(await client.hear()).toBe('');
    world.clock.turn(1);
    expect(await client.hear()).toBe(error('connection-timeout'));
    expect(world.host.sessions[0]?.events).toEqual(['cut']);
  });
});

describe('limits', () => {
  it('policy-violation past the bytes of a stanza, before and after login, at the edge', async () => {
    const world = new World();
    const pad = (name: string, bytes: number) => `<${name} x='${'y'.repeat(bytes - name.length - 8)}'/>`;
    expect(pad('a', 20)).toHaveLength(20);
    const client = await world.connect();
    await client.open();
    expect(await client.say(pad('starttls', 10_001))).toBe(error('policy-violation'));
    const fitting = await world.connect();
    await fitting.open();
    expect(await fitting.say(pad('unknown', 10_000))).toBe(error('unsupported-stanza-type'));
    const bound = await world.connect();
    await bound.logIn();
    await bound.say(pad('message', 262_144));
    expect(world.host.sessions[0]?.received).toHaveLength(1);
    expect(await bound.say(pad('message', 262_145))).toBe(error('policy-violation'));
  });

  it('the limits after login hold after SASL2, where no new stream begins', async () => {
    const world = new World();
    const client = await world.connect();
    await client.open();
    const initial = Buffer.from(`\0user\0${PASSWORD}`).toString('base64');
    await client.say(`<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'><initial-response>${initial}</initial-response><bind xmlns='${NS.bind2}'/></authenticate>`);
    await client.say(`<message x='${'y'.repeat(20_000)}'/>`);
    expect(world.host.sessions[0]?.received).toHaveLength(1);
  });

  it('resource-constraint for too many connections that have not logged in', async () => {
    const addresses = new AddressLimits({ perAddress: 4, unauthenticatedPerAddress: 2, unauthenticated: 3 });
    const world = new World({ stream: { addresses } });
    const bound = await world.connect();
    await bound.logIn();
    const waiting = [await world.connect(), await world.connect()];
    const refused = await world.connect();
    expect(await refused.hear()).toMatch(/from='' .*<stream:error><resource-constraint .*<\/stream:stream>$/s);
    waiting[0]?.transport.cut();
    await settle();
    expect(await (await world.connect()).say(HEADER)).toContain('<stream:features>');
    await (await world.connect({ address: '192.0.2.7' })).open();
    expect(await (await world.connect({ address: '192.0.2.8' })).hear()).toContain('<resource-constraint ');
  });
});

describe('before login', () => {
  it('XEP-0077 §3 hands an IQ to the host, where it wants it', async () => {
    const world = new World();
    world.host.loginFeatures = () => [xml('register', { xmlns: NS.registerFeature })];
    world.host.receiveBeforeLogin = async (domain, iq) => xml('iq', { type: 'result', id: iq.attrs['id'], from: domain });
    const client = await world.connect();
    expect((await client.open()).child('register', NS.registerFeature)).toBeDefined();
    expect(await client.say("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")).toBe("<iq type='result' id='r' from='localhost'/>");
    const distant = await world.connect({ address: '192.0.2.1' });
    await distant.open();
    expect(await distant.say("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>")).toBe(error('not-authorized'));
  });
});

describe('RFC 7395 framing', () => {
  it('the same dialogue, each element a document of its own', async () => {
    const world = new World();
    const client = await world.connect({ framing: 'document' });
    client.transport.receive(OPEN);
    await settle();
    const [open, features] = client.transport.take();
    expect(open).toMatch(/^<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' id='[\w-]{22}' version='1\.0' xml:lang='en'\/>$/);
    expect(features).toMatch(/^<stream:features xmlns:stream='http:\/\/etherx\.jabber\.org\/streams'><mechanisms xmlns=/);
    await client.say(plainAuth('user', PASSWORD));
    await client.say(OPEN);
    const bound = await client.say(`<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='${NS.bind}'/></iq>`);
    expect(bound).toMatch(/^<iq xmlns='jabber:client' id='b' type='result'>/);
    expect(await client.say(`<close xmlns='${NS.framing}'/>`)).toBe(`<close xmlns='${NS.framing}'/>`);
    expect(world.host.sessions[0]?.events).toEqual(['closed']);
  });
});
