import type { Element } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import { until } from '../server/own-server.ts';
import { say } from './combinations.ts';
import {
  auth,
  dialRaw,
  enterRaw,
  EXTERNAL,
  features,
  greetRaw,
  header,
  HEADER_END,
  openRaw,
  STARTTLS,
  SUCCESS,
} from './rig/raw-peer.ts';
import { message, Stand, US } from './rig/stand.ts';
import { Tutti } from './rig/tutti.ts';

describe.runIf(requirePeer('openssl', 'servers that connect to us'))('servers that connect to us', () => {
  let stand: Stand;

  beforeAll(async () => {
    stand = await Stand.start();
  });

  afterAll(() => stand[Symbol.asyncDispose]());

  it('RFC 6120 §4.9.3.6 wants a host that is not here', async () => {
    const stream = await dialRaw(stand.port);
    stream.send(header({ from: 'a.example', to: 'nobody.example' }));
    expect(await stream.rest()).toContain('<host-unknown');
  });

  it('RFC 6120 §4.9.3.9 says that it is us', async () => {
    const stream = await dialRaw(stand.port);
    stream.send(header({ from: 'other.us.example', to: US }));
    expect(await stream.rest()).toContain('<invalid-from');
  });

  it('is blocked, and so is what is below it', async () => {
    for (const from of ['blocked.example', 'chat.blocked.example']) {
      const stream = await dialRaw(stand.port);
      stream.send(header({ from, to: US }));
      expect(await stream.rest()).toContain('<policy-violation');
    }
    expect(await stand.ping('chat.blocked.example')).toBe('policy-violation');
  });

  it('is offered nothing but STARTTLS before it is encrypted', async () => {
    const stream = await dialRaw(stand.port);
    const offered = await stream.say(header({ from: 'a.example', to: US }), '</stream:features>');
    expect(offered).toContain("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
    expect(offered).not.toMatch(/dialback'>|mechanism|bidi|<sm/);
    const answer = await stream.say(`<db:result from='a.example' to='${US}'>key</db:result>`, '</db:result>');
    expect(answer).toContain('<policy-violation');
    stream.destroy();
  });

  it('RFC 6120 §5.4.3.3 puts something behind <starttls/> in clear', async () => {
    const stream = await dialRaw(stand.port);
    await stream.say(header({ from: 'a.example', to: US }), '</stream:features>');
    stream.send(STARTTLS + message('a@a.example', `juliet@${US}`, 'm'));
    expect(await stream.rest()).toMatch(/^<stream:error>.*<policy-violation/);
  });

  it('sends before it has proved who it is', async () => {
    const { stream } = await openRaw(stand.port, 'a.example', US);
    stream.send(message('a@a.example', `juliet@${US}`, 'm'));
    expect(await stream.rest()).toContain('<not-authorized');
  });

  it('XEP-0178 §3 has a certificate for another domain: EXTERNAL is not offered, and refused', async () => {
    const { stream, offered } = await openRaw(stand.port, 'victim.example', US, stand.certificate('else.example'));
    expect(offered).not.toContain('EXTERNAL');
    expect(offered).toContain("<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
    expect(await stream.say(auth('victim.example'), '</failure>')).toContain('<not-authorized/>');
    stream.destroy();
  });

  it('XEP-0178 §3 says another identity than that of its header', async () => {
    const { stream, offered } = await openRaw(stand.port, 'a.example', US, stand.certificate('a.example'));
    expect(offered).toContain('<mechanism>EXTERNAL</mechanism>');
    expect(await stream.say(auth('victim.example'), '</failure>')).toContain('<invalid-authzid/>');
    stream.destroy();
  });

  it('XEP-0220 §2.2.1 forges a dialback key: the server of that domain is asked, and says no', async () => {
    const victim = await Tutti.start(stand.ground, { 'victim.example': 'starttls' });
    const { stream } = await openRaw(stand.port, 'victim.example', US);
    stream.send(`<db:result from='victim.example' to='${US}'>${'0'.repeat(64)}</db:result>`);
    expect(await stream.rest()).toContain(
      `<db:result from='${US}' to='victim.example' type='invalid'/></stream:stream>`,
    );
    expect(stand.tutti.lines('s2s: a forged dialback key', 'victim.example')).toHaveLength(1);
    expect(victim.lines('s2s: somebody poses as us: a key is not ours', US)).toHaveLength(1);
    await victim[Symbol.asyncDispose]();
  });

  it('XEP-0220 §2.4 claims a domain whose server cannot be asked, or is not the right one', async () => {
    const { stream } = await openRaw(stand.port, 'gone.example', US);
    expect(await stream.say(`<db:result from='gone.example' to='${US}'>key</db:result>`, '</db:result>')).toContain(
      '<remote-server-not-found',
    );
    const domain = stand.freshDomain(stand.peer.port);
    void stand.peer.next().then((one) => greetRaw(one, domain, stand.certificate('else.example')));
    expect(await stream.say(`<db:result from='${domain}' to='${US}'>key</db:result>`, '</db:result>')).toContain(
      '<policy-violation',
    );
    expect(
      await stream.say(`<db:result from='gone.example' to='nobody.example'>key</db:result>`, '</db:result>'),
    ).toContain('<item-not-found');
    stream.destroy();
  });

  it('RFC 6120 §8.1.2.2 sends from a domain that it has not proved', async () => {
    const stream = await enterRaw(stand.port, 'a.example', US, stand.certificate('a.example'));
    stream.send(message('b@b.example', `juliet@${US}`, 'm'));
    expect(await stream.rest()).toContain('<invalid-from');
  });

  it('RFC 6120 §8.1.1.2 sends to a domain that is not here, or to nobody', async () => {
    const stream = await enterRaw(stand.port, 'a.example', US, stand.certificate('a.example'));
    stream.send(message('a@a.example', 'juliet@nobody.example', 'm'));
    expect(await stream.rest()).toContain('<host-unknown');
    const second = await enterRaw(stand.port, 'a.example', US, stand.certificate('a.example'));
    second.send("<message from='a@a.example'><body>?</body></message>");
    expect(await second.rest()).toContain('<improper-addressing');
  });

  it('sends a stanza that is as large as may be, and one that is larger', async () => {
    const juliet = await stand.tutti.join(US, 'juliet');
    const stream = await enterRaw(stand.port, 'a.example', US, stand.certificate('a.example'));
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
    const juliet = await stand.tutti.join(US, 'juliet');
    const stream = await enterRaw(stand.port, 'a.example', US, stand.certificate('a.example'));
    await stream.say("<enable xmlns='urn:xmpp:sm:3'/>", '/>');
    stream.send(message('a@a.example', juliet.bare, 'one') + message('a@a.example', juliet.bare, 'two'));
    expect(await stream.say("<r xmlns='urn:xmpp:sm:3'/>", '/>')).toBe("<a xmlns='urn:xmpp:sm:3' h='2'/>");
    const { rows } = await juliet.archive();
    expect(rows.map(({ stanza }) => stanza.attrs['id'])).toEqual(['one', 'two']);
    stream.destroy();
    await juliet.close();
  });

  it('floods: it is read slower, everything arrives in order, and nobody else waits', async () => {
    const juliet = await stand.tutti.join(US, 'juliet');
    const nurse = await stand.tutti.join(US, 'nurse');
    const stream = await enterRaw(stand.port, 'a.example', US, stand.certificate('a.example'));
    const begin = performance.now();
    const ids = Array.from({ length: 300 }, (_, index) => `f${index}`);
    stream.send(ids.map((id) => message('a@a.example', juliet.bare, id)).join(''));
    await say(nurse, juliet, 'in between');
    const isLast = (stanza: Element): boolean => stanza.attrs['id'] === 'f299';
    expect(juliet.transcript.some(isLast)).toBe(false);
    await juliet.receive(isLast);
    // 100 at once, the other 200 at 200 a second
    expect(performance.now() - begin).toBeGreaterThan(950);
    const arrived = juliet.transcript.map((stanza) => stanza.attrs['id'] ?? '').filter((id) => /^f\d/.test(id));
    expect(arrived).toEqual(ids);
    stream.destroy();
    await Promise.all([juliet.close(), nurse.close()]);
  });

  it('XEP-0288 §2.2 comes while we try to reach it: what waits goes over its connection, after its features', async () => {
    const domain = stand.freshDomain(stand.peer.port);
    await stand.nudge(domain);
    const silent = await stand.peer.next();
    const { stream } = await openRaw(stand.port, domain, US, stand.certificate(domain));
    stream.send("<bidi xmlns='urn:xmpp:bidi'/>");
    await stream.say(auth(domain), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    const text = await stream.say(header({ from: domain, to: US }), '</iq>');
    expect(text).toMatch(/^<\?xml[^>]*><stream:stream [^>]*><stream:features>.*<\/stream:features><iq [^>]*type='get'/);
    for (const one of [stream, silent]) one.destroy();
  });

  it('RFC 6120 §10.1 comes while we reach it: what goes out stays on one connection', async () => {
    const domain = stand.freshDomain(stand.peer.port);
    const juliet = await stand.tutti.join(US, 'juliet');
    const say = (id: string) => juliet.message({ to: `romeo@${domain}`, type: 'chat', id }, id);
    say('one');
    const ours = await stand.peer.next();
    await greetRaw(ours, domain, stand.certificate(domain), EXTERNAL);
    await ours.until('</auth>');
    const { stream: theirs } = await openRaw(stand.port, domain, US, stand.certificate(domain));
    theirs.send("<bidi xmlns='urn:xmpp:bidi'/>");
    await theirs.say(auth(domain), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    expect(await theirs.say(header({ from: domain, to: US }), '</message>')).toContain("id='one'");
    ours.send(SUCCESS);
    await ours.until(HEADER_END);
    ours.send(header({ from: domain, id: 'c' }) + features());
    await until(() => stand.tutti.lines('s2s: connected', domain).length === 2);
    say('two');
    expect(await theirs.until('</message>')).toContain("id='two'");
    // When theirs ends, ours is there.
    theirs.send('</stream:stream>');
    await theirs.rest();
    say('three');
    expect(await ours.until('</message>')).toContain("id='three'");
    ours.destroy();
    await juliet.close();
  });

  it('XEP-0288 §2.2 has not asked for both directions: nothing goes over its connection', async () => {
    const domain = stand.freshDomain(stand.peer.port);
    await stand.nudge(domain);
    const silent = await stand.peer.next();
    const stream = await enterRaw(stand.port, domain, US, stand.certificate(domain));
    silent.destroy();
    const juliet = await stand.tutti.join(US, 'juliet');
    stream.send(message(`romeo@${domain}`, juliet.bare, 'm'));
    await juliet.receive((stanza) => stanza.attrs['id'] === 'm');
    stream.send('</stream:stream>');
    expect(await stream.rest()).toBe('</stream:stream>');
    await juliet.close();
  });

  it('XEP-0220 §2.6 speaks for as many pairs of domains as it may, and for no more', async () => {
    const theirs = await Tutti.start(stand.ground, {
      'x.pairs.example': 'starttls',
      'y.pairs.example': 'starttls',
      'z.pairs.example': 'starttls',
    });
    const results: string[] = [];
    // The keys are wrong, but whether they are asked about is what counts: pairs under way count like proved ones.
    const { stream } = await openRaw(stand.port, 'x.pairs.example', US);
    stream.send(
      ['x', 'y', 'z'].map((name) => `<db:result from='${name}.pairs.example' to='${US}'>key</db:result>`).join(''),
    );
    results.push(await stream.until('</db:result>'));
    expect(results[0]).toMatch(/to='z\.pairs\.example' type='error'><error type='wait'><resource-constraint/);
    stream.destroy();
    await theirs[Symbol.asyncDispose]();
  });
});
