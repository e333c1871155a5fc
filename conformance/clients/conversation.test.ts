import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { readFileSync } from 'node:fs';
import { type StartedServer, startServer } from 'tutti';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import { type Login, type Mode, type Participant, until } from './participant.ts';
import { createSlixmpp } from './slixmpp.ts';
import { createStanzaJs } from './stanza-js.ts';
import { createStropheJs } from './strophe-js.ts';
import { createXmppJs } from './xmpp-js.ts';

const hasSlixmpp = requirePeer('slixmpp', 'six devices with real clients');

describe.runIf(hasSlixmpp)('two people, three devices each, four client libraries', () => {
  let data: string;
  let server: StartedServer;
  let certificate: string;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tutti-clients-'));
    server = await startServer({
      data,
      settings: ['c2s.port=0', 'c2s_tls.enabled=false', 's2s.enabled=false', 'http.port=0'],
    });
    certificate = join(data, 'tls', 'self-signed.crt');
    // Clients check the certificate; the server's own is what they trust.
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate, 'utf8')]);
    for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, 'secret');
  });

  afterAll(async () => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  });

  function login(account: string, resource: string, mode: Mode): Login {
    const port = (name: string): number => server.listening.find((one) => one.name === name)?.port ?? 0;
    return { domain: 'localhost', account, password: 'secret', resource, mode, tcp: port('c2s'), http: port('http') };
  }

  it('D1 D2 S1 S2 K5: one conversation, the same on all six, with one device away in the middle', {
    timeout: 60_000,
  }, async () => {
    const alice = {
      phone: createSlixmpp(login('alice@localhost', 'phone', 'im-ng'), certificate),
      laptop: createXmppJs(login('alice@localhost', 'laptop', 'im-ng'), 'tcp'),
      legacy: createSlixmpp(login('alice@localhost', 'legacy', 'carbons'), certificate),
    };
    const bob = {
      desk: createXmppJs(login('bob@localhost', 'desk', 'im-ng'), 'ws'),
      page: createStanzaJs(login('bob@localhost', 'page', 'im-ng')),
      tab: createStropheJs(login('bob@localhost', 'tab', 'im-ng')),
    };
    const devices = Object.entries({ ...alice, ...bob });
    const everybodyHas = (count: number, left: Participant[] = []) =>
      until(
        () => devices.every(([, device]) => left.includes(device) || device.screen.lines.length === count),
        () =>
          `${count} lines on every screen, but ${devices.map(([name, { screen }]) => `${name} ${screen.lines.length}`).join(', ')}`,
      );

    await Promise.all(devices.map(([, device]) => device.join()));
    await alice.phone.say('bob@localhost', 'Bob, are you there?');
    await everybodyHas(1);
    await bob.page.say('alice@localhost', 'Yes!');
    await everybodyHas(2);
    await alice.legacy.say('bob@localhost', 'Said on an old client');
    // S2: its own message is the one thing that a client of today learns only from its archive.
    await everybodyHas(3, [alice.legacy]);
    await alice.legacy.catchUp(undefined);
    await everybodyHas(3);
    // Both at once: crossing messages have one order.
    await Promise.all([
      ...[1, 2, 3].map((n) => alice.laptop.say('bob@localhost', `from the laptop ${n}`)),
      ...[1, 2, 3].map((n) => bob.tab.say('alice@localhost', `from the tab ${n}`)),
    ]);
    await everybodyHas(9);

    await bob.page.leave();
    await alice.phone.say('bob@localhost', 'while the page is closed');
    await bob.desk.say('alice@localhost', 'and an answer');
    await everybodyHas(11, [bob.page]);
    const last = bob.page.screen.lastId;
    await bob.page.join();
    await alice.laptop.say('bob@localhost', 'the page is open again');
    await bob.page.catchUp(last);
    await everybodyHas(12);

    const transcript = ({ screen }: Participant) => screen.lines.map(({ from, body }) => `${from}: ${body}`);
    const expected = transcript(alice.phone);
    expect(expected).toHaveLength(12);
    for (const [name, device] of devices) {
      expect(transcript(device), name).toEqual(expected);
      expect(new Set(device.screen.live).size, `${name}: each once`).toBe(device.screen.live.length);
    }
    for (const [name, device] of devices.filter(([, one]) => one !== alice.legacy)) {
      expect(device.screen.live, `${name}: I1 in archive order`).toEqual(device.screen.live.toSorted());
    }
    await Promise.all(devices.map(([, device]) => device.leave()));
  });
});
