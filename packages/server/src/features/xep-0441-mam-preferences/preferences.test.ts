import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, conditionOf } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld, type World } from '../../../test/world.ts';

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';

const list = (name: string, jids: readonly string[]): Element =>
  xml(name, null, ...jids.map((jid) => xml('jid', null, jid)));
const prefs = (fallback: string | undefined, always: readonly string[] = [], never: readonly string[] = []): Element =>
  xml('prefs', { xmlns: NS.mam, default: fallback }, list('always', always), list('never', never));
const chat = (to: string, body: string): Element => xml('message', { to, type: 'chat' }, xml('body', null, body));

function describePreferences(answer: Element): string {
  const told = answer.child('prefs', NS.mam);
  const jids = (name: string): string =>
    told
      ?.child(name)
      ?.elements.map((jid) => jid.text())
      .join(',') ?? 'missing';
  return `${told?.attrs['default']} always=${jids('always')} never=${jids('never')}`;
}

const askFor = async (device: Device): Promise<string> =>
  describePreferences(await device.ask('get', xml('prefs', { xmlns: NS.mam })));

async function two(settings: string[] = []): Promise<{ world: World; alice: Device; bob: Device }> {
  const world = await createWorld({ settings });
  const alice = await world.connect(`${ALICE}/phone`, { imNg: true });
  const bob = await world.connect(`${BOB}/phone`, { imNg: true });
  return { world, alice, bob };
}

describe('XEP-0441 §2.1 preferences', () => {
  it('A8 everything is archived by default; both lists are told, empty as they are', async () => {
    const { alice } = await two();
    expect(await askFor(alice)).toBe('always always= never=');
  });

  it('are set, told back in normal form, and kept', async () => {
    const { world, alice } = await two();
    const answer = await alice.ask('set', prefs('roster', ['Romeo@Montague.lit', BOB], ['montague@montague.lit/x']));
    const told = `roster always=${BOB},romeo@montague.lit never=montague@montague.lit/x`;
    expect(describePreferences(answer)).toBe(told);
    const again = await restart(world).connect(`${ALICE}/phone`);
    expect(await askFor(again)).toBe(told);
    expect(describePreferences(await again.ask('set', xml('prefs', { xmlns: NS.mam, default: 'never' })))).toBe(
      'never always= never=',
    );
    expect(world.problems).toEqual([]);
  });

  it.each<[string, Element, string]>([
    ['no default', prefs(undefined), 'bad-request'],
    ['an unknown default', prefs('sometimes'), 'bad-request'],
    ['an impossible address', prefs('always', ['a@b@c']), 'jid-malformed'],
    ['an empty address', prefs('always', [], ['']), 'jid-malformed'],
    ['an address in both lists', prefs('always', [BOB], [BOB.toUpperCase()]), 'bad-request'],
    ['a list twice', prefs('always').append(list('always', []).with({ xmlns: NS.mam })), 'bad-request'],
  ])('%s => its error, and nothing changes', async (_, request, condition) => {
    const { alice } = await two();
    await alice.ask('set', prefs('never'));
    expect(conditionOf(await alice.ask('set', request))).toBe(condition);
    expect(await askFor(alice)).toBe('never always= never=');
  });

  it("others' preferences are not to be had", async () => {
    const { alice } = await two();
    expect(conditionOf(await alice.ask('get', xml('prefs', { xmlns: NS.mam }), BOB))).toBe('service-unavailable');
    expect(conditionOf(await alice.ask('set', prefs('never'), BOB))).toBe('service-unavailable');
  });

  it('limits.mam_preferences: one more => resource-constraint; 0 = none', async () => {
    const { alice } = await two(['limits.mam_preferences=2']);
    expect((await alice.ask('set', prefs('always', ['a@x'], ['b@x']))).attrs['type']).toBe('result');
    expect(conditionOf(await alice.ask('set', prefs('always', ['a@x', 'c@x'], ['b@x'])))).toBe('resource-constraint');
    const free = await two(['limits.mam_preferences=0']);
    const many = Array.from({ length: 2500 }, (_, n) => `${n}@x`);
    expect((await free.alice.ask('set', prefs('always', many))).attrs['type']).toBe('result');
  });
});

describe('A8 XEP-0441 §2 what is archived', () => {
  it('never: routed, not archived, no stanza-id; the other side keeps its own', async () => {
    const { world, alice, bob } = await two();
    await alice.ask('set', prefs('never'));
    bob.send(chat(ALICE, 'in'));
    alice.send(chat(BOB, 'out'));
    await world.settle();
    const seen = alice.takeMessages();
    expect(seen.map((message) => message.child('body')?.text()).toSorted()).toEqual(['in', 'out']);
    expect(seen.filter((message) => message.child('stanza-id', NS.sid) !== undefined)).toEqual([]);
    expect(bob.takeMessages()).toHaveLength(2);
    expect([await world.rows(ALICE), await world.rows(BOB)]).toEqual([0, 2]);
  });

  it('§2.3 lists: a bare entry counts for all resources, a full one for its own and before the bare one', async () => {
    const { world, alice, bob } = await two();
    const tablet = await world.connect(`${BOB}/tablet`);
    const carol = await world.connect('carol@localhost/phone');
    await alice.ask('set', prefs('always', [`${BOB}/tablet`], [BOB]));
    bob.send(chat(ALICE, 'no'));
    tablet.send(chat(ALICE, 'yes'));
    carol.send(chat(ALICE, 'yes'));
    await world.settle();
    expect(await world.rows(ALICE)).toBe(2);
    alice.send(chat(BOB, 'no'));
    alice.send(chat(`${BOB}/tablet`, 'yes'));
    await world.settle();
    expect(await world.rows(ALICE)).toBe(3);
  });

  it('§2.1.1 roster: contacts and oneself, nobody else', async () => {
    const world = await createWorld();
    const alice = await comeOnline(world, `${ALICE}/phone`);
    const bob = await comeOnline(world, `${BOB}/phone`);
    const stranger = await comeOnline(world, 'stranger@localhost/phone');
    await befriend(world, alice, bob);
    await alice.ask('set', prefs('roster'));
    stranger.send(chat(ALICE, 'spam'));
    await world.settle();
    expect(await world.rows(ALICE)).toBe(0);
    bob.send(chat(ALICE, 'hello'));
    alice.send(chat(ALICE, 'note'));
    await world.settle();
    expect(await world.rows(ALICE)).toBe(2);
    await alice.ask('set', prefs('roster', ['stranger@localhost'], [BOB]));
    stranger.send(chat(ALICE, 'not spam'));
    bob.send(chat(ALICE, 'secret'));
    await world.settle();
    expect(await world.rows(ALICE)).toBe(3);
  });
});
