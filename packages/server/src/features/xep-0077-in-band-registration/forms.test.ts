import { type DataForm, type Element, type Field, NS, readForm, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import { conditionOf } from '../../../test/contacts.ts';
import { FakeConnection } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';

const TOKEN = `{${NS.preAuthSubscription}}token`;
const DAY = 24 * 60 * 60 * 1000;

/** Somebody who has no account, on one connection. */
class Newcomer {
  readonly #world: World;
  readonly #connection = new FakeConnection();

  constructor(world: World) {
    this.#world = world;
  }

  async ask(type: 'get' | 'set', payload: Element): Promise<Element> {
    const iq = xml('iq', { type, id: 'r' }, payload);
    const answer = await this.#world.host.receiveBeforeLogin('localhost', iq, this.#connection);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  /** The names of the fields and what stands in the form. */
  async fields(): Promise<{ legacy: string[]; form: DataForm | undefined; required: string[] } | string> {
    const answer = await this.ask('get', query());
    const asked = answer.child('query', NS.register);
    if (asked === undefined) return conditionOf(answer);
    const x = asked.child('x', NS.dataForms);
    const required = x?.childrenNamed('field').filter((field) => field.child('required') !== undefined) ?? [];
    return {
      legacy: asked.elements.filter((one) => one.ns === NS.register).map(({ name }) => name),
      form: x && readForm(x),
      required: required.map(({ attrs }) => attrs['var'] ?? ''),
    };
  }

  async submit(fields: Readonly<Record<string, string>>, formType: string | undefined = NS.register): Promise<string> {
    return conditionOf(await this.ask('set', query(filled(fields, formType))));
  }
}

const query = (...children: Element[]): Element => xml('query', { xmlns: NS.register }, ...children);

function filled(fields: Readonly<Record<string, string>>, formType: string | undefined = NS.register): Element {
  const all = Object.entries(fields).map(([name, value]): Field => ({ var: name, value }));
  return writeForm('submit', formType, all);
}

async function invite(world: World, jid?: string): Promise<string> {
  const made = await Promise.resolve(world.core.registry.controls.get('invite.create')?.({ jid }));
  return (made as { token: string }).token;
}

describe('XEP-0077 §4: registration by data form', () => {
  it('§3.1.1 §6 an open server asks by form and by fields', async () => {
    const world = await createWorld({ settings: ['registration.enabled=true'] });
    const fields = await new Newcomer(world).fields();
    expect(fields).toMatchObject({
      legacy: ['instructions', 'username', 'password'],
      required: ['username', 'password'],
    });
    expect(typeof fields === 'object' && [...(fields.form?.fields.keys() ?? [])]).toEqual(['username', 'password']);
    expect(typeof fields === 'object' && fields.form?.formType).toBe(NS.register);
  });

  it('§4 the form makes the account; §6 it has precedence over fields', async () => {
    const world = await createWorld({ settings: ['registration.enabled=true'] });
    expect(await new Newcomer(world).submit({ username: 'juliet', password: 'R0m30' })).toBe('no error');
    const both = query(xml('username', null, 'paris'), filled({ username: 'romeo', password: 'x' }));
    expect(conditionOf(await new Newcomer(world).ask('set', both))).toBe('no error');
    expect((await world.core.options.accounts.list()).map(({ jid }) => jid)).toEqual([
      'juliet@localhost',
      'romeo@localhost',
    ]);
  });

  it.each([
    ['no username', { password: 'x' }, NS.register, 'not-acceptable'],
    ['an empty password', { username: 'romeo', password: '' }, NS.register, 'not-acceptable'],
    ['a name that is taken', { username: 'juliet', password: 'x' }, NS.register, 'conflict'],
    ['an impossible name', { username: 'a@b', password: 'x' }, NS.register, 'jid-malformed'],
    ['another form', { username: 'romeo', password: 'x' }, NS.admin, 'bad-request'],
    [
      'an invitation that is not good',
      { username: 'romeo', password: 'x', [TOKEN]: 'nope' },
      NS.register,
      'item-not-found',
    ],
  ])('§3.1.1 %s => its error', async (_, fields, formType, condition) => {
    const world = await createWorld({ settings: ['registration.enabled=true'] });
    await world.account('juliet@localhost');
    expect(await new Newcomer(world).submit(fields, formType)).toBe(condition);
    expect(await world.core.options.accounts.list()).toHaveLength(1);
  });

  it('§4 a form that is not submitted => bad-request', async () => {
    const world = await createWorld({ settings: ['registration.enabled=true'] });
    const cancelled = query(writeForm('cancel', undefined, []));
    expect(conditionOf(await new Newcomer(world).ask('set', cancelled))).toBe('bad-request');
  });

  it('§6, XEP-0445 §3 a closed server that has invited somebody asks for the invitation, by form alone', async () => {
    const world = await createWorld();
    const newcomer = new Newcomer(world);
    expect(await newcomer.fields()).toBe('service-unavailable');
    const token = await invite(world);
    expect(await newcomer.fields()).toMatchObject({
      legacy: ['instructions'],
      required: ['username', 'password', TOKEN],
    });
    expect(await newcomer.submit({ username: 'romeo', password: 'x' })).toBe('service-unavailable');
    expect(await newcomer.submit({ username: 'romeo', password: 'x', [TOKEN]: 'nope' })).toBe('item-not-found');
    expect(await newcomer.submit({ username: 'romeo', password: 'x', [TOKEN]: token })).toBe('no error');
    expect(await newcomer.submit({ username: 'paris', password: 'x', [TOKEN]: token })).toBe('item-not-found');
    expect(await newcomer.fields()).toBe('service-unavailable');
  });

  it('XEP-0445 §4 an invitation that was shown is good for the connection, whatever its time and form', async () => {
    const world = await createWorld();
    const newcomer = new Newcomer(world);
    const token = await invite(world, 'juliet@localhost');
    expect(await newcomer.submit({ username: 'romeo', password: 'x', [TOKEN]: token })).toBe('not-allowed');
    world.clock.advance(30 * DAY);
    const asked = await newcomer.fields();
    expect(asked).toMatchObject({ legacy: ['instructions', 'username', 'password'] });
    expect(typeof asked === 'object' && asked.form?.fields.get('username')).toEqual(['juliet']); // XEP-0401 §5.2
    expect(await newcomer.submit({ username: 'juliet', password: 'x', [TOKEN]: token })).toBe('no error');
  });

  it('XEP-0445 §4 beside fields it stands as the element that shows it', async () => {
    const world = await createWorld();
    const token = await invite(world);
    const preauth = xml('preauth', { xmlns: NS.preAuthSubscription, token });
    const fields = query(xml('username', null, 'romeo'), xml('password', null, 'x'), preauth);
    expect(conditionOf(await new Newcomer(world).ask('set', fields))).toBe('no error');
  });

  it('§3.1.1 an open server asks who is invited for it, if they like', async () => {
    const world = await createWorld({ settings: ['registration.enabled=true'] });
    const token = await invite(world, 'juliet@localhost');
    const newcomer = new Newcomer(world);
    expect(await newcomer.fields()).toMatchObject({ required: ['username', 'password'] });
    expect(await newcomer.submit({ username: 'juliet', password: 'x' })).toBe('conflict');
    expect(await newcomer.submit({ username: 'juliet', password: 'x', [TOKEN]: token })).toBe('no error');
  });

  it('§3.3 who has logged in gets a form for another password, and may submit it', async () => {
    const world = await createWorld();
    const bill = await world.connect('bill@localhost/globe');
    const asked = (await bill.ask('get', query())).child('query', NS.register)?.child('x', NS.dataForms);
    const form = asked && readForm(asked);
    expect(form?.formType).toBe(`${NS.register}:changepassword`);
    expect([form?.fields.get('username'), form?.fields.get('password')]).toEqual([['bill'], []]);
    const change = (username: string) =>
      bill.ask('set', query(filled({ username, password: 'new' }, `${NS.register}:changepassword`)));
    expect(conditionOf(await change('bill'))).toBe('no error');
    expect(conditionOf(await change('will'))).toBe('not-allowed');
  });
});
