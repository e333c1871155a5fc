import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type StartedServer, startServer } from 'tutti';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { python, requirePeer } from '../peers.ts';

const SCRIPT = fileURLToPath(new URL('slixmpp_rooms.py', import.meta.url));
const ROOM = 'balcony@conference.localhost';

describe.runIf(requirePeer('slixmpp', 'a room with a real client'))('XEP-0045 with slixmpp', () => {
  let data: string;
  let server: StartedServer;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tutti-rooms-'));
    server = await startServer({
      data,
      settings: ['c2s.port=0', 'c2s_tls.enabled=false', 's2s.enabled=false', 'http.enabled=false'],
    });
    for (const name of ['owner', 'guest']) await server.accounts.add(`${name}@localhost`, 'secret');
  });

  afterAll(async () => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('creates, configures, enters, talks, whispers, reads the archive, kicks, bans, destroys', {
    timeout: 90_000,
  }, async () => {
    const options = {
      room: ROOM,
      owner: 'owner@localhost/x',
      guest: 'guest@localhost/x',
      certificate: join(data, 'tls', 'self-signed.crt'),
      port: server.listening.find(({ name }) => name === 'c2s')?.port,
    };
    const { stdout } = await promisify(execFile)(python, [SCRIPT, JSON.stringify(options)]);
    // The library itself prints something, too.
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    const told = lines.map((line) => JSON.parse(line) as { step: string; seen: unknown });
    expect(told.map(({ step, seen }) => [step, seen])).toEqual([
      ['created', [110, 170, 201]],
      ['ban list', ['banned@localhost']],
      [
        'entered',
        [
          [100, 110, 170],
          [`${ROOM}/Owner`, `${ROOM}/Guest`],
        ],
      ],
      ['real address', 'owner@localhost/x'],
      ['heard', [`${ROOM}/Guest`, `${ROOM}/Guest`]],
      ['whispered', `${ROOM}/Owner`],
      ['roles', ['Owner']],
      ['archive', ['hello']],
      ['kicked', [110, 307]],
      ['came back', ['Balconies', ['hello']]],
      ['banned', 'forbidden'],
      ['destroyed', 'item-not-found'],
    ]);
  });
});
