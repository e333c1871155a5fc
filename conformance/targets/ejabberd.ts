import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshLocalpart, register, type Target } from '../target.ts';
import { probeForeign } from './foreign.ts';
import { freePort, listening } from './prosody.ts';

/** Debian's ejabberd on loopback, with a folder of its own: archives and Carbons on, limits off. It runs without Erlang's distribution. */
export async function startEjabberd(): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'ejabberd-'));
  const [port, http] = [await freePort(), await freePort()];
  const spool = join(folder, 'spool');
  mkdirSync(spool);
  const config = join(folder, 'ejabberd.yml');
  await writeFile(config, configuration(port, http));
  const env = {
    ...process.env,
    HOME: folder,
    ERL_LIBS: findLibraries(),
    EJABBERD_CONFIG_PATH: config,
    EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
    ERL_CRASH_DUMP: join(folder, 'crash.dump'),
    ERL_MAX_PORTS: '4096',
  };
  const args = ['+K', 'true', '-noinput', '-mnesia', 'dir', JSON.stringify(spool), '-s', 'ejabberd'];
  const child = spawn('erl', args, { env, cwd: folder, stdio: 'ignore' });
  await listening(port, child);
  await listening(http, child);
  const address = { transport: 'tcp', host: '127.0.0.1', port, tls: 'none', domain: 'localhost' } as const;
  const probed = await probeForeign({
    domain: 'localhost',
    tcp: address,
    ws: { ...address, transport: 'ws', port: http },
    bosh: undefined,
    accounts: [],
    grace: 20,
  });
  return {
    ...probed,
    name: 'ejabberd',
    account: (name) => register(address, `${freshLocalpart(name)}@localhost`, 'secret'),
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(port: number, http: number): string {
  return `
hosts: ["localhost"]
loglevel: error
log_rotate_count: 0
registration_timeout: infinity
auth_password_format: scram
shaper_rules: {}
listen:
  - { port: ${port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: false, access: all, shaper: none, max_stanza_size: infinity }
  - { port: ${http}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: { /xmpp-websocket: ejabberd_http_ws } }
modules:
  mod_blocking: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_mam: { default: always, assume_mam_usage: true }
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_register: { ip_access: all, access: all }
  mod_roster: { versioning: true }
  mod_stream_mgmt: {}
`;
}

/** Debian keeps Erlang's libraries in the folder of the machine's architecture. */
function findLibraries(): string {
  for (const folder of readdirSync('/usr/lib').filter((name) => name.includes('-linux-gnu'))) {
    const path = join('/usr/lib', folder);
    if (readdirSync(path).some((name) => name.startsWith('ejabberd-'))) return path;
  }
  throw new Error('ejabberd is not where Debian puts it');
}
