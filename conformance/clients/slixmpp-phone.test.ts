import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type StartedServer, startServer } from 'tutti';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { python, requirePeer } from '../peers.ts';

const SCRIPT = fileURLToPath(new URL('slixmpp_phone.py', import.meta.url));
const COMPONENT = { domain: 'push.localhost', secret: 'a secret of some length' };
const run = promisify(execFile);

const SUITE = 'files and push with slixmpp';
const hasPeers = requirePeer('slixmpp', SUITE) && requirePeer('aiohttp', SUITE);

describe.runIf(hasPeers)('slixmpp, its files and its app server', () => {
  let data: string;
  let server: StartedServer | undefined;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tutti-phone-'));
    server = await startServer({
      data,
      settings: [
        'c2s.port=0',
        'c2s_tls.enabled=false',
        's2s.enabled=false',
        'http.port=0',
        'components.port=0',
        `components.domains."${COMPONENT.domain}".secrets=["${COMPONENT.secret}"]`,
      ],
    });
    for (const name of ['alice', 'bob']) await server.accounts.add(`${name}@localhost`, 'secret');
  });

  afterAll(async () => {
    await server?.stop();
    await rm(data, { recursive: true, force: true });
  });

  it('XEP-0363 XEP-0357 a file goes up and comes down; a component is told what a phone misses', async () => {
    const port = (name: string) => server?.listening.find((one) => one.name === name)?.port;
    const options = {
      alice: 'alice@localhost',
      bob: 'bob@localhost',
      password: 'secret',
      certificate: join(data, 'tls', 'self-signed.crt'),
      port: port('c2s'),
      component: { ...COMPONENT, port: port('components') },
    };
    const { stdout } = await run(python, [SCRIPT, JSON.stringify(options)], { timeout: 55_000 });
    const seen = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(seen).toEqual([
      { saw: 'file', service: 'upload.localhost', content: 'très cool' },
      {
        saw: 'notification',
        node: 'token',
        summary: { FORM_TYPE: 'urn:xmpp:push:summary', 'message-count': '1' },
        secret: 'eruio234',
      },
    ]);
  });
});
