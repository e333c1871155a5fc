import { readFileSync } from 'node:fs';
import { type Element, NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../client/device.ts';
import { requirePeer } from '../peers.ts';
import { isPresence } from '../stage.ts';
import { Authority } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import type { Program } from './rig/peer.ts';
import { startEjabberd } from './rig/ejabberd.ts';
import { startProsody } from './rig/prosody.ts';
import { Tutti } from './rig/tutti.ts';

const US = 'talk.us.example';
const THEM = 'talk.them.example';
const OURS = ['phone', 'laptop', 'tablet'] as const;
const THEIRS = ['phone', 'laptop', 'tv'] as const;
const DOCUMENT = new URL('../../docs/mixed-conversation.md', import.meta.url);

/** What a device got of a message, in words. */
function describeCopy(device: Device, stanza: Element, id: string): string | undefined {
  for (const kind of ['sent', 'received'] as const) {
    const inner = stanza.child(kind, NS.carbons)?.child('forwarded', NS.forward)?.child('message', NS.client);
    if (inner?.attrs['id'] === id) return `carbon (${kind})`;
  }
  if (stanza.attrs['id'] !== id) return undefined;
  const isOwn = stanza.attrs['from']?.startsWith(device.bare) === true;
  const hasId = stanza.childrenNamed('stanza-id', NS.sid).some(({ attrs }) => attrs['by'] === device.bare);
  const what = stanza.attrs['type'] === 'error' ? 'error' : isOwn ? 'reflection' : 'message';
  return hasId ? `**${what}**` : what;
}

const needs = requirePeer('openssl', 'a conversation with another server');
const PEERS = [
  {
    name: 'Prosody',
    here:
      needs &&
      requirePeer('prosody', 'a conversation with Prosody') &&
      requirePeer('lua-unbound', 'a conversation with Prosody'),
    start: startProsody,
  },
  { name: 'ejabberd', here: needs && requirePeer('ejabberd', 'a conversation with ejabberd'), start: startEjabberd },
];

describe.each(PEERS.filter(({ here }) => here))('a conversation with $name', ({ start }) => {
  let dns: DnsServer;
  let authority: Authority;
  let tutti: Tutti;
  let peer: Program;
  let alice: Device[];
  let bob: Device[];
  const table: string[][] = [];

  beforeAll(async () => {
    dns = await DnsServer.start();
    authority = new Authority();
    const ground = { dns, authority };
    tutti = await Tutti.start(ground, { [US]: 'starttls' });
    peer = await start(ground, { [THEM]: 'starttls' });
    const [a, b] = [await tutti.join(US, 'alice'), await peer.join(THEM, 'bob')];
    await Promise.all([a.close(), b.close()]);
    alice = [];
    for (const resource of OURS) {
      const device = await tutti.connect(`alice.${resource}`, a.account, resource);
      await device.enableImNg();
      await device.available();
      alice.push(device);
    }
    bob = [];
    for (const resource of THEIRS) {
      const device = await peer.enter(b.account, resource);
      await device.enableCarbons();
      bob.push(device);
    }
  });

  afterAll(async () => {
    await Promise.all([...alice, ...bob].map((device) => device.close()));
    await Promise.all([tutti, peer].map((server) => server[Symbol.asyncDispose]()));
    authority[Symbol.dispose]();
    dns[Symbol.dispose]();
  });

  const ours = (resource: (typeof OURS)[number]): Device => alice[OURS.indexOf(resource)] as Device;
  const theirs = (resource: (typeof THEIRS)[number]): Device => bob[THEIRS.indexOf(resource)] as Device;
  const everybody = (): readonly Device[] => [...alice, ...bob];

  /** Sends a message and waits until as many copies as there should be have come; then writes down what each has got. Gives what Alice's have. */
  async function say(what: string, from: Device, message: Element, expected: number): Promise<readonly string[]> {
    const id = message.attrs['id'] ?? '';
    for (const device of everybody()) device.mark();
    from.send(message);
    const copies = new Map<Device, string[]>(everybody().map((device) => [device, []]));
    const count = (): number => [...copies.values()].flat().length;
    for (const deadline = Date.now() + 8000; count() < expected && Date.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    // What comes twice, or to somebody whom it should not reach, is there before the answer to a ping.
    for (const device of alice) await device.fence();
    for (const device of bob) await device.fence();
    collect();
    const cells = [...copies.values()].map((found) => found.join(', ') || '–');
    table.push([what, ...cells]);
    return cells.slice(0, OURS.length);

    function collect(): void {
      for (const [device, found] of copies) {
        const news = device.news();
        device.mark();
        found.push(...news.flatMap((stanza) => describeCopy(device, stanza, id) ?? []));
      }
    }
  }

  const chat = (id: string, to: string, ...children: Element[]): Element =>
    xml('message', { id, to, type: 'chat' }, ...children);
  const body = (text: string): Element => xml('body', null, text);

  test('RFC 6121 §3 they subscribe to each other, and see each other come and go', async () => {
    for (const device of everybody()) await device.ask('get', xml('query', { xmlns: NS.roster }));
    for (const [asks, grants] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const [one, other] = [asks[0] as Device, grants[0] as Device];
      const asked = other.receive((stanza) => isPresence(stanza, 'subscribe', one.bare));
      one.presence({ type: 'subscribe', to: other.bare });
      await asked;
      const granted = one.receive((stanza) => isPresence(stanza, 'subscribed', other.bare));
      other.presence({ type: 'subscribed', to: one.bare });
      await granted;
    }
    const busy = theirs('tv');
    const seen = alice.map((device) =>
      device.receive(({ name, attrs }) => name === 'presence' && attrs['from'] === busy.jid),
    );
    busy.presence({}, xml('show', null, 'dnd'));
    await Promise.all(seen);
    const back = bob.map((device) =>
      device.receive(({ name, attrs }) => name === 'presence' && attrs['from'] === ours('tablet').jid),
    );
    ours('tablet').presence({}, xml('show', null, 'away'));
    expect(await Promise.all(back)).toHaveLength(3);
  });

  test('RFC 6120 §8.2.3 a device asks a device, both ways', async () => {
    const disco = xml('query', { xmlns: NS.discoInfo });
    for (const [asks, answers] of [
      [ours('phone'), theirs('tv')],
      [theirs('laptop'), ours('tablet')],
    ] as const) {
      const asked = answers.receive((stanza) => stanza.name === 'iq' && stanza.attrs['from'] === asks.jid);
      const answer = asks.iq('get', disco, answers.jid);
      const { attrs } = await asked;
      answers.send(xml('iq', { type: 'result', id: attrs['id'], to: asks.jid }, disco));
      expect((await answer).attrs['type']).toBe('result');
    }
  });

  test('S1 C1 D1 C5 S7 the conversation: all of alice’s devices have all of it, as their archive has it', async () => {
    const reflected = ['**reflection**', '**reflection**', '**reflection**'];
    const received = ['**message**', '**message**', '**message**'];
    const hello = await say(
      'alice.phone to bob: “Lunch?”',
      ours('phone'),
      chat('m1', theirs('phone').bare, body('Lunch?')),
      6,
    );
    expect(hello).toEqual(reflected);
    const reply = await say(
      'bob.laptop to alice/phone, the full JID: “Yes”',
      theirs('laptop'),
      chat(
        'm2',
        ours('phone').jid,
        body('Yes'),
        xml('request', { xmlns: NS.receipts }),
        xml('markable', { xmlns: NS.chatMarkers }),
      ),
      5,
    );
    expect(reply).toEqual(received);
    const receipt = await say(
      'alice.laptop to bob/laptop: receipt for “Yes”',
      ours('laptop'),
      chat('m3', theirs('laptop').jid, xml('received', { xmlns: NS.receipts, id: 'm2' })),
      6,
    );
    expect(receipt).toEqual(reflected);
    const marker = await say(
      'alice.tablet to bob: marker, “Yes” was displayed',
      ours('tablet'),
      chat('m4', theirs('laptop').bare, xml('displayed', { xmlns: NS.chatMarkers, id: 'm2' })),
      6,
    );
    expect(marker).toEqual(reflected);
    const typing = await say(
      'bob.tv to alice: is typing',
      theirs('tv'),
      chat('m5', ours('phone').bare, xml('composing', { xmlns: NS.chatStates })),
      5,
    );
    expect(typing).toEqual(received);
    const bounce = await say(
      'alice.phone to nobody there: comes back',
      ours('phone'),
      chat('m6', `nobody@${THEM}`, body('?')),
      6,
    );
    expect(bounce).toEqual(reflected.map((cell) => `${cell}, **error**`));
    const locked = await say(
      'alice.tablet to bob/phone, the full JID: “At one”',
      ours('tablet'),
      chat('m7', theirs('phone').jid, body('At one')),
      6,
    );
    expect(locked).toEqual(reflected);

    const header = ['', ...OURS.map((name) => `alice.${name}`), ...THEIRS.map((name) => `bob.${name}`)];
    const lines = [header, header.map(() => '---'), ...table].map((cells) => `| ${cells.join(' | ')} |`);
    console.log(lines.join('\n'));
    // The page shows what happened here, what Bob's server did for his devices among it.
    expect(readFileSync(DOCUMENT, 'utf8')).toContain(`\n${lines.join('\n')}\n`);
    const archives = await Promise.all(alice.map((device) => device.archive()));
    const ids = archives.map(({ rows }) => rows.map(({ stanza }) => stanza.attrs['id'] ?? ''));
    expect(ids[0]).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm6', 'm7']);
  });
});
