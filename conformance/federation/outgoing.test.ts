import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import { greetRaw, header, HEADER_END, receiveRaw, SM } from './rig/raw-peer.ts';
import { message, Stand, US } from './rig/stand.ts';

describe.runIf(requirePeer('openssl', 'servers that we connect to'))('servers that we connect to', () => {
  let stand: Stand;

  beforeAll(async () => {
    stand = await Stand.start();
  });

  afterAll(() => stand[Symbol.asyncDispose]());

  describe('RFC 7590 §3.4 the certificate of a server that we connect to', () => {
    it.each([
      [
        'has expired',
        (domain: string) => stand.ground.authority.issue({ dns: [domain], days: -1 }),
        /certificate expired on \d{4}/,
      ],
      [
        'is for another domain',
        () => stand.certificate('else.example'),
        /its certificate is for else\.example, not for peer-/,
      ],
      [
        'is of an authority that nobody knows',
        (domain: string) => stand.unknown.issue({ dns: [domain] }),
        /authority that is not known here/,
      ],
    ])('%s: nothing is entrusted to it', async (_, issue, reason) => {
      const domain = stand.freshDomain(stand.peer.port);
      const served = stand.peer.next().then(async (stream) => {
        await greetRaw(stream, domain, issue(domain), "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        return stream.rest();
      });
      expect(await stand.ping(domain)).toBe('remote-server-timeout');
      expect(await served).toBe('</stream:stream>');
      expect(stand.tutti.lines('s2s: not connected', domain)).toMatchObject([
        { reason: 'certificate', detail: expect.stringMatching(reason) },
      ]);
    });

    it('is not good, and the configuration lets it pass', async () => {
      stand.ground.dns.announce('lax.example', { plain: stand.peer.port });
      const served = stand.peer.next().then(async (stream) => {
        await receiveRaw(stream, 'lax.example', stand.certificate('else.example'));
        return stream.until('</iq>');
      });
      await stand.nudge('lax.example');
      expect(await served).toContain("to='lax.example'");
    });

    it.each([
      ['XmppAddr', (domain: string) => ({ xmpp: [domain] })],
      ['SRVName', (domain: string) => ({ srv: [`_xmpp-server.${domain}`] })],
      ['a wildcard', (domain: string) => ({ dns: [`*.${domain.slice(domain.indexOf('.') + 1)}`] })],
    ])('RFC 6120 §13.7.1.2 names the domain by %s', async (_, wish) => {
      const domain = `sub-${stand.freshDomain()}`.replace('.example', '.wild.example');
      stand.ground.dns.announce(domain, { plain: stand.peer.port });
      const served = stand.peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, stand.ground.authority.issue(wish(domain)));
        return stream.until('</iq>');
      });
      await stand.nudge(domain);
      expect(await served).toContain(`to='${domain}'`);
    });
  });

  describe('a server that we connect to', () => {
    it('is not in the DNS', async () => {
      const domain = stand.freshDomain();
      expect(await stand.ping(domain)).toBe('remote-server-not-found');
      expect(stand.lastFailure(domain)).toBe(`the DNS has no address for ${domain}`);
    });

    it('RFC 2782 says by "." that it does not exist', async () => {
      const domain = stand.freshDomain();
      stand.ground.dns.set(domain, { type: 'A', address: '127.0.0.1' });
      stand.ground.dns.set(`_xmpp-server._tcp.${domain}`, { type: 'SRV', port: 0, target: '.' });
      expect(await stand.ping(domain)).toBe('remote-server-not-found');
      expect(stand.lastFailure(domain)).toContain('"." as its target');
    });

    it('stands behind a DNS that is broken', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      stand.ground.dns.broken.add(`_xmpp-server._tcp.${domain}`);
      expect(await stand.ping(domain)).toBe('remote-server-timeout');
      expect(stand.lastFailure(domain)).toContain('the DNS gave no answer');
    });

    it('RFC 2782 has a dead target before the one that lives', async () => {
      const domain = stand.freshDomain();
      stand.ground.dns.set(
        `_xmpp-server._tcp.${domain}`,
        { type: 'SRV', priority: 1, port: 9, target: 'localhost' },
        { type: 'SRV', priority: 2, port: stand.peer.port, target: 'localhost' },
      );
      const served = stand.peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, stand.certificate(domain));
        return stream.until('</iq>');
      });
      await stand.nudge(domain);
      expect(await served).toContain(`to='${domain}'`);
    });

    it('RFC 5891 has a name that is not ASCII: it is asked for, and in the certificate, in A-labels', async () => {
      const ascii = 'xn--bcher-kva.example';
      stand.ground.dns.announce(ascii, { plain: stand.peer.port });
      const served = stand.peer.next().then(async (stream) => {
        await receiveRaw(stream, 'bücher.example', stand.certificate(ascii));
        return stream.until('</iq>');
      });
      await stand.nudge('bücher.example');
      expect(await served).toContain("to='bücher.example'");
    });

    it('does not listen', async () => {
      const domain = stand.freshDomain(9);
      expect(await stand.ping(domain)).toBe('remote-server-timeout');
      expect(stand.lastFailure(domain)).toContain('connection refused');
    });

    it('says nothing', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      expect(await stand.ping(domain)).toBe('remote-server-timeout');
      expect(stand.lastFailure(domain)).toBe('no stream header within 4 seconds');
      (await stand.peer.next()).destroy();
    });

    it('does not offer TLS', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      void stand.peer.next().then((stream) => stream.send(`${header({ from: domain, id: 'a' })}<stream:features/>`));
      expect(await stand.ping(domain)).toBe('remote-server-timeout');
      expect(stand.lastFailure(domain)).toBe('it does not offer TLS');
    });

    it('says that it is another one', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      void stand.peer
        .next()
        .then((stream) => stream.send(`${header({ from: 'else.example', id: 'a' })}<stream:features/>`));
      await stand.ping(domain);
      expect(stand.lastFailure(domain)).toBe('it says that it is else.example');
    });

    it('does not know the domain', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      const error =
        "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>";
      void stand.peer.next().then((stream) => stream.send(header({ from: domain, id: 'a' }) + error));
      expect(await stand.ping(domain)).toBe('remote-server-not-found');
    });

    it('XEP-0220 §4.1 says "valid" for what was not asked', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      const served = stand.peer.next().then(async (stream) => {
        await greetRaw(stream, domain, stand.certificate(domain), "<dialback xmlns='urn:xmpp:features:dialback'/>");
        await stream.until('</db:result>');
        stream.send(`<db:result from='else.example' to='${US}' type='valid'/>`);
        stream.send(`<db:result from='${domain}' to='${US}' type='invalid'/>`);
        return stream.rest();
      });
      expect(await stand.ping(domain)).toBe('remote-server-timeout');
      expect(await served).toBe('</stream:stream>');
      expect(stand.lastFailure(domain)).toContain('dialback was answered with "invalid"');
    });

    it('does not take what is sent to it: the connection is cut, and the next one brings it', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      const first = stand.peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, stand.certificate(domain), SM);
        await stream.until("<r xmlns='urn:xmpp:sm:3'/>");
        return stream.rest();
      });
      const juliet = await stand.tutti.join(US, 'juliet');
      const { id } = juliet.message({ to: `romeo@${domain}`, type: 'chat' }, 'still there?').attrs;
      await first;
      const second = await stand.peer.next();
      await receiveRaw(second, domain, stand.certificate(domain), SM);
      expect(await second.until("<r xmlns='urn:xmpp:sm:3'/>")).toContain(`id='${id}'`);
      second.send("<a xmlns='urn:xmpp:sm:3' h='1'/>");
      expect(stand.tutti.lines('s2s: disconnected', domain)).toMatchObject([{ reason: 'timeout' }]);
      await juliet.close();
    });

    it('XEP-0198 §4 acknowledges more than it was sent', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      const served = stand.peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, stand.certificate(domain), SM);
        await stream.until("<r xmlns='urn:xmpp:sm:3'/>");
        stream.send("<a xmlns='urn:xmpp:sm:3' h='7'/>");
        return stream.rest();
      });
      await stand.nudge(domain);
      expect(await served).toContain("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='7' send-count='1'/>");
    });

    it('XEP-0478 §3.1 takes small stanzas only: the sender is told at once, and what follows gets through', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      const limits = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>10000</max-bytes></limits>";
      const juliet = await stand.tutti.join(US, 'juliet');
      const large = juliet.message({ to: `romeo@${domain}`, type: 'chat' }, 'x'.repeat(12_000)).attrs['id'];
      juliet.message({ to: `romeo@${domain}`, type: 'chat' }, 'small');
      const stream = await stand.peer.next();
      await receiveRaw(stream, domain, stand.certificate(domain), SM, limits);
      expect(await stream.until('</message>')).toMatch(/^<enable [^>]*><message [^>]*><body>small/);
      const error = await juliet.receive((stanza) => stanza.attrs['id'] === large && stanza.attrs['type'] === 'error');
      expect(error.child('error')?.elements[0]?.name).toBe('policy-violation');
      stream.send("<a xmlns='urn:xmpp:sm:3' h='1'/></stream:stream>");
      await stream.rest();
      await juliet.close();
    });

    it('RFC 6120 §4.9.3.14 ends the stream at one stanza of several: that one comes back, the others get through once', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      const juliet = await stand.tutti.join(US, 'juliet');
      const tell = (body: string) => juliet.message({ to: `romeo@${domain}`, type: 'chat' }, body).attrs['id'] ?? '';
      const ids = { first: tell('first'), poison: tell('poison'), last: tell('last') };
      const taken: string[] = [];
      const error =
        "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>";
      for (let connections = 0; !taken.includes('last') && connections < 5; connections += 1) {
        const stream = await stand.peer.next();
        await receiveRaw(stream, domain, stand.certificate(domain), SM);
        for (let h = 1; !taken.includes('last'); h += 1) {
          const text = await stream.until('</message>');
          if (text.includes('poison')) {
            stream.send(error);
            break;
          }
          taken.push(text.includes('first') ? 'first' : 'last');
          // It acknowledges when it is asked, and is not asked before all that is under way is there.
          if (connections > 0) stream.send(`<a xmlns='urn:xmpp:sm:3' h='${h}'/>`);
        }
        if (taken.includes('last')) stream.send('</stream:stream>');
        await stream.rest();
      }
      const back = await juliet.receive(
        (stanza) => stanza.attrs['id'] === ids.poison && stanza.attrs['type'] === 'error',
      );
      expect(back.child('error')?.elements[0]?.name).toBe('policy-violation');
      expect(taken).toEqual(['first', 'first', 'last']);
      await juliet.close();
    });

    it('RFC 6120 §4.3 sends stanzas on a stream that is for our direction only', async () => {
      const domain = stand.freshDomain(stand.peer.port);
      const served = stand.peer.next().then(async (stream) => {
        await receiveRaw(stream, domain, stand.certificate(domain));
        await stream.until('</iq>');
        stream.send(message(`romeo@${domain}`, `juliet@${US}`, 'm'));
        return stream.rest();
      });
      await stand.nudge(domain);
      expect(await served).toContain('<not-authorized');
    });

    it('speaks without TLS where the configuration lets it, by dialback alone', async () => {
      stand.ground.dns.announce('plain.example', { plain: stand.peer.port });
      const served = stand.peer.next().then(async (stream) => {
        await stream.until(HEADER_END);
        stream.send(
          `${header({ from: 'plain.example', id: 'a' })}<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`,
        );
        await stream.until('</db:result>');
        stream.send(`<db:result from='plain.example' to='${US}' type='valid'/>`);
        return stream.until('</iq>');
      });
      await stand.nudge('plain.example');
      expect(await served).toContain("to='plain.example'");
    });
  });
});
