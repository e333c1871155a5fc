import { JID, NS, StanzaError, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld, type World } from '../test/world.ts';
import { defineFeature, type ServiceDesk } from './feature.ts';
import { features } from './features/index.ts';

const DOMAIN = 'desk.localhost';

async function setUp(change: (desk: ServiceDesk) => void = () => {}): Promise<{ world: World; desk: ServiceDesk }> {
  let desk: ServiceDesk | undefined;
  const service = defineFeature({
    spec: 'XEP-9999',
    name: 'Test',
    setup(api) {
      desk = api.serviceDesk(DOMAIN);
      desk.info = ({ to }, node) =>
        to.isDomain && node === undefined
          ? { identities: [{ category: 'component', type: 'test', name: 'Test' }], features: ['urn:test'] }
          : undefined;
      desk.items = () => [xml('item', { jid: `a@${DOMAIN}` })];
      change(desk);
    },
  });
  const world = await createWorld({ features: [...features, service] });
  return { world, desk: desk as ServiceDesk };
}

describe('the front desk of a service', () => {
  it('XEP-0030, XEP-0199: answers discovery and pings, and is an item of the domain', async () => {
    const { world } = await setUp();
    const alice = await world.connect('alice@localhost/a');
    const info = await alice.ask('get', xml('query', { xmlns: NS.discoInfo }), DOMAIN);
    const vars = info
      .child('query', NS.discoInfo)
      ?.childrenNamed('feature')
      .map(({ attrs }) => attrs['var']);
    expect(vars).toEqual([NS.discoInfo, NS.discoItems, 'urn:test', NS.ping].toSorted());
    const items = await alice.ask('get', xml('query', { xmlns: NS.discoItems }), DOMAIN);
    expect(items.child('query', NS.discoItems)?.elements.map(({ attrs }) => attrs['jid'])).toEqual([`a@${DOMAIN}`]);
    expect((await alice.ask('get', xml('ping', { xmlns: NS.ping }), DOMAIN)).attrs['type']).toBe('result');
    const domain = await alice.ask('get', xml('query', { xmlns: NS.discoItems }), 'localhost');
    expect(domain.child('query', NS.discoItems)?.elements.map(({ attrs }) => attrs['jid'])).toContain(DOMAIN);
    const unknown = await alice.ask('get', xml('query', { xmlns: NS.discoInfo, node: 'x' }), DOMAIN);
    expect(unknown.child('error')?.child('item-not-found', NS.stanzas)).toBeDefined();
  });

  it('RFC 6120 §8.4: what nobody handles is service-unavailable, what fails is an error to try again', async () => {
    const { world } = await setUp((desk) => {
      desk.iq('set', 'fail', 'urn:test', () => {
        throw new TypeError('a bug');
      });
      desk.iq('set', 'refuse', 'urn:test', () => Promise.reject(new StanzaError('not-allowed')));
    });
    const alice = await world.connect('alice@localhost/a');
    const conditionOf = async (name: string): Promise<string | undefined> => {
      const answer = await alice.ask('set', xml(name, { xmlns: 'urn:test' }), `room@${DOMAIN}`);
      return answer.child('error')?.elements[0]?.name;
    };
    expect(await conditionOf('nothing')).toBe('service-unavailable');
    expect(await conditionOf('fail')).toBe('internal-server-error');
    expect(await conditionOf('refuse')).toBe('not-allowed');
    expect(world.problems).toHaveLength(1);
    alice.send(xml('message', { to: DOMAIN, id: 'm' }, xml('body', null, 'Hello')));
    await world.settle();
    expect(alice.take().map(({ attrs }) => attrs['type'])).toEqual(['error']);
  });

  it('asks others, takes the answer of whoever was asked only, and gives up', async () => {
    const { world, desk } = await setUp();
    const alice = await world.connect('alice@localhost/a');
    const eve = await world.connect('eve@localhost/e');
    const ask = (): Promise<unknown> => desk.ask('get', JID.parse(DOMAIN), alice.jid, xml('ping', { xmlns: NS.ping }));
    const asked = ask();
    await world.settle();
    const [iq] = alice.take();
    eve.send(xml('iq', { type: 'result', id: iq?.attrs['id'], to: DOMAIN }));
    await world.settle();
    alice.send(xml('iq', { type: 'result', id: iq?.attrs['id'], to: DOMAIN }));
    await expect(asked).resolves.toMatchObject({ attrs: { from: 'alice@localhost/a' } });
    const late = ask();
    await world.settle();
    world.clock.advance(60_000);
    await expect(late).rejects.toThrow(StanzaError);
  });
});
