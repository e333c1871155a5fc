import { NS, parseXml } from '@tutti/xmpp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device } from '../client/device.ts';
import type { Address } from '../client/transport.ts';
import type { OwnTarget } from '../target.ts';
import { startTutti } from '../targets/tutti.ts';

const XRD = 'http://docs.oasis-open.org/ns/xri/xrd-1.0';

/** A way to connect, as host-meta names it. */
interface Way {
  readonly rel: string;
  readonly href: string;
}

describe('XEP-0156 discovering connection methods', () => {
  let tutti: OwnTarget;

  beforeAll(async () => {
    tutti = await startTutti();
  });
  afterAll(() => tutti?.stop());

  async function lookUp(name: string): Promise<{ text: string; origin: string | null }> {
    const { host, port } = tutti.address('ws');
    const response = await fetch(`http://${host}:${port}/.well-known/${name}`);
    expect(response.status).toBe(200);
    return { text: await response.text(), origin: response.headers.get('access-control-allow-origin') };
  }

  const waysInXml = (text: string): Way[] =>
    parseXml(text.slice(text.indexOf('<XRD')))
      .childrenNamed('Link', XRD)
      .map(({ attrs }) => ({ rel: attrs['rel'] ?? '', href: attrs['href'] ?? '' }));

  it('§2.1 XML and JSON name the same ways, for web pages of any origin', async () => {
    const [xrd, jrd] = await Promise.all([lookUp('host-meta'), lookUp('host-meta.json')]);
    expect([xrd.origin, jrd.origin]).toEqual(['*', '*']);
    const { links } = JSON.parse(jrd.text) as { links: Way[] };
    expect(links.map(({ rel }) => rel).toSorted()).toEqual([
      'urn:xmpp:alt-connections:websocket',
      'urn:xmpp:alt-connections:xbosh',
    ]);
    expect(waysInXml(xrd.text)).toEqual(links);
  });

  it.each([
    ['ws', 'websocket'],
    ['bosh', 'xbosh'],
  ] as const)('§2.2 who follows what it says logs in: %s', async (transport, method) => {
    const way = waysInXml((await lookUp('host-meta')).text).find(({ rel }) => rel.endsWith(`:${method}`));
    const address: Address = { ...tutti.address(transport), url: way?.href ?? '', port: 0 };
    const device = await Device.connect('alice.page', address, await tutti.account('alice'), 'page');
    expect((await device.disco()).child('query', NS.discoInfo)).toBeDefined();
    await device.close();
  });
});
