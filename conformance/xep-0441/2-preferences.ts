import { type Element, NS, xml } from '@tutti/xmpp';
import { checkEqual, checkErrorIs } from '../checks.ts';
import type { Device } from '../client/device.ts';
import { fetchRoster } from '../roster.ts';
import { section } from '../suite.ts';

export default section('xep-0441', '2', 'Archiving preferences', { needs: ['mam-prefs'] }, ({ test }) => {
  test('§2.1 the preferences can be read', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const prefs = (await alice.phone.ask('get', xml('prefs', { xmlns: NS.mam }))).child('prefs', NS.mam);
    checkEqual(prefs?.elements.map(({ name }) => name).sort(), ['always', 'never'], 'the children');
    checkEqual(['always', 'never', 'roster'].includes(prefs?.attrs['default'] ?? ''), true, 'a default');
  });

  test('§2.1 what is set is answered, and kept', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const answer = await set(alice.phone, 'roster', ['friend@remote.invalid'], ['foe@remote.invalid']);
    const read = await alice.phone.ask('get', xml('prefs', { xmlns: NS.mam }));
    for (const iq of [answer, read])
      checkEqual(describe(iq), ['roster', ['friend@remote.invalid'], ['foe@remote.invalid']], 'the preferences');
  });

  const cases = [
    ['§2.1.2 always', 'always', [], [], 1],
    ['§2.1.3 never', 'never', [], [], 0],
    ['§2.1.1 roster, from a stranger', 'roster', [], [], 0],
    ['§2.1.2 never, but always with bob', 'never', ['bob'], [], 1],
    ['§2.1.3 always, but never with bob', 'always', [], ['bob'], 0],
  ] as const;
  for (const [title, fallback, always, never, rows] of cases) {
    test(`A8 ${title}: ${rows} rows`, async (stage) => {
      const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
      const jids = (names: readonly string[]) => names.map(() => bob.jid);
      await set(alice.phone, fallback, jids(always), jids(never));
      bob.phone.message({ to: alice.jid, type: 'chat' }, 'hello');
      await bob.phone.fence();
      checkEqual((await alice.phone.archive()).rows.length, rows, 'the number of rows');
    });
  }

  test('A8 §2.1.1 roster: contacts are archived', async (stage) => {
    const { alice, bob } = await stage.cast({ alice: 'phone=legacy', bob: 'phone=legacy' });
    await fetchRoster(alice.phone);
    await stage.befriend(alice.phone, bob.phone);
    await set(alice.phone, 'roster', [], []);
    bob.phone.message({ to: alice.jid, type: 'chat' }, 'hello');
    await bob.phone.fence();
    checkEqual((await alice.phone.archive()).rows.length, 1, 'the number of rows');
  });

  test('§2.1 nonsense is refused, and changes nothing', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const before = describe(await alice.phone.ask('get', xml('prefs', { xmlns: NS.mam })));
    const nonsense = xml('prefs', { xmlns: NS.mam, default: 'sometimes' }, xml('always'), xml('never'));
    checkErrorIs(await alice.phone.iq('set', nonsense), ['bad-request', 'not-acceptable', 'feature-not-implemented']);
    checkEqual(describe(await alice.phone.ask('get', xml('prefs', { xmlns: NS.mam }))), before, 'the preferences');
  });
});

function set(device: Device, fallback: string, always: readonly string[], never: readonly string[]): Promise<Element> {
  const list = (name: string, jids: readonly string[]) => xml(name, null, ...jids.map((jid) => xml('jid', null, jid)));
  return device.ask(
    'set',
    xml('prefs', { xmlns: NS.mam, default: fallback }, list('always', always), list('never', never)),
  );
}

function describe(iq: Element): unknown[] {
  const prefs = iq.child('prefs', NS.mam);
  const list = (name: string) =>
    prefs
      ?.child(name)
      ?.childrenNamed('jid')
      .map((jid) => jid.text()) ?? [];
  return [prefs?.attrs['default'], list('always'), list('never')];
}
