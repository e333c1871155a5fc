import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerRecipe } from './contestant.ts';
import { readDebianVersion } from './debian.ts';

/** Where Prosody keeps its archives: files of its own, or SQLite. */
export type ProsodyStorage = 'internal' | 'sqlite';

const MODULES = 'roster saslauth tls disco carbons pep blocklist vcard4 version ping register mam csi smacks';

/**
 * Debian's Prosody with all that a user of several devices wants: archive, Carbons, stream management. The archive of an account is not cut at
 * 10,000 messages, as it would be by default, and pages are as large as the clients ask for.
 */
export function prosody(storage: ProsodyStorage): PeerRecipe {
  return {
    name: 'Prosody',
    version: readDebianVersion('prosody'),
    configuration: `${storage} storage, mod_mam, mod_carbons, mod_smacks`,
    prepare: (folder, port) => writeFile(join(folder, 'prosody.cfg.lua'), configure(folder, port, storage)),
    command: (folder) => ['prosody', '-F', '--config', join(folder, 'prosody.cfg.lua')],
  };
}

function configure(folder: string, port: number, storage: ProsodyStorage): string {
  const modules = MODULES.split(' ').map((name) => `"${name}"`);
  const kept = `storage = "sql"\nsql = { driver = "SQLite3", database = "${folder}/prosody.sqlite" }`;
  return `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}"
log = { error = "${folder}/error.log" }
network_backend = "epoll"
modules_enabled = { ${modules.join(', ')} }
modules_disabled = { "s2s", "offline" }
${storage === 'sqlite' ? kept : 'storage = "internal"'}
storage_archive_item_limit = 100000000
max_archive_query_results = 250
default_archive_policy = true
archive_expires_after = "never"
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
s2s_ports = {}
http_ports = {}
https_ports = {}
VirtualHost "localhost"
`;
}
