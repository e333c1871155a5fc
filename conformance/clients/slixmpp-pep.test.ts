import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type StartedServer, startServer } from 'tutti';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { python, requirePeer } from '../peers.ts';

const SCRIPT = fileURLToPath(new URL('slixmpp_pep.py', import.meta.url));
const run = promisify(execFile);

describe.runIf(requirePeer('slixmpp', 'avatars, bookmarks and OMEMO lists with slixmpp'))('slixmpp and PEP', () => {
  let data: string;
  let server: StartedServer;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tutti-slixmpp-'));
    server = await startServer({
      data,
      settings: ['c2s.port=0', 'c2s_tls.enabled=false', 's2s.enabled=false', 'http.enabled=false'],
    });
    for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, 'secret');
  });

  afterAll(async () => {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('XEP-0084 XEP-0153 XEP-0398 XEP-0402 XEP-0048 XEP-0384 between two people with three devices', async () => {
    const options = {
      alice: 'alice@localhost',
      bob: 'bob@localhost',
      password: 'secret',
      host: '127.0.0.1',
      port: server.listening.find(({ name }) => name === 'c2s')?.port,
      certificate: join(data, 'tls', 'self-signed.crt'),
    };
    const { stdout } = await run(python, [SCRIPT, JSON.stringify(options)], { timeout: 55_000 });
    const seen = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(seen).toEqual([
      { saw: 'avatar', published: true, vcard: true },
      { saw: 'hash in presence' },
      { saw: 'avatar of a vCard', published: true },
      { saw: 'bookmarks', rooms: [['play@rooms.example', 'JC', 'The Play']] },
      { saw: 'changed bookmarks', rooms: ['other@rooms.example'] },
      { saw: 'bookmarks in PEP', rooms: [['other@rooms.example', 'JC', 'Another']] },
      { saw: 'bookmarks changed in PEP' },
      { saw: 'devices', ids: ['4711'] },
    ]);
  });
});
