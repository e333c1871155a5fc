import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { befriend, comeOnline, conditionOf, heard, rosterOf, say, subscription } from '../../../test/contacts.ts';
import type { Device } from '../../../test/device.ts';
import { restart } from '../../../test/restart.ts';
import { createWorld } from '../../../test/world.ts';

const query = (...items: Element[]): Element => xml('query', { xmlns: NS.roster }, ...items);
const item = (attrs: Record<string, string>, ...groups: string[]): Element => {
  return xml('item', { xmlns: NS.roster, ...attrs }, ...groups.map((group) => xml('group', null, group)));
};
const set = (device: Device, ...items: Element[]): Promise<Element> => device.ask('set', query(...items));

async function juliet(settings: string[] = []) {
  const world = await createWorld({ settings });
  return { world, device: await comeOnline(world, 'juliet@localhost/balcony') };
}

describe('a roster', () => {
  it('§2.2 is empty at first', async () => {
    const { device } = await juliet();
    const answer = await device.ask('get', query());
    expect(answer.attrs).toMatchObject({ type: 'result', from: 'juliet@localhost', to: 'juliet@localhost/balcony' });
    expect(answer.child('query', NS.roster)?.elements).toEqual([]);
  });

  it('§2.3 gets a contact, with a name and groups; §2.1.6 every interested resource is told', async () => {
    const { world, device } = await juliet();
    const chamber = await comeOnline(world, 'juliet@localhost/chamber');
    const uninterested = await world.connect('juliet@localhost/garden', { priority: 0 });
    device.take();
    const answer = await set(device, item({ jid: 'Nurse@localhost', name: 'Nurse' }, 'Servants', 'Friends'));
    expect(String(answer.attrs['type'])).toBe('result');
    const push = 'push nurse@localhost "Nurse" none #Servants #Friends';
    expect(heard(device)).toEqual([push]);
    expect(heard(chamber)).toContain(push);
    expect(heard(uninterested)).toEqual([]);
    expect(await rosterOf(chamber)).toEqual(['nurse@localhost "Nurse" none #Servants #Friends']);
  });

  it('§2.4 changes a name and groups, and nothing else', async () => {
    const { world, device } = await juliet();
    const romeo = await comeOnline(world, 'romeo@localhost/orchard');
    await befriend(world, device, romeo);
    await set(
      device,
      item({ jid: 'romeo@localhost', name: 'Romeo', subscription: 'none', ask: 'subscribe', approved: 'true' }),
    );
    expect(heard(device)).toEqual(['push romeo@localhost "Romeo" both']);
    await say(world, device, subscription('unsubscribe', 'romeo@localhost'));
    expect(await rosterOf(device)).toEqual(['romeo@localhost "Romeo" from']);
  });

  it('§2.5 loses a contact', async () => {
    const { device } = await juliet();
    await set(device, item({ jid: 'nurse@localhost' }));
    const answer = await set(device, item({ jid: 'nurse@localhost', subscription: 'remove' }));
    expect(answer.attrs['type']).toBe('result');
    expect(heard(device)).toEqual(['push nurse@localhost none', 'push nurse@localhost remove']);
    expect(await rosterOf(device)).toEqual([]);
  });

  it('survives a restart', async () => {
    const { world, device } = await juliet();
    await set(device, item({ jid: 'nurse@localhost', name: 'Nurse & "friend"' }, 'Servants', 'ἀρχή'));
    const again = await restart(world).connect('juliet@localhost/balcony');
    expect(await rosterOf(again)).toEqual(['nurse@localhost "Nurse & "friend"" none #Servants #ἀρχή']);
  });

  it('§2.1.6 stays as it is when a client refuses a push', async () => {
    const { world, device } = await juliet();
    await set(device, item({ jid: 'nurse@localhost' }));
    const push = device.take().find(({ attrs }) => attrs['type'] === 'set');
    await say(world, device, xml('iq', { type: 'error', id: push?.attrs['id'] }, xml('error', { type: 'cancel' })));
    expect(await rosterOf(device)).toEqual(['nurse@localhost none']);
    expect(world.problems).toEqual([]);
  });

  it.each([
    ['§2.3.3 two items', [item({ jid: 'a@localhost' }), item({ jid: 'b@localhost' })], 'bad-request'],
    ['§2.3.3 no item', [], 'bad-request'],
    ['§2.3.3 something else than an item', [xml('contact', { jid: 'a@localhost' })], 'bad-request'],
    ['§2.1.2.3 an item without a jid', [item({ name: 'Nobody' })], 'bad-request'],
    ['a jid that is none', [item({ jid: 'a@b@c' })], 'jid-malformed'],
    ['§2.3.3 a group twice', [item({ jid: 'a@localhost' }, 'Friends', 'Friends')], 'bad-request'],
    ['§2.3.3 a group without a name', [item({ jid: 'a@localhost' }, '')], 'not-acceptable'],
    ['its own account', [item({ jid: 'juliet@localhost' })], 'not-allowed'],
    ['§2.5.3 removing who is not there', [item({ jid: 'a@localhost', subscription: 'remove' })], 'item-not-found'],
  ])('refuses %s', async (_, items, condition) => {
    const { world, device } = await juliet();
    expect(conditionOf(await set(device, ...items))).toBe(condition);
    expect(heard(device)).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it("§2.3.3 is nobody else's, whether the account is there or not", async () => {
    const { world, device } = await juliet();
    await world.account('romeo@localhost');
    for (const account of ['romeo@localhost', 'nobody@localhost']) {
      expect(conditionOf(await device.ask('get', query(), account))).toBe('forbidden');
      expect(conditionOf(await device.ask('set', query(item({ jid: 'a@localhost' })), account))).toBe('forbidden');
    }
  });

  it('limits.roster_items at its edge', async () => {
    const { device } = await juliet(['limits.roster_items=2']);
    expect((await set(device, item({ jid: 'a@localhost' }))).attrs['type']).toBe('result');
    expect((await set(device, item({ jid: 'b@localhost' }))).attrs['type']).toBe('result');
    expect(conditionOf(await set(device, item({ jid: 'c@localhost' })))).toBe('resource-constraint');
    expect((await set(device, item({ jid: 'b@localhost', name: 'B' }))).attrs['type']).toBe('result');
  });

  it('limits.roster_name_bytes at its edge, in bytes', async () => {
    const { device } = await juliet(['limits.roster_name_bytes="4 bytes"']);
    expect((await set(device, item({ jid: 'a@localhost', name: 'éé' }, 'four'))).attrs['type']).toBe('result');
    expect(conditionOf(await set(device, item({ jid: 'a@localhost', name: 'ééa' })))).toBe('not-acceptable');
    expect(conditionOf(await set(device, item({ jid: 'a@localhost' }, 'fives')))).toBe('not-acceptable');
  });

  it('limits.roster_bytes at its edge, over a restart, and 0 for none', async () => {
    const { world, device } = await juliet(['limits.roster_bytes=20']);
    const put = async (from: Device, jid: string, name: string, ...groups: string[]) => {
      const item = xml('item', { jid, name }, ...groups.map((group) => xml('group', null, group)));
      return conditionOf(await from.ask('set', xml('query', { xmlns: NS.roster }, item)));
    };
    expect(await put(device, 'a@localhost', 'ä'.repeat(5), 'five5')).toBe('no error');
    expect(await put(device, 'b@localhost', 'six666')).toBe('resource-constraint');
    expect(await put(device, 'b@localhost', 'five5')).toBe('no error');
    expect(await put(device, 'a@localhost', '', 'five5', 'six666')).toBe('no error');
    expect(await put(device, 'c@localhost', 'five5')).toBe('resource-constraint');
    expect(await put(device, 'c@localhost', '')).toBe('no error');
    const after = await restart(world).connect('juliet@localhost/later');
    expect(await put(after, 'c@localhost', 'five5')).toBe('resource-constraint');
    expect(await put(after, 'c@localhost', 'four')).toBe('no error');
    const remove = xml('item', { jid: 'a@localhost', subscription: 'remove' });
    await after.ask('set', xml('query', { xmlns: NS.roster }, remove));
    expect(await put(after, 'd@localhost', 'x'.repeat(11))).toBe('no error');
    expect(await put(after, 'd@localhost', 'x'.repeat(12))).toBe('resource-constraint');
    const unlimited = await juliet(['limits.roster_bytes=0']);
    expect(await put(unlimited.device, 'a@localhost', 'x'.repeat(1000))).toBe('no error');
  });

  it('limits.roster_groups at its edge, and 0 for none', async () => {
    const { device } = await juliet(['limits.roster_groups=2']);
    expect((await set(device, item({ jid: 'a@localhost' }, '1', '2'))).attrs['type']).toBe('result');
    expect(conditionOf(await set(device, item({ jid: 'a@localhost' }, '1', '2', '3')))).toBe('not-acceptable');
    const { device: free } = await juliet([
      'limits.roster_groups=0',
      'limits.roster_items=0',
      'limits.roster_name_bytes=0',
    ]);
    expect((await set(free, item({ jid: 'a@localhost', name: 'x'.repeat(5000) }, '1', '2', '3'))).attrs['type']).toBe(
      'result',
    );
  });
});
