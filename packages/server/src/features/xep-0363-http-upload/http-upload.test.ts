import { type Element, NS, xml } from '@tutti/xmpp';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../test/device.ts';
import { MemoryVault } from '../../../test/memory-vault.ts';
import { createWorld, type World, type WorldOptions } from '../../../test/world.ts';

const SERVICE = 'upload.localhost';
const DAY = 86_400_000;

async function setUp(settings: readonly string[] = [], more: Partial<WorldOptions> = {}) {
  const files = new MemoryVault();
  const world = await createWorld({ settings, files, ...more });
  const alice = await world.connect('alice@localhost/phone');
  return { world, files, alice };
}

const request = (name = 'a.txt', size: number | string = 5, type?: string, ...children: Element[]) =>
  xml('request', { xmlns: NS.httpUpload, filename: name, size, 'content-type': type }, ...children);

const purpose = (name: string, attrs: Record<string, string> = {}) =>
  xml(name, { xmlns: NS.httpUploadPurpose, ...attrs });

const errorOf = (answer: Element): string | undefined => answer.child('error')?.elements[0]?.name;

async function ask(device: Device, payload = request()): Promise<Element> {
  return device.ask('get', payload, SERVICE);
}

/** Asks for a slot and fills it. */
async function upload(world: World, device: Device, payload = request(), content = 'hello'): Promise<string> {
  const slot = (await ask(device, payload)).child('slot', NS.httpUpload);
  const [, , , , id = ''] = slot?.child('put')?.attrs['url']?.split('/') ?? [];
  const secret = slot?.child('put')?.child('header')?.text().replace('Bearer ', '') ?? '';
  const desk = world.core.registry.uploads;
  const file = await desk?.begin(id, { secret, length: content.length, type: undefined, rest: undefined });
  const vault = world.core.options.files as MemoryVault;
  if (file !== undefined) await desk?.end(file, await vault.receive(file, chunks(content)));
  return id;
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('XEP-0363 slots', () => {
  it('§4 §6 the service says what it is, how large a file may be, and what for', async () => {
    const { alice } = await setUp(['upload.file_bytes=12345']);
    const items = await alice.ask('get', xml('query', { xmlns: NS.discoItems }), 'localhost');
    expect(items.toString()).toContain(`jid='${SERVICE}'`);
    const info = (await alice.ask('get', xml('query', { xmlns: NS.discoInfo }), SERVICE)).child('query', NS.discoInfo);
    expect(info?.child('identity')?.attrs).toMatchObject({ category: 'store', type: 'file' });
    const features = info?.childrenNamed('feature').map(({ attrs }) => attrs['var']);
    const purposes = ['message', 'profile', 'ephemeral'].map((one) => `urn:xmpp:http:upload:purpose:0#${one}`);
    expect(features).toEqual(expect.arrayContaining(['urn:xmpp:http:upload:0', ...purposes]));
    expect(info?.child('x', NS.dataForms)?.toString()).toContain("<field var='max-file-size'><value>12345</value>");
  });

  it('§5 gives addresses with the name kept and encoded, and the header that the PUT needs', async () => {
    const { alice } = await setUp();
    const slot = (await ask(alice, request('très cool?.jpg', 23456, 'image/jpeg'))).child('slot', NS.httpUpload);
    const put = slot?.child('put');
    expect(put?.attrs['url']).toMatch(/^https:\/\/localhost\/upload\/[\w-]{24}\/tr%C3%A8s%20cool%3F\.jpg$/);
    expect(slot?.child('get')?.attrs['url']).toBe(put?.attrs['url']);
    expect(put?.child('header')?.attrs['name']).toBe('Authorization');
    expect(put?.child('header')?.text()).toMatch(/^Bearer [\w-]{32}$/);
  });

  it.each([
    ['no name', request('')],
    ['a line break in the name', request('a\nb')],
    ['a long name', request('ä'.repeat(128))],
    ['no size', request('a', '')],
    ['nothing', request('a', 0)],
    ['a negative size', request('a', -1)],
    ['a type that is none', request('a', 5, 'picture')],
    ['two purposes', request('a', 5, undefined, purpose('message'), purpose('profile'))],
    ['ephemeral without an end', request('a', 5, undefined, purpose('ephemeral'))],
    [
      'ephemeral in the past',
      request('a', 5, undefined, purpose('ephemeral', { 'expire-before': '2001-01-01T00:00:00Z' })),
    ],
  ])('§5 refuses %s', async (_, payload) => {
    const { alice } = await setUp();
    expect(errorOf(await ask(alice, payload))).toBe('bad-request');
  });

  it('§5 takes the longest name', async () => {
    const { alice } = await setUp();
    expect(errorOf(await ask(alice, request(`${'ä'.repeat(127)}x`)))).toBeUndefined();
  });

  it('§6 refuses a purpose that it does not know', async () => {
    const { alice } = await setUp();
    expect(errorOf(await ask(alice, request('a', 5, undefined, purpose('permanent'))))).toBe('feature-not-implemented');
  });

  it('§7 is for users of this server only', async () => {
    const { world, alice } = await setUp();
    const answers: Element[] = [];
    world.core.services.set('elsewhere.localhost', (stanza) => void answers.push(stanza));
    const iq = { type: 'get', id: 'x', from: 'eve@elsewhere.localhost/r', to: SERVICE };
    world.core.router.route(xml('iq', iq, request()));
    await world.settle();
    expect(answers.map(errorOf)).toEqual(['forbidden']);
    expect(errorOf(await alice.ask('get', request(), `room@${SERVICE}`))).toBe('item-not-found');
  });
});

describe('XEP-0363 limits, each at its edge', () => {
  it('§7 file_bytes, told in the error', async () => {
    const { alice } = await setUp(['upload.file_bytes=100']);
    expect(errorOf(await ask(alice, request('a', 100)))).toBeUndefined();
    const answer = await ask(alice, request('a', 101));
    expect(errorOf(answer)).toBe('not-acceptable');
    const told = answer.child('error')?.child('file-too-large', NS.httpUpload);
    expect(told?.child('max-file-size')?.text()).toBe('100');
  });

  it('§6 profile_bytes', async () => {
    const { alice } = await setUp(['upload.profile_bytes=10']);
    expect(errorOf(await ask(alice, request('a', 10, 'image/png', purpose('profile'))))).toBeUndefined();
    expect(errorOf(await ask(alice, request('a', 11, 'image/png', purpose('profile'))))).toBe('not-acceptable');
    expect(errorOf(await ask(alice, request('a', 11, 'image/png')))).toBeUndefined();
  });

  it('0 is no limit', async () => {
    const limits = ['file_bytes', 'quota_bytes', 'quota_files', 'total_bytes', 'pending'];
    const { alice } = await setUp(limits.map((name) => `upload.${name}=0`));
    for (let n = 0; n < 30; n += 1) expect(errorOf(await ask(alice, request('a', 10 ** 12)))).toBeUndefined();
  });

  it('quota_bytes, with the time at which there is room again (§7)', async () => {
    const { world, alice } = await setUp(['upload.quota_bytes=10', 'upload.retention=1 day']);
    await upload(world, alice);
    expect(errorOf(await ask(alice, request('a', 5)))).toBeUndefined();
    const answer = await ask(alice, request('a', 1));
    expect(errorOf(answer)).toBe('resource-constraint');
    expect(answer.child('error')?.attrs['type']).toBe('wait');
    expect(answer.child('error')?.child('retry', NS.httpUpload)?.attrs['stamp']).toBe('2026-01-02T00:00:00.000Z');
    const bob = await world.connect('bob@localhost/phone');
    expect(errorOf(await ask(bob, request('a', 10)))).toBeUndefined();
  });

  it('quota_files', async () => {
    const { world, alice } = await setUp(['upload.quota_files=2']);
    await upload(world, alice);
    await upload(world, alice);
    expect(errorOf(await ask(alice))).toBe('resource-constraint');
  });

  it('pending slots, until they are used or over', async () => {
    const { world, alice } = await setUp(['upload.pending=2']);
    await ask(alice);
    await ask(alice);
    expect(errorOf(await ask(alice))).toBe('resource-constraint');
    world.clock.advance(5 * 60_000);
    await upload(world, alice);
    await ask(alice);
    expect(errorOf(await ask(alice))).toBeUndefined();
    expect(errorOf(await ask(alice))).toBe('resource-constraint');
  });

  it('total_bytes of everybody, and what the disk has', async () => {
    const { world, files, alice } = await setUp(['upload.total_bytes=10']);
    const bob = await world.connect('bob@localhost/phone');
    await ask(bob, request('a', 6));
    expect(errorOf(await ask(alice, request('a', 4)))).toBeUndefined();
    expect(errorOf(await ask(alice, request('a', 1)))).toBe('resource-constraint');
    const other = await setUp();
    other.files.free = 100;
    expect(errorOf(await ask(other.alice, request('a', 100)))).toBeUndefined();
    expect(errorOf(await ask(other.alice, request('a', 101)))).toBe('resource-constraint');
    expect(files.files.size).toBe(0);
  });

  it('requests at the same time do not pass a bound together', async () => {
    const { alice } = await setUp(['upload.quota_bytes=12']);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(alice)));
    expect(answers.filter((answer) => errorOf(answer) === undefined)).toHaveLength(2);
  });

  it('types', async () => {
    const { alice } = await setUp(['upload.types=["image/*", "application/pdf"]']);
    expect(errorOf(await ask(alice, request('a', 5, 'image/png')))).toBeUndefined();
    expect(errorOf(await ask(alice, request('a', 5, 'application/pdf; version=1')))).toBeUndefined();
    expect(errorOf(await ask(alice, request('a', 5, 'text/html')))).toBe('not-acceptable');
    expect(errorOf(await ask(alice, request('a', 5)))).toBe('not-acceptable');
  });
});

