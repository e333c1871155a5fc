import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';

interface Listed {
  readonly account: string;
  readonly peer: string;
  readonly reason: string;
  readonly text: string;
  readonly messages: readonly string[];
  readonly agreed: readonly string[];
}

async function setUp(settings: readonly string[] = []) {
  const world = await createWorld({ settings });
  const alice = await world.connect('alice@localhost/phone', { imNg: true });
  const spammer = await world.connect('spammer@localhost/bot');
  const list = async () => {
    await world.settle();
    return (await world.core.registry.controls.get('reports.list')?.({})) as readonly Listed[];
  };
  return { world, alice, spammer, list };
}

const report = (reason: string | undefined, ...children: Element[]) =>
  xml('report', { xmlns: NS.reporting, reason }, ...children);

async function block(device: Device, jid: string, ...children: Element[]): Promise<Element> {
  const answer = await device.ask('set', xml('block', { xmlns: NS.blocking }, xml('item', { jid }, ...children)));
  return answer;
}

/** The archive ids of what a device gets. */
async function idsOf(world: World, device: Device): Promise<string[]> {
  await world.settle();
  return device.takeMessages().map((message) => message.child('stanza-id', NS.sid)?.attrs['id'] ?? '');
}

const SPAM = 'urn:xmpp:reporting:spam';

describe('XEP-0377', () => {
  it('§2 is announced by the domain', async () => {
    const { alice } = await setUp();
    expect((await alice.ask('get', xml('query', { xmlns: NS.discoInfo }), 'localhost')).toString()).toContain(
      NS.reporting,
    );
  });

  it('§4 a report comes with a block, with its messages, its text and what is agreed to', async () => {
    const { world, alice, spammer, list } = await setUp();
    spammer.send(xml('message', { to: 'alice@localhost', type: 'chat' }, xml('body', null, 'buy now')));
    const [id] = await idsOf(world, alice);
    const stanzaId = xml('stanza-id', { xmlns: NS.sid, by: 'alice@localhost', id });
    const text = xml('text', { 'xml:lang': 'en' }, 'Never came trouble to my house like this.');
    const answer = await block(alice, 'spammer@localhost', report(SPAM, stanzaId, text, xml('third-party')));
    expect(answer.attrs['type']).toBe('result');
    const [one, ...others] = await list();
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      account: 'alice@localhost',
      peer: 'spammer@localhost',
      reason: SPAM,
      text: 'Never came trouble to my house like this.',
      agreed: ['third-party'],
    });
    expect(one?.messages).toHaveLength(1);
    expect(one?.messages[0]).toContain('buy now');
    // Blocked he is, too.
    spammer.send(xml('message', { to: 'alice@localhost', type: 'chat' }, xml('body', null, 'still there?')));
    expect(await idsOf(world, alice)).toEqual([]);
  });

  it('§4 nothing but what is from whom is reported, and in the own archive', async () => {
    const { world, alice, spammer, list } = await setUp();
    const bob = await world.connect('bob@localhost/phone', { imNg: true });
    spammer.send(xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', null, 'for bob')));
    bob.send(xml('message', { to: 'alice@localhost', type: 'chat' }, xml('body', null, 'from bob')));
    alice.send(xml('message', { to: 'spammer@localhost', type: 'chat' }, xml('body', null, 'own words')));
    const ids = [...(await idsOf(world, bob)), ...(await idsOf(world, alice)), 'nonsense'];
    const named = ids.map((id) => xml('stanza-id', { xmlns: NS.sid, by: 'alice@localhost', id }));
    await block(alice, 'spammer@localhost', report(SPAM, ...named));
    expect((await list())[0]?.messages).toEqual([]);
  });

  it('§3 without a reason it is no report, and the block stands', async () => {
    const { alice, list } = await setUp();
    expect((await block(alice, 'spammer@localhost', report(undefined))).attrs['type']).toBe('result');
    expect(await list()).toEqual([]);
    const blocked = await alice.ask('get', xml('blocklist', { xmlns: NS.blocking }));
    expect(blocked.toString()).toContain('spammer@localhost');
  });

  it('a block that is refused reports nobody', async () => {
    const { alice, list } = await setUp();
    expect((await block(alice, 'alice@localhost', report(SPAM))).attrs['type']).toBe('error');
    expect(await list()).toEqual([]);
  });

  it('reports are bounded: by account, by messages, by text, by time', async () => {
    const settings = ['per_account=2', 'messages=1', 'text_bytes=5', 'retention=1 day'];
    const { world, alice, spammer, list } = await setUp(settings.map((one) => `reports.${one}`));
    for (const body of ['1', '2'])
      spammer.send(xml('message', { to: 'alice@localhost', type: 'chat' }, xml('body', null, body)));
    const ids = (await idsOf(world, alice)).map((id) => xml('stanza-id', { xmlns: NS.sid, by: 'alice@localhost', id }));
    await block(alice, 'spammer@localhost', report(SPAM, ...ids, xml('text', null, 'äöü')));
    expect((await list())[0]).toMatchObject({ text: 'äö', messages: [expect.stringContaining('<body>1</body>')] });
    for (const name of ['a', 'b']) {
      world.clock.advance(1000);
      await block(alice, `${name}@elsewhere.example`, report(SPAM));
    }
    expect((await list()).map(({ peer }) => peer)).toEqual(['b@elsewhere.example', 'a@elsewhere.example']);
    world.clock.advance(86_400_000);
    await block(alice, 'c@elsewhere.example', report(SPAM));
    expect((await list()).map(({ peer }) => peer)).toEqual(['c@elsewhere.example']);
  });

  it('a removed account has reported nobody', async () => {
    const { world, alice, list } = await setUp();
    await block(alice, 'spammer@localhost', report(SPAM));
    expect(await list()).toHaveLength(1);
    await world.core.options.accounts.remove('alice@localhost');
    expect(await list()).toEqual([]);
  });
});
