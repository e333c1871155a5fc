import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prosodyBasics, prosodyCommand } from '../../conformance/targets/debian.ts';
import { readDebianVersion } from '../debian.ts';
import type { PeerRecipe } from './contestant.ts';

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
    command: prosodyCommand,
  };
}

function configure(folder: string, port: number, storage: ProsodyStorage): string {
  const kept = `storage = "sql"\nsql = { driver = "SQLite3", database = "${folder}/prosody.sqlite" }`;
  return `${prosodyBasics(folder, MODULES)}
network_backend = "epoll"
modules_disabled = { "s2s", "offline" }
${storage === 'sqlite' ? kept : 'storage = "internal"'}
storage_archive_item_limit = 100000000
max_archive_query_results = 250
default_archive_policy = true
archive_expires_after = "never"
authentication = "internal_plain"
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
s2s_ports = {}
http_ports = {}
https_ports = {}
VirtualHost "localhost"
`;
}