describe('XEP-0363 what becomes of files', () => {
  const sweep = async (world: World) => {
    world.clock.advance(600_000);
    await world.settle();
  };

  it('a file expires, and is gone from the vault with the next sweep', async () => {
    const { world, files, alice } = await setUp(['upload.retention=1 day']);
    const id = await upload(world, alice);
    const desk = world.core.registry.uploads;
    world.clock.advance(DAY - 1);
    expect((await desk?.find(id))?.id).toBe(id);
    world.clock.advance(1);
    expect(await desk?.find(id)).toBeUndefined();
    await sweep(world);
    expect(files.files.size).toBe(0);
  });

  it('§6 a profile has its own time, an ephemeral file ends when its owner says', async () => {
    const { world, alice } = await setUp(['upload.retention=1 day']);
    const avatar = await upload(world, alice, request('a', 5, undefined, purpose('profile')));
    const end = new Date(world.clock.now() + 3_600_000).toISOString();
    const story = await upload(
      world,
      alice,
      request('a', 5, undefined, purpose('ephemeral', { 'expire-before': end })),
    );
    const desk = world.core.registry.uploads;
    world.clock.advance(3_599_999);
    expect(await desk?.find(story)).toBeDefined();
    world.clock.advance(1);
    expect(await desk?.find(story)).toBeUndefined();
    world.clock.advance(1000 * DAY);
    expect(await desk?.find(avatar)).toBeDefined();
  });

  it('a slot that nobody uses leaves nothing, one that is being used is left alone', async () => {
    const { world, files, alice } = await setUp();
    await ask(alice);
    const slot = (await ask(alice)).child('slot', NS.httpUpload)?.child('put');
    const id = slot?.attrs['url']?.split('/')[4] ?? '';
    const secret = slot?.child('header')?.text().slice(7) ?? '';
    const desk = world.core.registry.uploads;
    const file = await desk?.begin(id, { secret, length: 5, type: undefined, rest: undefined });
    await sweep(world);
    const db = world.core.options.db;
    const rows = () => db.selectFrom('upload_slot').select('id').execute();
    expect(await rows()).toEqual([{ id }]);
    if (file !== undefined) await desk?.end(file, await files.receive(file, chunks('hello')));
    await sweep(world);
    expect((await desk?.find(id))?.size).toBe(5);
  });

  it('the files of an account go with it', async () => {
    const { world, files, alice } = await setUp();
    const bob = await world.connect('bob@localhost/phone');
    await upload(world, alice);
    await upload(world, alice);
    await upload(world, bob);
    await world.core.options.accounts.remove('alice@localhost');
    expect(files.files.size).toBe(1);
    expect(await world.core.options.db.selectFrom('upload_slot').select('account').execute()).toEqual([
      { account: 'bob@localhost' },
    ]);
  });

  it('without a vault there is no service', async () => {
    const world = await createWorld();
    const alice = await world.connect('alice@localhost/phone');
    expect(errorOf(await ask(alice))).toBe('remote-server-not-found');
  });
});
