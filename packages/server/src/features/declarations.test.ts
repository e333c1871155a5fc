import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { createWorld } from '../../test/world.ts';
import { features } from './index.ts';

const varsOf = (answer: Element): string[] =>
  answer
    .child('query', NS.discoInfo)
    ?.childrenNamed('feature')
    .map(({ attrs }) => attrs['var'] ?? '') ?? [];

describe('what the server says it can do', () => {
  it('XEP-0313 §7 XEP-0359 §5 E1 of an account', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    const told = varsOf(await alice.ask('get', xml('query', { xmlns: NS.discoInfo })));
    const archive = [NS.mam, NS.mamExtended, NS.mamGroupchatField, NS.mamGroupchatAvailable];
    expect(told).toEqual(expect.arrayContaining([NS.imNg, NS.sid, NS.blocking, ...archive]));
  });

  it('XEP-0191 §3.1 XEP-0077 §9 XEP-0199 §5 XEP-0202 §4 XEP-0092 §4 E1 of the domain', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    const told = varsOf(await alice.ask('get', xml('query', { xmlns: NS.discoInfo }), 'localhost'));
    const expected = [NS.imNg, NS.blocking, NS.register, NS.ping, NS.time, NS.version, NS.sid, NS.hints];
    expect(told).toEqual(expect.arrayContaining(expected));
    expect(told).not.toContain(NS.mam);
  });

  it('XEP-0198 §3 in the stream features', async () => {
    const world = await createWorld();
    expect(world.host.sessionFeatures('localhost').some((feature) => feature.is('sm', NS.sm))).toBe(true);
  });

  it('every specification once, with the version that is implemented', () => {
    const specs = features.map(({ spec }) => spec);
    expect(specs).toEqual([...new Set(specs)]);
    const unversioned = features.filter(({ spec, version }) => spec.startsWith('XEP-') && version === undefined);
    expect(unversioned.map(({ spec }) => spec)).toEqual([]);
  });
});
