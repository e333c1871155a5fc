import { type DataForm, type Element, type Field, NS, readForm, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { type Device, FakeConnection } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';
import { loadConfig } from '../../config/load.ts';
import { locatePage } from './link.ts';

const DAY = 24 * 60 * 60 * 1000;

async function setUp(...settings: string[]): Promise<{ world: World; alice: Device }> {
  const world = await createWorld({ settings: ['http.public_url=https://chat.example/', ...settings] });
  const alice = await world.connect('alice@localhost/a', { imNg: true, priority: 0 });
  await alice.ask('get', xml('query', { xmlns: NS.roster }));
  return { world, alice };
}

async function run(
  device: Device,
  node: string,
  fields?: readonly Field[],
): Promise<{ form?: DataForm; error?: string }> {
  const form = fields && writeForm('submit', undefined, fields);
  const answer = await device.ask(
    'set',
    xml('command', { xmlns: NS.commands, node: `${NS.invite}#${node}` }, form),
    'localhost',
  );
  const told = answer.child('command', NS.commands)?.child('x', NS.dataForms);
  const error = answer.child('error')?.elements[0]?.name;
  return { ...(told === undefined ? {} : { form: readForm(told) }), ...(error === undefined ? {} : { error }) };
}

const uriOf = (form: DataForm | undefined): string => form?.fields.get('uri')?.[0] ?? '';
const tokenOf = (uri: string): string => /preauth=([^;]+)/.exec(uri)?.[1] ?? '';

/** A connection that has not logged in. */
class Newcomer {
  readonly #world: World;
  readonly #connection = new FakeConnection();

  constructor(world: World) {
    this.#world = world;
  }

  async ask(type: 'get' | 'set', payload: Element): Promise<string> {
    const iq = xml('iq', { type, id: '1' }, payload);
    const answer = await this.#world.host.receiveBeforeLogin('localhost', iq, this.#connection);
    return answer?.attrs['type'] === 'result' ? 'result' : (answer?.child('error')?.elements[0]?.name ?? 'nothing');
  }

  show(token: string): Promise<string> {
    return this.ask('set', xml('preauth', { xmlns: NS.preAuthSubscription, token }));
  }

  register(username: string): Promise<string> {
    const fields = [xml('username', null, username), xml('password', null, 'secret')];
    return this.ask('set', xml('query', { xmlns: NS.register }, ...fields));
  }
}

async function subscriptionOf(device: Device, contact: string): Promise<string | undefined> {
  const answer = await device.ask('get', xml('query', { xmlns: NS.roster }));
  const item = answer.child('query', NS.roster)?.elements.find(({ attrs }) => attrs['jid'] === contact);
  return item?.attrs['subscription'];
}

describe('XEP-0401: invitations', () => {
  it('§4.1: a user gets a link for a contact, an administrator one that makes accounts', async () => {
    const { world, alice } = await setUp('admins=["admin@localhost"]');
    const admin = await world.connect('admin@localhost/a');
    const { form } = await run(alice, 'invite');
    expect(form?.formType).toBe('urn:xmpp:invite#invitation');
    expect(uriOf(form)).toMatch(/^xmpp:alice@localhost\?roster;preauth=[\w-]{24}$/);
    expect(form?.fields.get('landing-url')).toEqual([`https://chat.example/#${uriOf(form).slice(5)}`]);
    expect(form?.fields.get('expire')).toEqual([new Date(world.clock.now() + 7 * DAY).toISOString()]);
    expect(uriOf((await run(admin, 'invite')).form)).toMatch(/^xmpp:admin@localhost\?roster;preauth=[\w-]{24};ibr=y$/);
    expect(await run(alice, 'create-account')).toEqual({ error: 'forbidden' });
    const kept = await run(admin, 'create-account', [{ var: 'username', value: 'Juliet' }]);
    expect(uriOf(kept.form)).toMatch(/^xmpp:juliet@localhost\?register;preauth=/);
    expect(await run(admin, 'create-account', [{ var: 'username', value: 'juliet' }])).toEqual({ error: 'conflict' });
    expect(await run(admin, 'create-account', [{ var: 'username', value: 'alice' }])).toEqual({ error: 'conflict' });
    expect(await run(admin, 'create-account', [{ var: 'username', value: 'a b' }])).toEqual({ error: 'jid-malformed' });
  });

  it('XEP-0445 §4, XEP-0401 §4.5: who shows a token registers once, and is a contact of who has invited', async () => {
    const { world, alice } = await setUp('invitations.accounts=everyone');
    const token = tokenOf(uriOf((await run(alice, 'invite')).form));
    const newcomer = new Newcomer(world);
    expect(await newcomer.register('juliet')).toBe('service-unavailable');
    expect(await newcomer.show('wrong')).toBe('item-not-found');
    expect(await newcomer.show(token)).toBe('result');
    world.clock.advance(8 * DAY); // §4: looked at when it is shown, and not again
    expect(await newcomer.register('alice')).toBe('conflict');
    expect(await newcomer.register('juliet')).toBe('result');
    await world.settle();
    const pushes = alice.take().filter(({ name, attrs }) => name === 'iq' && attrs['type'] === 'set');
    expect(pushes.at(-1)?.child('query', NS.roster)?.child('item')?.attrs).toMatchObject({
      jid: 'juliet@localhost',
      subscription: 'both',
    });
    const juliet = await world.connect('juliet@localhost/j', { priority: 0 });
    expect(await subscriptionOf(juliet, 'alice@localhost')).toBe('both');
    expect(await newcomer.register('romeo')).toBe('service-unavailable');
    expect(await new Newcomer(world).show(token)).toBe('item-not-found');
  });

  it('XEP-0445 §4: a token makes one account, however many connections have shown it', async () => {
    const { world, alice } = await setUp('invitations.accounts=everyone');
    const token = tokenOf(uriOf((await run(alice, 'invite')).form));
    const newcomers = ['a', 'b', 'c'].map((name) => ({ name, connection: new Newcomer(world) }));
    for (const { connection } of newcomers) expect(await connection.show(token)).toBe('result');
    expect(await newcomers[0]?.connection.register('alice')).toBe('conflict');
    const answers = await Promise.all(newcomers.slice(0, 2).map(({ name, connection }) => connection.register(name)));
    expect(answers).toEqual(['result', 'not-allowed']);
    expect(await newcomers[2]?.connection.register('c')).toBe('service-unavailable');
  });

  it('a token that was revoked is good for nobody any more', async () => {
    const { world, alice } = await setUp('invitations.accounts=everyone');
    const token = tokenOf(uriOf((await run(alice, 'invite')).form));
    const newcomer = new Newcomer(world);
    await newcomer.show(token);
    await world.core.registry.controls.get('invite.revoke')?.({ token });
    expect(await newcomer.register('juliet')).toBe('service-unavailable');
  });

  it('invitations.per_account: also of invitations that are asked for at the same time', async () => {
    const { alice } = await setUp('invitations.per_account=2');
    const made = await Promise.all([1, 2, 3, 4].map(() => run(alice, 'invite')));
    expect(made.filter(({ error }) => error === 'resource-constraint')).toHaveLength(2);
  });

  it('§5.2: a name is kept for whoever is invited under it, and they get no other', async () => {
    const { world, alice } = await setUp('admins=["alice@localhost"]', 'registration.enabled=true');
    const { form } = await run(alice, 'create-account', [{ var: 'username', value: 'juliet' }]);
    const other = new Newcomer(world);
    expect(await other.register('juliet')).toBe('conflict');
    expect(await other.register('romeo')).toBe('result');
    const invited = new Newcomer(world);
    expect(await invited.show(tokenOf(uriOf(form)))).toBe('result');
    expect(await invited.register('juliet')).toBe('result');
  });

  it('§5.2: without open registration the invited name is the only one', async () => {
    const { world, alice } = await setUp('admins=["alice@localhost"]');
    const { form } = await run(alice, 'create-account', [{ var: 'username', value: 'juliet' }]);
    const invited = new Newcomer(world);
    await invited.show(tokenOf(uriOf(form)));
    expect(await invited.ask('get', xml('query', { xmlns: NS.register }))).toBe('result');
    expect(await invited.register('romeo')).toBe('not-allowed');
    expect(await invited.register('juliet')).toBe('result');
  });

  it('XEP-0379 §3.5: a request with a token is approved, once, and answered with one', async () => {
    const { world, alice } = await setUp();
    const token = tokenOf(uriOf((await run(alice, 'invite')).form));
    const subscribe = async (device: Device): Promise<void> => {
      const preauth = xml('preauth', { xmlns: NS.preAuthSubscription, token });
      device.send(xml('presence', { to: 'alice@localhost', type: 'subscribe' }, preauth));
      await world.settle();
    };
    const bob = await world.connect('bob@localhost/b', { priority: 0 });
    bob.send(xml('presence', { to: 'alice@localhost', type: 'subscribed' })); // §3.4: pre-approval
    await subscribe(bob);
    expect(await subscriptionOf(alice, 'bob@localhost')).toBe('both');
    expect(await subscriptionOf(bob, 'alice@localhost')).toBe('both');
    const carol = await world.connect('carol@localhost/c', { priority: 0 });
    await subscribe(carol);
    expect(await subscriptionOf(carol, 'alice@localhost')).toBe('none');
    expect(await new Newcomer(world).show(token)).toBe('item-not-found');
  });

  it('a link for contacts makes no account, and is worthless when its time is up', async () => {
    const { world, alice } = await setUp();
    const token = tokenOf(uriOf((await run(alice, 'invite')).form));
    expect(await new Newcomer(world).show(token)).toBe('item-not-found');
    world.clock.advance(7 * DAY);
    const bob = await world.connect('bob@localhost/b', { priority: 0 });
    const preauth = xml('preauth', { xmlns: NS.preAuthSubscription, token });
    bob.send(xml('presence', { to: 'alice@localhost', type: 'subscribe' }, preauth));
    await world.settle();
    expect(await subscriptionOf(bob, 'alice@localhost')).toBe('none');
  });

  it('as many as the configuration says may be open', async () => {
    const { world, alice } = await setUp('invitations.per_account=2');
    expect((await run(alice, 'invite')).error).toBeUndefined();
    expect((await run(alice, 'invite')).error).toBeUndefined();
    expect((await run(alice, 'invite')).error).toBe('resource-constraint');
    world.clock.advance(7 * DAY);
    expect((await run(alice, 'invite')).error).toBeUndefined();
  });

  it('the command line makes, lists and revokes them', async () => {
    const { world } = await setUp();
    const control = (method: string, params = {}) =>
      Promise.resolve(world.core.registry.controls.get(method)?.(params));
    const made = (await control('invite.create', { jid: 'juliet@localhost', contact: 'alice@localhost' })) as {
      uri: string;
    };
    expect(made.uri).toMatch(/^xmpp:juliet@localhost\?register/);
    await expect(control('invite.create', { contact: 'nobody@localhost' })).rejects.toMatchObject({
      condition: 'item-not-found',
    });
    await expect(control('invite.create', { jid: 'a@else.example' })).rejects.toMatchObject({
      condition: 'item-not-found',
    });
    await expect(control('invite.create', { jid: '@' })).rejects.toMatchObject({ condition: 'jid-malformed' });
    expect(await control('invite.list')).toMatchObject([{ uri: made.uri, inviter: 'alice@localhost' }]);
    await control('invite.revoke', { token: tokenOf(made.uri) });
    expect(await control('invite.list')).toEqual([]);
    await expect(control('invite.revoke', { token: 'x' })).rejects.toMatchObject({ condition: 'item-not-found' });
  });
});

describe('XEP-0379 §3.3 the page that opens an invitation', () => {
  const landing = async (...settings: string[]) => {
    const { alice } = await setUp(...settings);
    const { form } = await run(alice, 'invite');
    return form?.fields.get('landing-url')?.[0]?.replace(/#.*/, '#');
  };

  it('is where http.public_url says', async () => {
    expect(await landing()).toBe('https://chat.example/#');
  });

  it('is on this machine for localhost, which only those on it can mean', async () => {
    expect(await landing('http.public_url=')).toBe('https://localhost/#');
    expect(locatePage(apiFor('http.public_url='), 'chat.example')).toBe('');
  });

  it('is nowhere without the page', async () => {
    expect(await landing('http.page=false')).toBeUndefined();
  });
});

function apiFor(setting: string): Parameters<typeof locatePage>[0] {
  const { config } = loadConfig({ cwd: process.cwd(), settings: [setting] });
  return { config, webUrl: (domain) => `https://${domain}` };
}
