import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { client, xml } from '@xmpp/client';
import { startServer } from 'tutti';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Conversational, imNg, privately } from '../src/index.ts';

const SETTINGS = [
  'c2s.enabled=false',
  'c2s_tls.enabled=false',
  's2s.enabled=false',
  'http.port=0',
  'auth.scram_iterations=4096',
];

let data: string;
let server: Awaited<ReturnType<typeof startServer>>;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'tutti-xmpp-js-'));
  server = await startServer({ data, settings: SETTINGS });
  for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, 'secret');
});
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await server.stop();
  rmSync(data, { recursive: true });
});

/** A client with the plugin, and all that it was told. */
async function connect(username: string, resource: string) {
  const port = server.listening.find(({ name }) => name === 'http')?.port;
  const xmpp = client({
    service: `ws://127.0.0.1:${port}/xmpp-websocket`,
    domain: 'localhost',
    resource,
    username,
    password: 'secret',
  });
  const told: { messages: Conversational[]; privates: string[]; sent: string[] } = {
    messages: [],
    privates: [],
    sent: [],
  };
  xmpp.on('send', (element: { name: string }) => told.sent.push(element.name));
  const enabled = new Promise<boolean>((resolve) => {
    imNg(xmpp, {
      onEnabled: resolve,
      onMessage: (message) => told.messages.push(message),
      onPrivate: (stanza) => told.privates.push(stanza.getChildText('body') ?? ''),
    });
  });
  xmpp.on('online', () => void xmpp.send(xml('presence')));
  await xmpp.start();
  stops.push(() => xmpp.stop());
  return { xmpp, told, enabled: await enabled };
}

const bodiesOf = (messages: readonly Conversational[]): (string | null)[] =>
  messages.map(({ stanza }) => stanza.getChildText('body'));

it('K1 K3 K4 enables before the presence, sees reflections of siblings, and keeps private messages apart', async () => {
  const [phone, tablet, bob] = await Promise.all([
    connect('alice', 'phone'),
    connect('alice', 'tablet'),
    connect('bob', 'desk'),
  ]);
  expect([phone.enabled, tablet.enabled, bob.enabled]).toEqual([true, true, true]);
  const stanzas = phone.told.sent.filter((name) => name === 'iq' || name === 'presence');
  expect(stanzas.at(-1)).toBe('presence');
  expect(stanzas.indexOf('iq')).toBeLessThan(stanzas.indexOf('presence'));
  await phone.xmpp.send(xml('message', { to: 'bob@localhost', type: 'chat' }, xml('body', {}, 'one')));
  await bob.xmpp.send(privately(String(tablet.xmpp.jid), xml('body', {}, 'secret')));
  await bob.xmpp.send(xml('message', { to: String(phone.xmpp.jid), type: 'chat' }, xml('body', {}, 'two')));
  await expect.poll(() => tablet.told.messages.length).toBe(2);
  await expect.poll(() => phone.told.messages.length).toBe(2);
  expect(bodiesOf(tablet.told.messages)).toEqual(['one', 'two']);
  expect(bodiesOf(phone.told.messages)).toEqual(['one', 'two']);
  expect(tablet.told.messages.map(({ outgoing, peer }) => [outgoing, peer])).toEqual([
    [true, 'bob@localhost'],
    [false, 'bob@localhost'],
  ]);
  expect(tablet.told.messages.map(({ archiveId }) => archiveId)).toEqual(
    phone.told.messages.map(({ archiveId }) => archiveId),
  );
  expect([tablet.told.privates, phone.told.privates]).toEqual([['secret'], []]);
});
