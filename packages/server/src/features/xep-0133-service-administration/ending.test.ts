import { type Element, type Field, NS, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';

const settings = ['admins=["admin@localhost"]', 'domains=["localhost"]'];

async function setUp(): Promise<{ world: World; admin: Device; stopped: string[] }> {
  const stopped: string[] = [];
  const world = await createWorld({ settings, stop: (how) => void stopped.push(how) });
  return { world, admin: await world.connect('admin@localhost/a', { imNg: true }), stopped };
}

function command(name: string, ...fields: Field[]): Element {
  const form = fields.length === 0 ? undefined : writeForm('submit', NS.admin, fields);
  return xml('command', { xmlns: NS.commands, node: `${NS.admin}#${name}` }, form);
}

describe('XEP-0133: the end of the server', () => {
  it.each(['restart', 'shutdown'] as const)(
    '§4.30 §4.31 %s: a form with delays, an announcement, and then the end',
    async (name) => {
      const { world, admin, stopped } = await setUp();
      const bob = await world.connect('bob@localhost/b', { priority: 0 });
      const asked = (await admin.ask('set', command(name), 'localhost')).child('command', NS.commands);
      const fields = asked?.child('x', NS.dataForms)?.childrenNamed('field') ?? [];
      const delays = fields.find(({ attrs }) => attrs['var'] === 'delay')?.childrenNamed('option') ?? [];
      expect(delays.map((option) => option.child('value')?.text())).toEqual([
        '30',
        '60',
        '90',
        '120',
        '180',
        '240',
        '300',
      ]);
      const answer = await admin.ask(
        'set',
        command(name, { var: 'delay', value: '90' }, { var: 'announcement', value: ['Save', 'your work.'] }),
        'localhost',
      );
      expect(answer.child('command', NS.commands)?.child('note')?.text()).toMatch(/ in 90 seconds\.$/);
      await world.settle();
      expect(bob.takeMessages().map((message) => message.child('body')?.text())).toEqual(['Save\nyour work.']);
      world.clock.advance(89_999);
      expect(stopped).toEqual([]);
      world.clock.advance(1);
      expect(stopped).toEqual([name]);
    },
  );

  it('§4.30 without an announcement nobody is told; another command takes the place of the first', async () => {
    const { world, admin, stopped } = await setUp();
    await admin.ask('set', command('restart', { var: 'delay', value: '30' }), 'localhost');
    await admin.ask('set', command('shutdown', { var: 'delay', value: '300' }), 'localhost');
    await world.settle();
    expect(admin.takeMessages()).toEqual([]);
    world.clock.advance(30_000);
    expect(stopped).toEqual([]);
    world.clock.advance(270_000);
    expect(stopped).toEqual(['shutdown']);
  });

  it('§4.30 another delay is refused, and so is everybody else', async () => {
    const { world, admin, stopped } = await setUp();
    const bob = await world.connect('bob@localhost/b');
    const errorOf = (answer: Element) => answer.child('error')?.elements[0]?.name;
    expect(errorOf(await admin.ask('set', command('restart', { var: 'delay', value: '0' }), 'localhost'))).toBe(
      'bad-request',
    );
    expect(errorOf(await bob.ask('set', command('shutdown', { var: 'delay', value: '30' }), 'localhost'))).toBe(
      'forbidden',
    );
    world.clock.advance(600_000);
    expect(stopped).toEqual([]);
  });

  it('§4.30 where nothing could end the server there is no such command', async () => {
    const world = await createWorld({ settings });
    const admin = await world.connect('admin@localhost/a');
    const list = await admin.ask('get', xml('query', { xmlns: NS.discoItems, node: NS.commands }), 'localhost');
    expect(String(list)).toContain('#announce');
    expect(String(list)).not.toContain('#restart');
  });
});
