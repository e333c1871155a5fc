import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from '../load/register.ts';
import { endProcess, freePort, whenListening } from '../../conformance/processes.ts';
import { prosodyBasics, prosodyCommand, spawnPeer } from '../../conformance/targets/debian.ts';
import { readDebianVersion } from '../debian.ts';
import type { BenchServer } from './server.ts';

const MODULES = 'roster saslauth disco carbons pep blocklist version ping register mam csi smacks';

/** Prosody with its internal storage: the archive of everybody always on (A), Carbons on request, no limits (L). */
function configure(folder: string, port: number): string {
  return `${prosodyBasics(folder, MODULES)}
modules_disabled = { "s2s", "offline" }
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
  await writeFile(join(folder, 'prosody.cfg.lua'), configure(folder, port));
  const begin = performance.now();
  const child = spawnPeer(prosodyCommand(folder), folder);
  await whenListening([port], child);
  return {
    name: 'Prosody',
    version: readDebianVersion('prosody'),
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

function diskBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  const output = execFileSync('du', ['--summarize', '--bytes', folder], { encoding: 'utf8' });
  return Number(output.split('\t')[0]);
}
