import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { ALICE, archiveOf, chat, queryOf, read } from '../../../test/archive.ts';

describe('XEP-0313 §5 metadata', () => {
  it('the first and the last message; nothing for an empty archive', async () => {
    const { world, alice, bob } = await archiveOf(0);
    const ask = async (): Promise<Element | undefined> =>
      (await alice.ask('get', xml('metadata', { xmlns: NS.mam }))).child('metadata', NS.mam);
    expect((await ask())?.elements).toEqual([]);
    for (const body of ['1', '2', '3']) {
      bob.send(chat(ALICE, body));
      await world.settle();
      world.clock.advance(60_000);
    }
    const { ids } = await read(alice, queryOf());
    const metadata = await ask();
    expect(metadata?.child('start')?.attrs).toEqual({ id: ids[0], timestamp: '2026-01-01T00:00:00.000Z' });
    expect(metadata?.child('end')?.attrs).toEqual({ id: ids[2], timestamp: '2026-01-01T00:02:00.000Z' });
  });
});

describe('E5 XEP-0386 §4', () => {
  it('<bound/> has the metadata as of the barrier', async () => {
    const { world, alice } = await archiveOf(2);
    const { ids } = await read(alice, queryOf());
    const device = await world.connect(`${ALICE}/spare`);
    const identity = { account: device.jid.bare, mechanism: 'TEST' };
    for (const wanted of [xml('enable', { xmlns: NS.imNg }), undefined]) {
      const inline = xml('bind', { xmlns: NS.bind2 }, wanted);
      const bound = await world.host.bind(identity, { inline }, device.connection);
      const metadata = bound.inline.find((element) => element.is('metadata', NS.mam));
      expect(metadata?.child('start')?.attrs['id']).toBe(ids[0]);
      expect(metadata?.child('end')?.attrs['id']).toBe(ids[1]);
    }
  });
});
