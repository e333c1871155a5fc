import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePeer } from '../peers.ts';
import { Authority, type Certificate } from './rig/authority.ts';
import { DnsServer } from './rig/dns-server.ts';
import type { Ground } from './rig/peer.ts';
import { greetRaw, RawServer } from './rig/raw-peer.ts';
import { Tutti } from './rig/tutti.ts';

const PROGRAM = join(import.meta.dirname, '../../packages/server/bin/tutti.js');

interface Report {
  readonly healthy: boolean;
  readonly findings: readonly { readonly check: string; readonly status: string; readonly message: string }[];
}

describe.runIf(requirePeer('openssl', 'tutti doctor DOMAIN'))('tutti doctor DOMAIN', () => {
  let ground: Ground;
  let them: Tutti;
  let ours: Certificate;

  beforeAll(async () => {
    ground = { dns: await DnsServer.start(), authority: new Authority() };
    them = await Tutti.start(ground, { 'them.example': 'starttls', 'direct.example': 'direct' });
    ours = ground.authority.issue({ dns: ['us.example'] });
  });

  afterAll(async () => {
    await them[Symbol.asyncDispose]();
    ground.authority[Symbol.dispose]();
    ground.dns[Symbol.dispose]();
  });

  function run(...args: string[]): Promise<{ code: number; output: string }> {
    const settings = [
      'domains=us.example',
      `tls.cert=${ours.cert}`,
      `tls.key=${ours.key}`,
      `s2s.ca=${ground.authority.file}`,
      `s2s.dns_servers=${ground.dns.address}`,
      's2s.local_addresses=true',
      's2s.connect_timeout=2 seconds',
    ].flatMap((setting) => ['--set', setting]);
    return new Promise((resolve) => {
      const argv = ['--conditions=source', PROGRAM, 'doctor', ...settings, ...args];
      execFile(process.execPath, argv, { env: { ...process.env, NO_COLOR: '1' } }, (error, output) => {
        resolve({ code: error === null ? 0 : Number(error.code), output });
      });
    });
  }

  async function report(...args: string[]): Promise<Report> {
    return JSON.parse((await run('--json', ...args)).output) as Report;
  }

  it('shows every step to a server that is well', async () => {
    const { code, output } = await run('them.example');
    const place = `localhost port ${them.port('s2s')}`;
    expect(output.split('\n').slice(0, -1)).toEqual([
      `✓ dns            SRV records: ${place} (STARTTLS)`,
      `✓ address        ${place}: localhost is 127.0.0.1`,
      `✓ connect        ${place}: connected to 127.0.0.1 port ${them.port('s2s')}`,
      expect.stringMatching(`^✓ tls            ${place}: STARTTLS, TLSv1.3 TLS_`),
      expect.stringMatching(`^✓ certificate    ${place}: good for them.example, until 20`),
      `✓ features       ${place}: SASL EXTERNAL, dialback, bidi, limits`,
      `✓ authentication ${place}: by certificate (SASL EXTERNAL): it accepts that of us.example`,
    ]);
    expect(code).toBe(0);
  });

  it('shows direct TLS, and dialback where our certificate is not accepted', async () => {
    const other = new Authority();
    ours = other.issue({ dns: ['us.example'] });
    const { healthy, findings } = await report('direct.example');
    ours = ground.authority.issue({ dns: ['us.example'] });
    other[Symbol.dispose]();
    expect(healthy).toBe(true);
    const place = `localhost port ${them.port('s2s_tls')}`;
    expect(findings).toContainEqual({
      check: 'authentication',
      status: 'ok',
      message: `${place}: by dialback: it will call back, so it must be able to reach the server of us.example`,
    });
    expect(findings.find(({ check }) => check === 'tls')?.message).toMatch(`${place}: direct TLS, `);
  });

  it('looks at a domain of our own as others see it', async () => {
    const own = ['domains=them.example', 's2s.local_addresses=false'].flatMap((setting) => ['--set', setting]);
    const { healthy, findings } = await report('them.example', ...own);
    expect(healthy).toBe(true);
    expect(findings.at(-1)?.message).toMatch(/: by certificate or dialback$/);
  });

  it.each([
    ['a name that the DNS does not have', ['nobody.example'], 'dns', /no address for nobody\.example/],
    [
      'a name that leads to this machine',
      ['them.example', '--set', 's2s.local_addresses=false'],
      'dns',
      /localhost is .*, which is this machine or its own network/,
    ],
    ['a domain that we block', ['them.example', '--set', 's2s.block=them.example'], 'policy', /blocked here/],
    [
      'a server that is switched off',
      ['them.example', '--set', 's2s.enabled=false'],
      's2s',
      /does not speak with others/,
    ],
    [
      'a place where nobody listens',
      ['them.example', '--set', 's2s.domains."them.example".target=127.0.0.1:9'],
      'connect',
      /connection refused/,
    ],
  ])('fails at %s', async (_, args, check, message) => {
    const { healthy, findings } = await report(...args);
    expect(healthy).toBe(false);
    expect(findings.at(-1)).toMatchObject({ check, status: 'fail', message: expect.stringMatching(message) });
  });

  it('fails at an expired certificate, and says so', async () => {
    const peer = await RawServer.start();
    ground.dns.announce('expired.example', { plain: peer.port });
    void peer.next().then(async (stream) => {
      await greetRaw(stream, 'expired.example', ground.authority.issue({ dns: ['expired.example'], days: -1 }));
      await stream.rest();
    });
    const { code, output } = await run('expired.example');
    expect(code).toBe(1);
    expect(output).toMatch(/✗ certificate +localhost port \d+: its certificate expired on 20/);
    peer[Symbol.dispose]();
  });
});
