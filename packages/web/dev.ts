/** `npm run dev`: a server in which Alice and Bob have met, with three devices each, and pages to be them. All of it is gone at the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@tutti/client';
import { startServer } from 'tutti';
import { preparePage } from './prepare.ts';

const PASSWORD = 'secret';
/** Each name is an origin of its own, so that one browser can be all of them. */
const PAGES = ['alice-phone', 'alice-laptop', 'bob-phone', 'bob-laptop'];

/** What has been said, and by whom. */
const TALK: readonly (readonly ['alice' | 'bob', string])[] = [
  ['alice', 'Hi Bob! Are we still on for Saturday?'],
  ['bob', 'Of course. I have booked a table for eight.'],
  ['bob', 'The small place at the river, https://example.org/menu'],
  ['alice', '🎉'],
  ['alice', 'Shall I bring the children?'],
  ['bob', 'Please do, there is a playground right beside it.'],
  ['alice', 'They will love that. See you there!'],
];

const port = Number(process.argv[2] ?? 5280);
const data = await mkdtemp(join(tmpdir(), 'tutti-dev-'));
if (await preparePage()) console.log('Built the chat page.');
const settings = [
  `http.port=${port}`,
  'c2s_tls.port=0',
  'c2s.port=0',
  's2s.port=0',
  's2s_tls.port=0',
  'registration.enabled=true',
];
const server = await startServer({ data, settings: [...settings, 'invitations.accounts=everyone'] });

/** A device without a page, which stays there. */
async function connect(username: string, resource: string): Promise<Client> {
  const service = `ws://localhost:${port}/xmpp-websocket`;
  const client = createClient({ service, domain: 'localhost', username, password: PASSWORD, resource, receipts: true });
  client.on('error', (error) => console.error(`${username}/${resource}: ${error.message}`));
  await client.start();
  return client;
}

for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, PASSWORD);
const [alice, bob] = [await connect('alice', 'tablet'), await connect('bob', 'tablet')];
// XEP-0379's way is an invitation; here both simply want it.
await alice.people.add('bob@localhost', { name: 'Bob Sommer' });
await bob.people.add('alice@localhost', { name: 'Alice Winter' });
await Promise.all([alice.people.accept('bob@localhost'), bob.people.accept('alice@localhost')]);

const hers = alice.conversation('bob@localhost');
const his = bob.conversation('alice@localhost');
for (const [who, text] of TALK) await (who === 'alice' ? hers : his).send(text);
const [, , menu] = hers.messages;
if (menu !== undefined) await hers.react(menu, '❤️');
await alice.conversation('alice@localhost').send('Buy a present for Bob');

console.log(`
Alice and Bob are there, with a tablet each that has no page. Be their other devices, all in one browser if you like:
${PAGES.map((name) => `  http://${name}.localhost:${port}/#/login/${name.split('-')[0]}`).join('\n')}
The password is “${PASSWORD}”. Ctrl+C ends it, and nothing is kept.
`);

for (const [client, peer] of [
  [alice, 'bob'],
  [bob, 'alice'],
] as const) {
  client.on('message', ({ body, outgoing }, { messages }, live) => {
    if (live)
      console.log(`${client.address} ${outgoing ? 'sent' : `got from ${peer}`}: ${body} (${messages.length} in all)`);
  });
}

await new Promise((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
await Promise.all([alice.stop(), bob.stop()]);
await server.stop();
await rm(data, { recursive: true, force: true });
