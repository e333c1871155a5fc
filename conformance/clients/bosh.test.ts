import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StartedServer, startServer } from 'tutti';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Login, until } from './participant.ts';
import { createStropheJs } from './strophe-js.ts';

let data: string;
let server: StartedServer;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tutti-bosh-'));
  server = await startServer({
    data,
    settings: ['c2s.port=0', 'c2s_tls.enabled=false', 's2s.enabled=false', 'http.port=0'],
  });
  for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, 'secret');
});

afterAll(async () => {
  await server.stop();
  await rm(data, { recursive: true, force: true });
});

function login(account: string, resource: string): Login {
  const http = server.listening.find(({ name }) => name === 'http')?.port ?? 0;
  return { domain: 'localhost', account, password: 'secret', resource, mode: 'im-ng', tcp: 0, http };
}

it('XEP-0206 D1 S1: strophe.js over BOSH and over WebSocket see one conversation, after a pause, too', async () => {
  const alice = createStropheJs(login('alice@localhost', 'bosh'), 'bosh');
  const bob = createStropheJs(login('bob@localhost', 'bosh'), 'bosh');
  const tab = createStropheJs(login('bob@localhost', 'tab'), 'ws');
  const everybody = [alice, bob, tab];
  const haveAll = (count: number, who = everybody) =>
    until(
      () => who.every(({ screen }) => screen.lines.length === count),
      () => `${count} lines, but ${who.map(({ screen }) => screen.lines.length).join(', ')}`,
    );
  for (const one of everybody) await one.join();
  for (let n = 0; n < 10; n += 1)
    await Promise.all([alice.say('bob@localhost', `a${n}`), bob.say('alice@localhost', `b${n}`)]);
  await haveAll(20);
  await bob.leave();
  await alice.say('bob@localhost', 'while it was away');
  await haveAll(21, [alice, tab]);
  await bob.join();
  await bob.catchUp(bob.screen.lastId);
  await haveAll(21);
  const [first, ...others] = everybody.map(({ screen }) => screen.lines.map(({ body }) => body));
  expect(others).toEqual([first, first].map((lines) => expect.arrayContaining(lines ?? [])));
  expect(bob.screen.lines).toEqual(tab.screen.lines);
  for (const one of everybody) await one.leave();
}, 30_000);
