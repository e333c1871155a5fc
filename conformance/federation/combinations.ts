import { NS, xml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../client/device.ts';
import { Authority } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import type { Ground, Peer, Program, Way } from './rig/peer.ts';
import { Tutti } from './rig/tutti.ts';

/** How both sides prove who they are, and whether one connection is enough for both directions. */
const MANNERS = [
  { method: 'external', bidi: true },
  { method: 'external', bidi: false },
  { method: 'dialback', bidi: true },
  { method: 'dialback', bidi: false },
] as const;
const WAYS = ['starttls', 'direct'] as const;
const FIRST = ['we', 'they'] as const;

type Manner = (typeof MANNERS)[number];

interface PeerKind {
  readonly name: string;
  /** Everything that it needs is installed. */
  readonly isThere: boolean;
  /** Whether it knows XEP-0288. */
  readonly bidi: boolean;
  /** Starts it with these domains, each announced for one way. */
  readonly start: (ground: Ground, domains: Readonly<Record<string, Way>>) => Promise<Peer | Program>;
}

/** The domains of one combination: every pair is used once, so that each has to make its own connections. */
function nameDomains({ method, bidi }: Manner, way: Way, first: string): { us: string; them: string } {
  return {
    us: `${way}-${first}.${method}-${bidi ? 'bidi' : 'plain'}.us.example`,
    them: `${way}-${first}.them.example`,
  };
}

/** Runs the whole matrix against one kind of server, which is started once: dialback and EXTERNAL, STARTTLS and direct TLS, bidi, who is first. */
export function describeCombinations({ name, isThere, bidi: peerHasBidi, start }: PeerKind): void {
  describe.runIf(isThere)(`every combination with ${name}`, () => {
    const tutti = new Map<Manner, Tutti>();
    let dns: DnsServer;
    let authority: Authority;
    let peer: Peer;

    beforeAll(async () => {
      dns = await DnsServer.start();
      authority = new Authority();
      const ground = { dns, authority };
      const theirs = WAYS.flatMap((way) => FIRST.map((first) => [`${way}-${first}.them.example`, way] as const));
      peer = await start(ground, Object.fromEntries(theirs));
      for (const manner of MANNERS) {
        const ours = WAYS.flatMap((way) => FIRST.map((first) => [nameDomains(manner, way, first).us, way] as const));
        const settings = [`s2s.authentication=${manner.method}`, `s2s.bidi=${manner.bidi}`];
        tutti.set(manner, await Tutti.start(ground, Object.fromEntries(ours), { settings }));
      }
    });

    afterAll(async () => {
      await Promise.all([...tutti.values()].map((one) => one[Symbol.asyncDispose]()));
      await peer[Symbol.asyncDispose]();
      authority[Symbol.dispose]();
      dns[Symbol.dispose]();
    });

    const cases = MANNERS.flatMap((manner) => WAYS.flatMap((way) => FIRST.map((first) => ({ manner, way, first }))));
    it.each(cases)('$manner.method, $way, bidi $manner.bidi: $first begin', async ({ manner, way, first }) => {
      const server = tutti.get(manner) as Tutti;
      const { us, them } = nameDomains(manner, way, first);
      const [juliet, romeo] = await Promise.all([server.join(us, 'juliet'), peer.join(them, 'romeo')]);
      const [begins, answers] = first === 'we' ? [juliet, romeo] : [romeo, juliet];
      await say(begins, answers);
      await say(answers, begins);
      await ping(juliet, them);
      await ping(romeo, us);

      const connected = server.lines('s2s: connected', them);
      const bidi = manner.bidi && peerHasBidi;
      const begun = first === 'we' ? 'out' : 'in';
      const directions = new Set(connected.map(({ direction }) => direction));
      expect(directions).toContain(begun);
      // With dialback some servers make the connection over which they ask about a key one for stanzas as well.
      const mayBeBoth = manner.method === 'dialback' && bidi;
      expect(mayBeBoth ? [1, 2] : [bidi ? 1 : 2]).toContain(directions.size);
      for (const line of connected)
        expect(line).toMatchObject({ method: manner.method, bidi, tls: expect.stringMatching(/^TLSv1/) });
      expect(dns.questions).toContain(
        `SRV _xmpp${way === 'direct' ? 's' : ''}-server._tcp.${first === 'we' ? them : us}`,
      );
      await Promise.all([juliet.close(), romeo.close()]);
    });
  });
}

/** One message, which arrives as it was sent. */
export async function say(from: Device, to: Device, body = 'Wherefore art thou?'): Promise<void> {
  const { id } = from.message({ to: to.bare, type: 'chat' }, body).attrs;
  const arrived = await to.receive((stanza) => stanza.name === 'message' && stanza.attrs['id'] === id);
  expect(arrived.attrs['type']).toBe('chat');
  expect(arrived.child('body')?.text()).toBe(body);
  expect(arrived.attrs['from']).toBe(from.jid);
}

async function ping(from: Device, domain: string): Promise<void> {
  const answer = await from.iq('get', xml('ping', { xmlns: NS.ping }), domain);
  expect(answer.attrs['type']).toBe('result');
}
