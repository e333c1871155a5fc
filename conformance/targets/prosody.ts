import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, freePort, whenListening } from '../processes.ts';
import type { Need } from '../suite.ts';
import { freshLocalpart, register, type Target } from '../target.ts';
import { prosodyBasics, prosodyCommand, spawnPeer } from './debian.ts';

const MODULES =
  'roster saslauth tls disco carbons pep private blocklist vcard4 vcard_legacy bookmarks version uptime time ping register mam csi smacks websocket bosh external_services';

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
  await writeFile(join(folder, 'prosody.cfg.lua'), configuration(folder, c2s, http, settings));
  const child = spawnPeer(prosodyCommand(folder), folder);
  await whenListening([c2s, http], child);
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
      await endProcess(child);
      if (keep === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, c2s: number, http: number, settings: string): string {
  return `${prosodyBasics(folder, MODULES)}
modules_disabled = { "s2s", "offline" }
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
