import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Need } from '../suite.ts';
import { freshLocalpart, register, type Target } from '../target.ts';

const PROGRAM = 'prosody';

/** What it offers as configured here. */
export const PROSODY_OFFERS: ReadonlySet<Need> = new Set<Need>([
  'carbons',
  'mam',
  'mam-extended',
  'mam-prefs',
  'sm',
  'csi',
  'blocking',
  'register',
  'pre-approval',
  'roster-versioning',
  'pep',
  'private-xml',
  'vcard',
  'avatar-conversion',
  'bookmarks-compat',
  'muc',
  'upload',
  'external-services',
  'mechanism PLAIN',
  'mechanism SCRAM-SHA-1',
  'mechanism SCRAM-SHA-256',
]);

/**
 * Debian's Prosody on loopback, with a folder of its own: a second opinion on the tests that are not about IM-NG.
 * @param settings lines of its configuration, before the host
 * @param keep a folder that stays; its own is deleted at the end
 */
export async function startProsody(settings = '', keep?: string): Promise<Target> {
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'prosody-')));
  const [c2s, http] = [await freePort(), await freePort()];
  const config = join(folder, 'prosody.cfg.lua');
  await writeFile(config, configuration(folder, c2s, http, settings));
  const child = spawn(PROGRAM, ['-F', '--config', config], { stdio: 'ignore' });
  await listening(c2s, child);
  await listening(http, child);
  return {
    name: 'Prosody',
    domain: 'localhost',
    transports: ['tcp', 'ws', 'bosh'],
    address: (transport) => ({
      transport,
      host: '127.0.0.1',
      port: transport === 'tcp' ? c2s : http,
      tls: 'none',
      domain: 'localhost',
    }),
    async account(name) {
      const jid = `${freshLocalpart(name)}@localhost`;
      return register(
        { transport: 'tcp', host: '127.0.0.1', port: c2s, tls: 'none', domain: 'localhost' },
        jid,
        'secret',
      );
    },
    offers: PROSODY_OFFERS,
    grace: () => new Promise((resolve) => setTimeout(resolve, 20)),
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (keep === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, c2s: number, http: number, settings: string): string {
  const modules =
    'roster saslauth tls disco carbons pep private blocklist vcard4 vcard_legacy bookmarks version uptime time ping register mam csi smacks websocket bosh external_services';
  return `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}"
log = { error = "${folder}/error.log" }
modules_enabled = { ${modules
    .split(' ')
    .map((name) => `"${name}"`)
    .join(', ')} }
modules_disabled = { "s2s", "offline" }
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { ${c2s} }
s2s_ports = {}
http_interfaces = { "127.0.0.1" }
http_ports = { ${http} }
https_ports = {}
http_default_host = "localhost"
consider_websocket_secure = true
${settings}
VirtualHost "localhost"
Component "conference.localhost" "muc"
Component "upload.localhost" "http_file_share"
  http_host = "localhost"
`;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export async function listening(port: number, child: ChildProcess): Promise<void> {
  // A machine that has much else to do takes its time.
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    if (await canConnect(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on ${port}`);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
