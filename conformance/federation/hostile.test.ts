import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import { until } from '../server/own-server.ts';
import { say } from './combinations.ts';
import { Authority } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import type { Ground } from './rig/peer.ts';
import {
  auth,
  dialRaw,
  enterRaw,
  greetRaw,
  header,
  HEADER_END,
  openRaw,
  RawServer,
  receiveRaw,
  SM,
  STARTTLS,
} from './rig/raw-peer.ts';
import { Tutti } from './rig/tutti.ts';

const US = 'us.example';
let ground: Ground;
let tutti: Tutti;
let peer: RawServer;
let counter = 0;

/** A domain that no other test uses; with `port`, the DNS says that its server is there. */
function freshDomain(port?: number): string {
  counter += 1;
  const domain = `peer-${counter}.example`;
  if (port !== undefined) ground.dns.announce(domain, { plain: port });
  return domain;
}

const good = (domain: string) => ground.authority.issue({ dns: [domain] });

function message(from: string, to: string, id: string, body = 'hello'): string {
  return `<message from='${from}' to='${to}' type='chat' id='${id}'><body>${body}</body></message>`;
}

async function pingRemote(domain: string): Promise<string> {
  const juliet = await tutti.join(US, 'juliet');
  const answer = await juliet.iq('get', xml('ping', { xmlns: NS.ping }), domain);
  await juliet.close();
  return answer.child('error')?.elements[0]?.name ?? answer.attrs['type'] ?? '';
}

/** Gives us a reason to connect there; whether it is answered does not matter. */
async function nudge(domain: string): Promise<void> {
  const juliet = await tutti.join(US, 'juliet');
  juliet.send(xml('iq', { type: 'get', id: 'nudge', to: domain }, xml('ping', { xmlns: NS.ping })));
}

function lastFailure(domain: string): string {
  return tutti.lines('s2s: not connected', domain).at(-1)?.detail ?? '';
}

