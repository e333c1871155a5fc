import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, freePort, whenListening } from '../processes.ts';
import { freshLocalpart, register, type Target } from '../target.ts';
import { ejabberdCommand, spawnPeer } from './debian.ts';
import { probeForeign } from './foreign.ts';

/** Debian's ejabberd on loopback, with a folder of its own: archives and Carbons on, limits off. */
export async function startEjabberd(): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'ejabberd-'));
  const [port, http] = [await freePort(), await freePort()];
  await writeFile(join(folder, 'ejabberd.yml'), configuration(port, http));
  const child = spawnPeer(ejabberdCommand(folder), folder);
  await whenListening([port, http], child);
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
      await endProcess(child);
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
