import { type DataForm, type Element, type Field, NS, readForm, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';

interface Outcome {
  readonly note: string | undefined;
  readonly failed: boolean;
  readonly form: DataForm | undefined;
  readonly error: string | undefined;
}

async function setUp(): Promise<{ world: World; admin: Device; bob: Device }> {
  const world = await createWorld({ settings: ['admins=["admin@localhost"]'] });
  const admin = await world.connect('admin@localhost/a', { imNg: true });
  return { world, admin, bob: await world.connect('bob@localhost/b', { imNg: true }) };
}

async function run(device: Device, command: string, fields: readonly Field[] = []): Promise<Outcome> {
  const form = writeForm('submit', NS.admin, fields);
  const node = `${NS.admin}#${command}`;
  const answer = await device.ask('set', xml('command', { xmlns: NS.commands, node }, form), 'localhost');
  const done = answer.child('command', NS.commands);
  const note = done?.child('note');
  const told = done?.child('x', NS.dataForms);
  return {
    note: note?.text(),
    failed: note?.attrs['type'] === 'error',
    form: told && readForm(told),
    error: answer.child('error')?.elements[0]?.name,
  };
}

const passwords = (password: string, again = password): Field[] => [
  { var: 'password', value: password },
  { var: 'password-verify', value: again },
];

describe('XEP-0133: service administration', () => {
  it('is for the administrators of the configuration', async () => {
    const { bob } = await setUp();
    expect(await run(bob, 'get-registered-users-num')).toMatchObject({ error: 'forbidden' });
    const list = await bob.ask('get', xml('query', { xmlns: NS.discoItems, node: NS.commands }), 'localhost');
    expect(list.child('query', NS.discoItems)?.toString()).not.toContain(NS.admin);
  });

  it('§4.1, §4.2, §4.7: adds accounts, changes their passwords, removes them', async () => {
    const { world, admin } = await setUp();
    const carol: Field = { var: 'accountjid', value: 'carol@localhost' };
    expect(await run(admin, 'add-user', [carol, ...passwords('a', 'b')])).toMatchObject({ failed: true });
    expect((await run(admin, 'add-user', [carol, ...passwords('a')])).note).toBe('Added carol@localhost.');
    expect(await run(admin, 'add-user', [carol, ...passwords('a')])).toMatchObject({
      note: 'carol@localhost exists already.',
      failed: true,
    });
    expect((await run(admin, 'change-user-password', [carol, ...passwords('b')])).failed).toBe(false);
    const both: Field = { var: 'accountjids', value: ['carol@localhost', 'nobody@localhost'] };
    expect(await run(admin, 'delete-user', [both])).toMatchObject({
      note: 'Removed carol@localhost. there is no account nobody@localhost.',
      failed: true,
    });
    expect((await world.core.options.accounts.list()).map(({ jid }) => jid)).toEqual([
      'admin@localhost',
      'bob@localhost',
    ]);
    expect(await run(admin, 'add-user')).toMatchObject({ error: 'bad-request' });
    expect(await run(admin, 'delete-user', [{ var: 'accountjids', value: '@' }])).toMatchObject({
      error: 'jid-malformed',
    });
  });

  it('§4.3, §4.4: a disabled account has no session, and gets its messages', async () => {
    const { world, admin, bob } = await setUp();
    const accounts: Field = { var: 'accountjids', value: ['bob@localhost'] };
    expect((await run(admin, 'disable-user', [accounts])).note).toBe('Disabled bob@localhost.');
    expect(bob.connection.closedWith?.child('not-authorized', NS.streams)).toBeDefined();
    expect((await run(admin, 'get-disabled-users-list')).form?.fields.get('disableduserjids')).toEqual([
      'bob@localhost',
    ]);
    expect((await run(admin, 'get-disabled-users-num')).form?.fields.get('disabledusersnum')).toEqual(['1']);
    admin.send(xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', null, 'Later')));
    await world.settle();
    expect(await world.rows('bob@localhost')).toBe(1);
    expect((await run(admin, 'reenable-user', [accounts])).note).toBe('Enabled bob@localhost.');
    expect((await run(admin, 'get-disabled-users-num')).form?.fields.get('disabledusersnum')).toEqual(['0']);
  });

  it('§4.5, §4.10: sessions are shown and ended', async () => {
    const { world, admin, bob } = await setUp();
    const other = await world.connect('bob@localhost/other');
    const stats = await run(admin, 'user-stats', [{ var: 'accountjid', value: 'bob@localhost' }]);
    expect(stats.form?.fields.get('onlineresources')).toEqual(['b', 'other']);
    expect(stats.form?.fields.get('ipaddresses')).toEqual(['127.0.0.1']);
    const end = (jid: string): Promise<Outcome> => run(admin, 'end-user-session', [{ var: 'accountjids', value: jid }]);
    expect((await end('bob@localhost/other')).note).toBe('Ended 1 session.');
    expect([other.connection.closed, bob.connection.closed]).toEqual([true, false]);
    expect((await end('bob@localhost')).note).toBe('Ended 1 session.');
    expect((await end('bob@localhost')).note).toBe('Ended 0 sessions.');
  });

  it('§4.13–§4.22: counts and lists', async () => {
    const { world, admin } = await setUp();
    await world.account('carol@localhost');
    const value = async (command: string, field: string): Promise<readonly string[] | undefined> =>
      (await run(admin, command)).form?.fields.get(field);
    expect(await value('get-registered-users-num', 'registeredusersnum')).toEqual(['3']);
    expect(await value('get-online-users-list', 'onlineuserjids')).toEqual(['admin@localhost', 'bob@localhost']);
    world.clock.advance(10 * 60 * 1000);
    expect(await value('get-active-users-list', 'activeuserjids')).toEqual(['admin@localhost']);
    expect(await value('get-idle-users-num', 'idleusersnum')).toEqual(['1']);
    const two = await run(admin, 'get-registered-users-list', [{ var: 'max_items', value: '2' }]);
    expect([two.form?.fields.get('registereduserjids')?.length, two.note]).toEqual([2, '1 more are not shown.']);
    expect(await run(admin, 'get-registered-users-list', [{ var: 'max_items', value: 'all' }])).toMatchObject({
      error: 'bad-request',
    });
  });

  it('§4.23, C4: an announcement reaches everybody online, and is archived', async () => {
    const { world, admin, bob } = await setUp();
    const told = await run(admin, 'announce', [
      { var: 'subject', value: 'Tonight' },
      { var: 'announcement', value: ['We restart', 'at ten.'] },
    ]);
    await world.settle();
    expect(told.note).toBe('Sent to 2 accounts.');
    const [message] = bob.takeMessages() as [Element];
    expect([message.attrs['from'], message.child('body')?.text()]).toEqual(['localhost', 'We restart\nat ten.']);
    expect(await world.rows('bob@localhost')).toBe(1);
    expect(await run(admin, 'announce', [{ var: 'announcement', value: ' ' }])).toMatchObject({ error: 'bad-request' });
  });
});