describe.runIf(requirePeer('openssl', 'hostile servers'))('hostile and broken servers', () => {
  beforeAll(async () => {
    ground = { dns: await DnsServer.start(), authority: new Authority() };
    peer = await RawServer.start();
    const settings = [
      's2s.connect_timeout=1 second',
      's2s.ack_timeout=1 second',
      's2s.stanza_bytes=20000',
      's2s.stanzas_per_second=200',
      's2s.stanzas_burst=100',
      's2s.connections_per_address=0',
      's2s.unauthenticated_connections=0',
      's2s.domains_per_connection=2',
      's2s.block=blocked.example,*.blocked.example',
      's2s.domains."lax.example".require_valid_certificate=false',
      's2s.domains."plain.example".require_tls=false',
    ];
    tutti = await Tutti.start(ground, { [US]: 'starttls', 'other.us.example': 'starttls' }, { settings });
  });

  afterAll(async () => {
    await tutti[Symbol.asyncDispose]();
    peer[Symbol.dispose]();
    ground.authority[Symbol.dispose]();
    ground.dns[Symbol.dispose]();
  });

  describe('RFC 7590 §3.4 the certificate of a server that we connect to', () => {
    it.each([
      [
        'has expired',
        (domain: string) => ground.authority.issue({ dns: [domain], days: -1 }),
        /certificate expired on \d{4}/,
      ],
      ['is for another domain', () => good('else.example'), /its certificate is for else\.example, not for peer-/],
      [
        'is of an authority that nobody knows',
        (domain: string) => new Authority().issue({ dns: [domain] }),
        /authority that is not known here/,
      ],
    ])('%s: nothing is entrusted to it', async (_, issue, reason) => {
      const domain = freshDomain(peer.port);
      const served = peer.next().then(async (stream) => {
        await greetRaw(stream, domain, issue(domain), "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        return stream.rest();
      });
      expect(await pingRemote(domain)).toBe('remote-server-timeout');
      expect(await served).toBe('</stream:stream>');
      expect(tutti.lines('s2s: not connected', domain)).toMatchObject([
        { reason: 'certificate', detail: expect.stringMatching(reason) },
      ]);
    });

    it('is not good, and the configuration lets it pass', async () => {
      ground.dns.announce('lax.example', { plain: peer.port });
      const served = peer.next().then(async (stream) => {
        await receiveRaw(stream, 'lax.example', good('else.example'));
        return stream.until('</iq>');
      });
      await nudge('lax.example');
      expect(await served).toContain("to='lax.example'");
    });

    it.each([
      ['XmppAddr', (domain: string) => ({ xmpp: [domain] })],
      ['SRVName', (domain: string) => ({ srv: [`_xmpp-server.${domain}`] })],
      ['a wildcard', (domain: string) => ({ dns: [`*.${domain.slice(domain.indexOf('.') + 1)}`] })],
    ])('RFC 6120 §13.7.1.2 names the domain by %s', async (_, wish) => {
      const domain = `sub-${freshDomain()}`.replace('.example', '.wild.example');
      ground.dns.announce(domain, { plain: peer.port });
      const served = peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, ground.authority.issue(wish(domain)));
        return stream.until('</iq>');
      });
      await nudge(domain);
      expect(await served).toContain(`to='${domain}'`);
    });
  });

  describe('a server that we connect to', () => {
    it('is not in the DNS', async () => {
      const domain = freshDomain();
      expect(await pingRemote(domain)).toBe('remote-server-not-found');
      expect(lastFailure(domain)).toBe(`the DNS has no address for ${domain}`);
    });

    it('RFC 2782 says by "." that it does not exist', async () => {
      const domain = freshDomain();
      ground.dns.set(domain, { type: 'A', address: '127.0.0.1' });
      ground.dns.set(`_xmpp-server._tcp.${domain}`, { type: 'SRV', port: 0, target: '.' });
      expect(await pingRemote(domain)).toBe('remote-server-not-found');
      expect(lastFailure(domain)).toContain('"." as its target');
    });

    it('stands behind a DNS that is broken', async () => {
      const domain = freshDomain(peer.port);
      ground.dns.broken.add(`_xmpp-server._tcp.${domain}`);
      expect(await pingRemote(domain)).toBe('remote-server-timeout');
      expect(lastFailure(domain)).toContain('the DNS gave no answer');
    });

    it('RFC 2782 has a dead target before the one that lives', async () => {
      const domain = freshDomain();
      ground.dns.set(
        `_xmpp-server._tcp.${domain}`,
        { type: 'SRV', priority: 1, port: 9, target: 'localhost' },
        { type: 'SRV', priority: 2, port: peer.port, target: 'localhost' },
      );
      const served = peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, good(domain));
        return stream.until('</iq>');
      });
      await nudge(domain);
      expect(await served).toContain(`to='${domain}'`);
    });

    it('does not listen', async () => {
      const domain = freshDomain(9);
      expect(await pingRemote(domain)).toBe('remote-server-timeout');
      expect(lastFailure(domain)).toContain('connection refused');
    });

    it('says nothing', async () => {
      const domain = freshDomain(peer.port);
      expect(await pingRemote(domain)).toBe('remote-server-timeout');
      expect(lastFailure(domain)).toBe('no stream header within 1 seconds');
      (await peer.next()).destroy();
    });

    it('does not offer TLS', async () => {
      const domain = freshDomain(peer.port);
      void peer.next().then((stream) => stream.send(`${header({ from: domain, id: 'a' })}<stream:features/>`));
      expect(await pingRemote(domain)).toBe('remote-server-timeout');
      expect(lastFailure(domain)).toBe('it does not offer TLS');
    });

    it('says that it is another one', async () => {
      const domain = freshDomain(peer.port);
      void peer.next().then((stream) => stream.send(`${header({ from: 'else.example', id: 'a' })}<stream:features/>`));
      await pingRemote(domain);
      expect(lastFailure(domain)).toBe('it says that it is else.example');
    });

    it('does not know the domain', async () => {
      const domain = freshDomain(peer.port);
      const error =
        "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>";
      void peer.next().then((stream) => stream.send(header({ from: domain, id: 'a' }) + error));
      expect(await pingRemote(domain)).toBe('remote-server-not-found');
    });

    it('XEP-0220 §4.1 says "valid" for what was not asked', async () => {
      const domain = freshDomain(peer.port);
      const served = peer.next().then(async (stream) => {
        await greetRaw(stream, domain, good(domain), "<dialback xmlns='urn:xmpp:features:dialback'/>");
        await stream.until('</db:result>');
        stream.send(`<db:result from='else.example' to='${US}' type='valid'/>`);
        stream.send(`<db:result from='${domain}' to='${US}' type='invalid'/>`);
        return stream.rest();
      });
      expect(await pingRemote(domain)).toBe('remote-server-timeout');
      expect(await served).toBe('</stream:stream>');
      expect(lastFailure(domain)).toContain('dialback was answered with "invalid"');
    });

    it('does not take what is sent to it: the connection is cut, and the next one brings it', async () => {
      const domain = freshDomain(peer.port);
      const first = peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, good(domain), SM);
        await stream.until("<r xmlns='urn:xmpp:sm:3'/>");
        return stream.rest();
      });
      const juliet = await tutti.join(US, 'juliet');
      const { id } = juliet.message({ to: `romeo@${domain}`, type: 'chat' }, 'still there?').attrs;
      await first;
      const second = await peer.next();
      await receiveRaw(second, domain, good(domain), SM);
      expect(await second.until("<r xmlns='urn:xmpp:sm:3'/>")).toContain(`id='${id}'`);
      second.send("<a xmlns='urn:xmpp:sm:3' h='1'/>");
      expect(tutti.lines('s2s: disconnected', domain)).toMatchObject([{ reason: 'timeout' }]);
      await juliet.close();
    });

    it('XEP-0198 §4 acknowledges more than it was sent', async () => {
      const domain = freshDomain(peer.port);
      const served = peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, good(domain), SM);
        await stream.until("<r xmlns='urn:xmpp:sm:3'/>");
        stream.send("<a xmlns='urn:xmpp:sm:3' h='7'/>");
        return stream.rest();
      });
      await nudge(domain);
      expect(await served).toContain("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='7' send-count='1'/>");
    });

    it('RFC 6120 §4.3 sends stanzas on a stream that is for our direction only', async () => {
      const domain = freshDomain(peer.port);
      const served = peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, good(domain));
        await stream.until('</iq>');
        stream.send(message(`romeo@${domain}`, `juliet@${US}`, 'm'));
        return stream.rest();
      });
      await nudge(domain);
      expect(await served).toContain('<not-authorized');
    });
  });

  describe('a server that connects to us', () => {
    it('RFC 6120 §4.9.3.6 wants a host that is not here', async () => {
      const stream = await dialRaw(tutti.port('s2s'));
      stream.send(header({ from: 'a.example', to: 'nobody.example' }));
      expect(await stream.rest()).toContain('<host-unknown');
    });

    it('RFC 6120 §4.9.3.9 says that it is us', async () => {
      const stream = await dialRaw(tutti.port('s2s'));
      stream.send(header({ from: 'other.us.example', to: US }));
      expect(await stream.rest()).toContain('<invalid-from');
    });

    it('is blocked, and so is what is below it', async () => {
      for (const from of ['blocked.example', 'chat.blocked.example']) {
        const stream = await dialRaw(tutti.port('s2s'));
        stream.send(header({ from, to: US }));
        expect(await stream.rest()).toContain('<policy-violation');
      }
      expect(await pingRemote('chat.blocked.example')).toBe('policy-violation');
    });

    it('is offered nothing but STARTTLS before it is encrypted', async () => {
      const stream = await dialRaw(tutti.port('s2s'));
      const offered = await stream.say(header({ from: 'a.example', to: US }), '</stream:features>');
      expect(offered).toContain("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
      expect(offered).not.toMatch(/dialback'>|mechanism|bidi|<sm/);
      const answer = await stream.say(`<db:result from='a.example' to='${US}'>key</db:result>`, '</db:result>');
      expect(answer).toContain('<policy-violation');
      stream.destroy();
    });

    it('RFC 6120 §5.4.3.3 puts something behind <starttls/> in clear', async () => {
      const stream = await dialRaw(tutti.port('s2s'));
      await stream.say(header({ from: 'a.example', to: US }), '</stream:features>');
      stream.send(STARTTLS + message('a@a.example', `juliet@${US}`, 'm'));
      expect(await stream.rest()).toMatch(/^<stream:error>.*<policy-violation/);
    });

    it('sends before it has proved who it is', async () => {
      const { stream } = await openRaw(tutti.port('s2s'), 'a.example', US);
      stream.send(message('a@a.example', `juliet@${US}`, 'm'));
      expect(await stream.rest()).toContain('<not-authorized');
    });

    it('XEP-0178 §3 has a certificate for another domain: EXTERNAL is not offered, and refused', async () => {
      const { stream, offered } = await openRaw(tutti.port('s2s'), 'victim.example', US, good('else.example'));
      expect(offered).not.toContain('EXTERNAL');
      expect(offered).toContain("<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
      expect(await stream.say(auth('victim.example'), '</failure>')).toContain('<not-authorized/>');
      stream.destroy();
    });

    it('XEP-0178 §3 says another identity than that of its header', async () => {
      const { stream, offered } = await openRaw(tutti.port('s2s'), 'a.example', US, good('a.example'));
      expect(offered).toContain('<mechanism>EXTERNAL</mechanism>');
      expect(await stream.say(auth('victim.example'), '</failure>')).toContain('<invalid-authzid/>');
      stream.destroy();
    });

    it('XEP-0220 §2.2.1 forges a dialback key: the server of that domain is asked, and says no', async () => {
      const victim = await Tutti.start(ground, { 'victim.example': 'starttls' });
      const { stream } = await openRaw(tutti.port('s2s'), 'victim.example', US);
      stream.send(`<db:result from='victim.example' to='${US}'>${'0'.repeat(64)}</db:result>`);
      expect(await stream.rest()).toContain(
        `<db:result from='${US}' to='victim.example' type='invalid'/></stream:stream>`,
      );
      expect(tutti.lines('s2s: a forged dialback key', 'victim.example')).toHaveLength(1);
      expect(victim.lines('s2s: somebody poses as us: a key is not ours', US)).toHaveLength(1);
      await victim[Symbol.asyncDispose]();
    });

    it('XEP-0220 §2.4 claims a domain whose server cannot be asked, or is not the right one', async () => {
      const { stream } = await openRaw(tutti.port('s2s'), 'gone.example', US);
      expect(await stream.say(`<db:result from='gone.example' to='${US}'>key</db:result>`, '</db:result>')).toContain(
        '<remote-server-not-found',
      );
      const domain = freshDomain(peer.port);
      void peer.next().then((one) => greetRaw(one, domain, good('else.example')));
      expect(await stream.say(`<db:result from='${domain}' to='${US}'>key</db:result>`, '</db:result>')).toContain(
        '<policy-violation',
      );
      expect(
        await stream.say(`<db:result from='gone.example' to='nobody.example'>key</db:result>`, '</db:result>'),
      ).toContain('<item-not-found');
      stream.destroy();
    });

    it('RFC 6120 §8.1.2.2 sends from a domain that it has not proved', async () => {
      const stream = await enterRaw(tutti.port('s2s'), 'a.example', US, good('a.example'));
      stream.send(message('b@b.example', `juliet@${US}`, 'm'));
      expect(await stream.rest()).toContain('<invalid-from');
    });

    it('RFC 6120 §8.1.1.2 sends to a domain that is not here, or to nobody', async () => {
      const stream = await enterRaw(tutti.port('s2s'), 'a.example', US, good('a.example'));
      stream.send(message('a@a.example', 'juliet@nobody.example', 'm'));
      expect(await stream.rest()).toContain('<host-unknown');
      const second = await enterRaw(tutti.port('s2s'), 'a.example', US, good('a.example'));
      second.send("<message from='a@a.example'><body>?</body></message>");
      expect(await second.rest()).toContain('<improper-addressing');
    });

    it('sends a stanza that is as large as may be, and one that is larger', async () => {
      const juliet = await tutti.join(US, 'juliet');
      const stream = await enterRaw(tutti.port('s2s'), 'a.example', US, good('a.example'));
      const fill = (id: string, bytes: number): string => {
        const empty = message('a@a.example', juliet.bare, id, '');
        return message('a@a.example', juliet.bare, id, 'x'.repeat(bytes - empty.length));
      };
      stream.send(fill('fits', 20_000));
      await juliet.receive((stanza) => stanza.attrs['id'] === 'fits');
      stream.send(fill('long', 20_001));
      expect(await stream.rest()).toContain('<policy-violation');
      await juliet.close();
    });

    it('XEP-0198 §4 is told of a stanza when it is in the archive, and not before', async () => {
      const juliet = await tutti.join(US, 'juliet');
      const stream = await enterRaw(tutti.port('s2s'), 'a.example', US, good('a.example'));
      await stream.say("<enable xmlns='urn:xmpp:sm:3'/>", '/>');
      stream.send(message('a@a.example', juliet.bare, 'one') + message('a@a.example', juliet.bare, 'two'));
      expect(await stream.say("<r xmlns='urn:xmpp:sm:3'/>", '/>')).toBe("<a xmlns='urn:xmpp:sm:3' h='2'/>");
      const { rows } = await juliet.archive();
      expect(rows.map(({ stanza }) => stanza.attrs['id'])).toEqual(['one', 'two']);
      stream.destroy();
      await juliet.close();
    });

    it('floods: it is read slower, everything arrives in order, and nobody else waits', async () => {
      const juliet = await tutti.join(US, 'juliet');
      const nurse = await tutti.join(US, 'nurse');
      const stream = await enterRaw(tutti.port('s2s'), 'a.example', US, good('a.example'));
      const begin = performance.now();
      const ids = Array.from({ length: 300 }, (_, index) => `f${index}`);
      stream.send(ids.map((id) => message('a@a.example', juliet.bare, id)).join(''));
      await say(nurse, juliet, 'in between');
      expect(performance.now() - begin).toBeLessThan(900);
      await juliet.receive((stanza) => stanza.attrs['id'] === 'f299');
      // 100 at once, the other 200 at 200 a second
      expect(performance.now() - begin).toBeGreaterThan(950);
      const arrived = juliet.transcript.map((stanza) => stanza.attrs['id'] ?? '').filter((id) => /^f\d/.test(id));
      expect(arrived).toEqual(ids);
      stream.destroy();
      await Promise.all([juliet.close(), nurse.close()]);
    });
  });

  it('XEP-0220 §2.6 speaks for as many pairs of domains as it may, and for no more', async () => {
    const theirs = await Tutti.start(ground, {
      'x.pairs.example': 'starttls',
      'y.pairs.example': 'starttls',
      'z.pairs.example': 'starttls',
    });
    const results: string[] = [];
    // The keys are wrong, but whether they are asked about is what counts: pairs under way count like proved ones.
    const { stream } = await openRaw(tutti.port('s2s'), 'x.pairs.example', US);
    stream.send(
      ['x', 'y', 'z'].map((name) => `<db:result from='${name}.pairs.example' to='${US}'>key</db:result>`).join(''),
    );
    results.push(await stream.until('</db:result>'));
    expect(results[0]).toMatch(/to='z\.pairs\.example' type='error'><error type='wait'><resource-constraint/);
    stream.destroy();
    await theirs[Symbol.asyncDispose]();
  });

  it('speaks without TLS where the configuration lets it, by dialback alone', async () => {
    ground.dns.announce('plain.example', { plain: peer.port });
    const served = peer.next().then(async (stream) => {
      await stream.until(HEADER_END);
      stream.send(
        `${header({ from: 'plain.example', id: 'a' })}<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`,
      );
      await stream.until('</db:result>');
      stream.send(`<db:result from='plain.example' to='${US}' type='valid'/>`);
      return stream.until('</iq>');
    });
    await nudge('plain.example');
    expect(await served).toContain("to='plain.example'");
  });
});

describe.runIf(requirePeer('openssl', 'limits of federation'))('limits', () => {
  beforeAll(async () => {
    ground = { dns: await DnsServer.start(), authority: new Authority() };
  });

  afterAll(() => {
    ground.authority[Symbol.dispose]();
    ground.dns[Symbol.dispose]();
  });

  it('connections_per_address, unauthenticated_connections: at the edge', async () => {
    await using own = await startOwn('s2s.connections_per_address=3', 's2s.unauthenticated_connections=2');
    const open = () => dialRaw(own.port('s2s'));
    const [a, b] = [await open(), await open()];
    for (const one of [a, b]) await one.say(header({ from: 'a.example', to: US }), '</stream:features>');
    expect(await (await open()).rest()).toContain('<resource-constraint');
    a.destroy();
    await until(() => own.log.filter(({ message: text }) => text === 's2s: not connected').length === 2);
    const c = await open();
    await c.say(header({ from: 'a.example', to: US }), '</stream:features>');
    for (const one of [b, c]) one.destroy();
  });

  it('allow: only these', async () => {
    await using own = await startOwn('s2s.allow=friend.example');
    const stream = await dialRaw(own.port('s2s'));
    stream.send(header({ from: 'stranger.example', to: US }));
    expect(await stream.rest()).toContain('<policy-violation');
    const friend = await dialRaw(own.port('s2s'));
    await friend.say(header({ from: 'friend.example', to: US }), '</stream:features>');
    friend.destroy();
  });

  it('limits.unauthenticated_timeout: who does not prove who it is has to go', async () => {
    await using own = await startOwn('limits.unauthenticated_timeout=300 ms');
    const stream = await dialRaw(own.port('s2s'));
    await stream.say(header({ from: 'a.example', to: US }), '</stream:features>');
    expect(await stream.rest()).toContain('<connection-timeout');
  });

  it('idle_timeout: a connection without stanzas is closed, not cut', async () => {
    await using own = await startOwn('s2s.idle_timeout=300 ms');
    const stream = await enterRaw(own.port('s2s'), 'a.example', US, ground.authority.issue({ dns: ['a.example'] }));
    expect(await stream.until('</stream:stream>')).toBe('</stream:stream>');
    stream.send('</stream:stream>');
    await stream.rest();
  });

  it('s2s.enabled=false: nobody listens, and there are no others', async () => {
    await using own = await Tutti.start(ground, { [US]: 'starttls' }, { settings: ['s2s.enabled=false'] });
    expect(Object.keys(own.ports)).toEqual(['c2s']);
    const juliet = await own.join(US, 'juliet');
    const answer = await juliet.iq('get', xml('ping', { xmlns: NS.ping }), 'a.example');
    expect(answer.child('error')?.elements[0]?.name).toBe('remote-server-not-found');
    await juliet.close();
  });
});

function startOwn(...settings: string[]): Promise<Tutti> {
  return Tutti.start(ground, { [US]: 'starttls' }, { settings });
}
