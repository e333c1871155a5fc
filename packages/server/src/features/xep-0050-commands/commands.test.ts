import { type Element, NS, readForm, writeForm, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { createWorld, type World } from '../../../test/world.ts';
import { defineFeature } from '../../feature.ts';
import { features } from '../index.ts';

const greetings: string[] = [];

const greeting = defineFeature({
  spec: 'XEP-9999',
  name: 'Test',
  setup(api) {
    api.command({
      node: 'greet',
      name: 'Greet',
      allows: (from) => from.local === 'alice',
      form: () => writeForm('form', 'urn:greet', [{ var: 'whom', type: 'text-single' }]),
      run: (_, form) => {
        greetings.push(form?.fields.get('whom')?.[0] ?? '');
        return { note: 'Done.' };
      },
    });
    api.command({ node: 'ping', name: 'Ping', allows: () => true, run: () => ({ note: 'No.', failed: true }) });
  },
});

async function setUp(): Promise<{ world: World; alice: Device; bob: Device }> {
  greetings.length = 0;
  const world = await createWorld({ features: [...features, greeting] });
  return { world, alice: await world.connect('alice@localhost/a'), bob: await world.connect('bob@localhost/b') };
}

const run = (device: Device, attrs: Record<string, string>, ...children: Element[]): Promise<Element> =>
  device.ask('set', xml('command', { xmlns: NS.commands, ...attrs }, ...children), 'localhost');
const commandIn = (answer: Element): Element => answer.child('command', NS.commands) as Element;
const errorsIn = (answer: Element): readonly string[] =>
  answer
    .child('error')
    ?.elements.filter(({ name }) => name !== 'text')
    .map(({ name }) => name) ?? [];

describe('XEP-0050: ad-hoc commands', () => {
  it('§2.2: lists the commands that one may run', async () => {
    const { alice, bob } = await setUp();
    const list = async (device: Device): Promise<(string | undefined)[]> => {
      const answer = await device.ask('get', xml('query', { xmlns: NS.discoItems, node: NS.commands }), 'localhost');
      return answer.child('query', NS.discoItems)?.elements.map(({ attrs }) => attrs['node']) ?? [];
    };
    expect(await list(alice)).toEqual(expect.arrayContaining(['greet', 'ping']));
    expect(await list(bob)).toContain('ping');
    expect(await list(bob)).not.toContain('greet');
    const about = await alice.ask('get', xml('query', { xmlns: NS.discoInfo, node: 'greet' }), 'localhost');
    expect(about.child('query', NS.discoInfo)?.child('identity')?.attrs).toMatchObject({
      category: 'automation',
      type: 'command-node',
      name: 'Greet',
    });
    const hidden = await bob.ask('get', xml('query', { xmlns: NS.discoInfo, node: 'greet' }), 'localhost');
    expect(errorsIn(hidden)).toEqual(['item-not-found']);
  });

  it('§2.4: gives the form, takes it, and is over', async () => {
    const { alice } = await setUp();
    const begun = commandIn(await run(alice, { node: 'greet', action: 'execute' }));
    const { sessionid = '' } = begun.attrs;
    expect(begun.attrs['status']).toBe('executing');
    expect(begun.child('actions')?.attrs['execute']).toBe('complete');
    expect(readForm(begun.child('x', NS.dataForms) as Element).formType).toBe('urn:greet');
    const form = writeForm('submit', 'urn:greet', [{ var: 'whom', value: 'World' }]);
    const done = commandIn(await run(alice, { node: 'greet', sessionid }, form));
    expect([done.attrs['status'], done.child('note')?.text(), greetings]).toEqual(['completed', 'Done.', ['World']]);
    expect(errorsIn(await run(alice, { node: 'greet', sessionid }, form))).toEqual(['not-allowed', 'session-expired']);
  });

  it('§2.4.3: can be cancelled; §3.7: a failure is told in a note', async () => {
    const { alice } = await setUp();
    const { sessionid = '' } = commandIn(await run(alice, { node: 'greet' })).attrs;
    expect(commandIn(await run(alice, { node: 'greet', sessionid, action: 'cancel' })).attrs['status']).toBe(
      'canceled',
    );
    expect(greetings).toEqual([]);
    const failed = commandIn(await run(alice, { node: 'ping' }));
    expect([failed.attrs['status'], failed.child('note')?.attrs['type']]).toEqual(['completed', 'error']);
  });

  it('§4.4, §6: who may not, what makes no sense, and what was begun by somebody else', async () => {
    const { world, alice, bob } = await setUp();
    expect(errorsIn(await run(bob, { node: 'greet' }))).toEqual(['forbidden']);
    expect(errorsIn(await run(bob, { node: 'nothing' }))).toEqual(['item-not-found']);
    expect(errorsIn(await run(alice, { node: 'greet', action: 'jump' }))).toEqual(['bad-request', 'malformed-action']);
    expect(errorsIn(await run(alice, { node: 'greet', action: 'prev' }))).toEqual(['bad-request', 'bad-action']);
    const { sessionid = '' } = commandIn(await run(alice, { node: 'greet' })).attrs;
    expect(errorsIn(await run(alice, { node: 'greet', sessionid }))).toEqual(['bad-request', 'bad-payload']);
    const other = await world.connect('alice@localhost/other');
    expect(errorsIn(await run(other, { node: 'greet', sessionid, action: 'cancel' }))[0]).toBe('not-allowed');
    world.clock.advance(10 * 60 * 1000);
    expect(errorsIn(await run(alice, { node: 'greet', sessionid, action: 'cancel' }))[1]).toBe('session-expired');
  });

  it('ten may be open at a time: the oldest gives way', async () => {
    const { alice } = await setUp();
    const ids: string[] = [];
    for (let index = 0; index < 11; index += 1) {
      ids.push(commandIn(await run(alice, { node: 'greet' })).attrs['sessionid'] ?? '');
    }
    const cancel = (sessionid = ''): Promise<Element> => run(alice, { node: 'greet', sessionid, action: 'cancel' });
    expect(errorsIn(await cancel(ids[0]))).toContain('session-expired');
    expect(errorsIn(await cancel(ids[1]))).toEqual([]);
  });
});
