import { type Element, JID, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { conditionOf } from '../../../test/contacts.ts';
import { FakeConnection } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import { loadConfig } from '../../config/load.ts';
import type { Credentials } from '../../stream/sasl/credentials.ts';

const OPEN = ['registration.enabled=true'];

type Children = Readonly<Record<string, string>>;

const query = (children: Children = {}): Element =>
  xml('query', { xmlns: NS.register }, ...Object.entries(children).map(([name, text]) => xml(name, null, text)));

/** A client that has not logged in asks; the answer, or undefined where the stream ends. */
function knock(
  world: World,
  type: 'get' | 'set',
  payload: Element,
  address = '192.0.2.1',
): Promise<Element | undefined> {
  const connection = Object.assign(new FakeConnection(), { address });
  return world.host.receiveBeforeLogin('localhost', xml('iq', { type, id: 'reg' }, payload), connection);
}

const register = (world: World, username: string, address?: string): Promise<Element | undefined> =>
  knock(world, 'set', query({ username, password: 'Calliope' }), address);

/** What the server keeps of a password. */
const keysOf = (world: World, jid: JID): Promise<Credentials | undefined> =>
  (world.core.options.accounts as Accounts).credentials.find(jid);

const exists = (world: World, jid: string): Promise<boolean> => world.core.options.accounts.exists(JID.parse(jid));

/** What says that anybody may register. */
const openDoors = (world: World): readonly Element[] =>
  world.host.loginFeatures().filter((feature) => feature.is('register', NS.registerFeature));

describe('XEP-0077 §3.1.1 before login', () => {
  it('is off by default: not advertised, and every request => service-unavailable', async () => {
    const world = await createWorld();
    expect(openDoors(world)).toEqual([]);
    expect(conditionOf((await knock(world, 'get', query()))!)).toBe('service-unavailable');
    expect(conditionOf((await register(world, 'bill'))!)).toBe('service-unavailable');
    expect(await exists(world, 'bill@localhost')).toBe(false);
  });

  it('§8 is advertised where it is on; §3.1 tells the fields and makes the account', async () => {
    const world = await createWorld({ settings: OPEN });
    expect(openDoors(world).map(String)).toEqual([`<register xmlns='${NS.registerFeature}'/>`]);
    const fields = await knock(world, 'get', query());
    expect(fields?.attrs).toMatchObject({ type: 'result', id: 'reg' });
    const names = fields?.child('query', NS.register)?.elements.map(({ name }) => name);
    expect(names).toEqual(['instructions', 'username', 'password', 'x']);
    const answer = await register(world, 'Bill');
    expect(answer?.attrs).toMatchObject({ type: 'result', id: 'reg' });
    expect(answer?.elements).toEqual([]);
    expect(await exists(world, 'bill@localhost')).toBe(true);
    const bill = await world.connect('bill@localhost/globe');
    expect(bill.jid.toString()).toBe('bill@localhost/globe');
    expect(world.problems).toEqual([]);
  });

  it.each<[string, Children, string]>([
    ['the name is taken', { username: 'bill', password: 'x' }, 'conflict'],
    ['the name is taken in other letters', { username: 'BILL', password: 'x' }, 'conflict'],
    ['no username', { password: 'x' }, 'not-acceptable'],
    ['an empty username', { username: '', password: 'x' }, 'not-acceptable'],
    ['no password', { username: 'will' }, 'not-acceptable'],
    ['an empty password', { username: 'will', password: '' }, 'not-acceptable'],
    ['a password that cannot be prepared', { username: 'will', password: 'a\u{80}b' }, 'not-acceptable'],
    ['a password without end', { username: 'will', password: 'x'.repeat(2000) }, 'not-acceptable'],
    ['an impossible username', { username: 'will@i.am', password: 'x' }, 'jid-malformed'],
    ['a removal (§3.2)', { remove: '' }, 'unexpected-request'],
  ])('%s => its error', async (_, children, condition) => {
    const world = await createWorld({ settings: OPEN });
    await register(world, 'bill');
    const answer = await knock(world, 'set', query(children));
    expect(conditionOf(answer!)).toBe(condition);
    expect(String(answer)).not.toContain('<password');
    expect(await exists(world, 'will@localhost')).toBe(false);
  });

  it('nothing else is answered before login', async () => {
    const world = await createWorld({ settings: OPEN });
    expect(await knock(world, 'get', xml('ping', { xmlns: NS.ping }))).toBeUndefined();
    const connection = new FakeConnection();
    for (const iq of [
      xml('iq', { type: 'get', id: 'x' }),
      xml('iq', { type: 'get' }, query()),
      xml('iq', { type: 'result', id: 'x' }, query()),
      xml('iq', { type: 'get', id: 'x' }, query(), query()),
    ]) {
      expect(await world.host.receiveBeforeLogin('localhost', iq, connection)).toBeUndefined();
    }
    expect(conditionOf((await knock(world, 'get', xml('other', { xmlns: NS.register })))!)).toBe('service-unavailable');
  });

  it('registration.rate_per_hour: one more from the same place => not-acceptable, until an hour has passed', async () => {
    const world = await createWorld({ settings: [...OPEN, 'registration.rate_per_hour=2'] });
    const results = async (...names: string[]): Promise<string[]> => {
      const answers = await Promise.all(names.map((name) => register(world, name)));
      return answers.map((answer) => conditionOf(answer!));
    };
    // What fails does not count, and who comes at the same time does.
    expect(conditionOf((await knock(world, 'set', query({ username: 'a', password: '' })))!)).toBe('not-acceptable');
    expect(await results('a', 'b', 'c')).toEqual(['no error', 'no error', 'not-acceptable']);
    expect(await results('a')).toEqual(['conflict']);
    const waiting = await register(world, 'd');
    expect(waiting?.child('error')?.attrs['type']).toBe('wait');
    expect(conditionOf((await register(world, 'd', '192.0.2.2'))!)).toBe('no error');
    world.clock.advance(60 * 60 * 1000 - 1);
    expect(await results('e')).toEqual(['not-acceptable']);
    world.clock.advance(1);
    expect(await results('e', 'f', 'g')).toEqual(['no error', 'no error', 'not-acceptable']);
  });

  it('registration.rate_per_hour counts an IPv6 /64 as one place; 0 = no limit', async () => {
    const world = await createWorld({ settings: [...OPEN, 'registration.rate_per_hour=1'] });
    expect(conditionOf((await register(world, 'a', '2001:db8::1'))!)).toBe('no error');
    expect(conditionOf((await register(world, 'b', '2001:db8::2'))!)).toBe('not-acceptable');
    expect(conditionOf((await register(world, 'c', '2001:db8:0:1::1'))!)).toBe('no error');
    const free = await createWorld({ settings: [...OPEN, 'registration.rate_per_hour=0'] });
    for (let n = 0; n < 30; n += 1) expect(conditionOf((await register(free, `user${n}`))!)).toBe('no error');
  });

  it('a reload opens and closes registration', async () => {
    const world = await createWorld();
    const reload = (settings: string[]): void => world.core.configure(loadConfig({ settings }).config);
    reload([...OPEN, 'registration.rate_per_hour=1']);
    expect(openDoors(world)).toHaveLength(1);
    expect(conditionOf((await register(world, 'a'))!)).toBe('no error');
    expect(conditionOf((await register(world, 'b'))!)).toBe('not-acceptable');
    reload([...OPEN, 'registration.rate_per_hour=2']);
    expect(conditionOf((await register(world, 'b'))!)).toBe('no error');
    reload([]);
    expect(openDoors(world)).toEqual([]);
    expect(conditionOf((await register(world, 'c'))!)).toBe('service-unavailable');
  });

  it('a place is given back when no account comes of it', async () => {
    const world = await createWorld({ settings: [...OPEN, 'registration.rate_per_hour=1'] });
    expect(conditionOf((await knock(world, 'set', query({ username: 'a', password: 'a\u{80}b' })))!)).toBe(
      'not-acceptable',
    );
    expect(conditionOf((await register(world, 'a'))!)).toBe('no error');
  });
});

describe('XEP-0077 §3 for those who have logged in', () => {
  it('§3.1 tells that they are registered, and the username; the password never', async () => {
    const world = await createWorld();
    const bill = await world.connect('bill@localhost/globe');
    for (const to of [undefined, 'localhost', 'bill@localhost']) {
      const answer = (await bill.ask('get', query(), to)).child('query', NS.register);
      expect(answer?.child('registered')).toBeDefined();
      expect(answer?.child('username')?.text()).toBe('bill');
      expect(answer?.child('password')?.children).toEqual([]);
    }
    expect(conditionOf(await bill.ask('get', query(), 'will@localhost'))).toBe('service-unavailable');
  });

  it('§3.3 changes the password; sessions stay', async () => {
    const world = await createWorld();
    const bill = await world.connect('bill@localhost/globe');
    const before = await keysOf(world, bill.jid);
    for (const username of ['bill', 'Bill', 'bill@localhost']) {
      expect((await bill.ask('set', query({ username, password: 'newpass' }), 'localhost')).attrs['type']).toBe(
        'result',
      );
    }
    expect(await keysOf(world, bill.jid)).not.toEqual(before);
    expect(bill.connection.closed).toBe(false);
    expect(world.problems).toEqual([]);
  });

  it.each<[string, Children, string]>([
    ['no username', { password: 'x' }, 'bad-request'],
    ['no password', { username: 'bill' }, 'bad-request'],
    ['an empty password', { username: 'bill', password: '' }, 'bad-request'],
    ['another username', { username: 'will', password: 'x' }, 'not-allowed'],
    ['an impossible username', { username: '@', password: 'x' }, 'not-allowed'],
    ['a password that cannot be prepared', { username: 'bill', password: 'a\u{80}b' }, 'not-acceptable'],
    ['a removal that is not alone', { remove: '', username: 'bill' }, 'bad-request'],
  ])('%s => its error, and nothing changes', async (_, children, condition) => {
    const world = await createWorld();
    const bill = await world.connect('bill@localhost/globe');
    const before = await keysOf(world, bill.jid);
    const answer = await bill.ask('set', query(children));
    expect(conditionOf(answer)).toBe(condition);
    expect(answer.child('query', NS.register)).toBeUndefined();
    expect(await keysOf(world, bill.jid)).toEqual(before);
  });

  it('§3.3 no password over a channel in clear => not-authorized', async () => {
    const world = await createWorld();
    const bill = await world.connect('bill@localhost/globe');
    bill.view.secure = false;
    expect(conditionOf(await bill.ask('set', query({ username: 'bill', password: 'newpass' })))).toBe('not-authorized');
  });

  it('§3.2 removal: the result first, then every session ends with <not-authorized/>, and the account is gone', async () => {
    const world = await createWorld();
    const bill = await world.connect('bill@localhost/globe');
    const other = await world.connect('bill@localhost/court');
    const answer = await bill.ask('set', query({ remove: '' }));
    expect(answer.attrs).toMatchObject({ type: 'result', from: 'bill@localhost', to: 'bill@localhost/globe' });
    await world.settle();
    for (const device of [bill, other]) {
      expect(device.connection.closedWith?.elements.map(({ name }) => name)).toContain('not-authorized');
      expect(device.take()).toEqual([]);
    }
    expect(await exists(world, 'bill@localhost')).toBe(false);
    await expect(
      world.host.bind({ account: bill.jid.bare, mechanism: 'TEST' }, {}, new FakeConnection()),
    ).rejects.toThrow('The account has been removed');
    expect(world.problems).toEqual([]);
  });

  it('§3.2 who has no account here => registration-required', async () => {
    const world = await createWorld();
    const answers: Element[] = [];
    world.core.registry.services.set('example.org', (stanza) => void answers.push(stanza));
    for (const children of [{ remove: '' }, { username: 'bill', password: 'x' }]) {
      world.core.router.route(
        xml('iq', { type: 'set', id: 'x', from: 'bill@example.org/globe', to: 'localhost' }, query(children)),
      );
    }
    await world.settle();
    expect(answers.map(conditionOf)).toEqual(['registration-required', 'unexpected-request']);
  });
});
