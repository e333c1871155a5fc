import { requirePeer } from '../peers.ts';
import { describe, expect, it } from 'vitest';
import { describeCombinations, say } from './combinations.ts';
import { Authority } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import { Tutti } from './rig/tutti.ts';

const isThere = requirePeer('openssl', 'federation');
describeCombinations({
  name: 'Tutti',
  isThere,
  bidi: true,
  start: (ground, domains) => Tutti.start(ground, domains),
});

describe.runIf(isThere)('certificates that authorities issue nowadays', () => {
  it('XEP-0178 §3 may be for servers only: who connects with such a one is called back', async () => {
    using dns = await DnsServer.start();
    using authority = new Authority();
    const ground = { dns, authority };
    const issue = (domain: string) => ({ certificate: authority.issue({ dns: [domain], usage: 'serverAuth' }) });
    await using us = await Tutti.start(ground, { 'us.example': 'starttls' }, issue('us.example'));
    await using them = await Tutti.start(ground, { 'them.example': 'starttls' }, issue('them.example'));
    const [juliet, romeo] = [await us.join('us.example', 'juliet'), await them.join('them.example', 'romeo')];
    await say(juliet, romeo);
    await say(romeo, juliet);
    expect(us.lines('s2s: connected', 'them.example')).toMatchObject([
      { direction: 'out', method: 'dialback', bidi: true },
    ]);
    await Promise.all([juliet.close(), romeo.close()]);
  });
});
