import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from '../load/register.ts';
import { endProcess, freePort, whenListening } from './processes.ts';
import type { BenchServer } from './server.ts';

const MODULES = 'roster saslauth disco carbons pep blocklist version ping register mam csi smacks';

/** Prosody with its internal storage: the archive of everybody always on (A), Carbons on request, no limits (L). */
function configure(folder: string, port: number): string {
  const modules = MODULES.split(' ').map((name) => `"${name}"`);
  return `
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}"
log = { error = "${folder}/error.log" }
modules_enabled = { ${modules.join(', ')} }
modules_disabled = { "s2s", "offline" }
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
c2s_interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
s2s_ports = {}
http_ports = {}
https_ports = {}
default_archive_policy = true -- A
max_archive_query_results = 250
storage_archive_item_limit = 1000000000 -- L: 10,000 without this
archive_expires_after = "never"
VirtualHost "localhost"
`;
}

/** Starts Debian's Prosody. */
export async function startProsody(): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'prosody-bench-'));
  const port = await freePort();
  const config = join(folder, 'prosody.cfg.lua');
  await writeFile(config, configure(folder, port));
  const begin = performance.now();
  const child = spawn('prosody', ['-F', '--config', config], { stdio: 'ignore' });
  await whenListening(port, child);
  return {
    name: 'Prosody',
    version: debianVersion('prosody'),
    port,
    copies: 'carbons',
    roots: [child.pid as number],
    startMs: performance.now() - begin,
    addAccounts: (names) => register(port, names),
    archiveBytes: () => Promise.resolve(diskBytes(join(folder, 'localhost', 'archive'))),
    async stop() {
      await endProcess(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's version of a package. */
export function debianVersion(name: string): string {
  return execFileSync('dpkg-query', ['--show', '--showformat=${Version}', name], { encoding: 'utf8' });
}

function diskBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  const output = execFileSync('du', ['--summarize', '--bytes', folder], { encoding: 'utf8' });
  return Number(output.split('\t')[0]);
}
