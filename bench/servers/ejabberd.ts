import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from '../load/register.ts';
import { startPostgres } from './postgres.ts';
import { endProcess, freePort, whenListening } from '../../conformance/processes.ts';
import { ejabberdCommand, spawnPeer } from '../../conformance/targets/debian.ts';
import { readDebianVersion } from '../debian.ts';
import type { BenchServer } from './server.ts';

const SCHEMA = '/usr/share/ejabberd/sql/pg.sql';

/** ejabberd with PostgreSQL: the archive of everybody always on (A), Carbons on request, no shapers and no limits (L). */
function configure(port: number, database: number): string {
  return `
hosts: [localhost]
loglevel: error
log_rotate_count: 0
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    starttls: false
    max_fsm_queue: 1000000 # L
    backlog: 1000
auth_method: sql
auth_password_format: scram
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: ${database}
sql_database: ejabberd
sql_username: ejabberd
shaper_rules: { max_user_sessions: infinity } # L
registration_timeout: infinity # L
acl: { loopback: { ip: ["127.0.0.0/8"] } }
access_rules: { anybody: { allow: all } }
modules:
  mod_carboncopy: {}
  mod_disco: {}
  mod_mam: { default: always, assume_mam_usage: true } # A
  mod_ping: {}
  mod_register: { access: anybody, access_from: anybody, ip_access: anybody, allow_modules: all, password_strength: 0 }
  mod_roster: { versioning: true }
  mod_stream_mgmt: {}
`;
}

/** Starts Debian's ejabberd and a PostgreSQL for it. */
export async function startEjabberd(): Promise<BenchServer> {
  const postgres = await startPostgres('ejabberd');
  postgres.load(SCHEMA);
  const folder = await mkdtemp(join(tmpdir(), 'ejabberd-bench-'));
  const port = await freePort();
  await writeFile(join(folder, 'ejabberd.yml'), configure(port, postgres.port));
  const begin = performance.now();
  const child = spawnPeer(ejabberdCommand(folder), folder);
  await whenListening([port], child);
  return {
    name: 'ejabberd',
    version: `${readDebianVersion('ejabberd')}, PostgreSQL ${readDebianVersion('postgresql-15')}`,
    port,
    copies: 'carbons',
    roots: [child.pid as number, postgres.pid],
    startMs: performance.now() - begin,
    addAccounts: (names) => register(port, names),
    archiveBytes: () => Promise.resolve(Number(postgres.query("SELECT pg_total_relation_size('archive')"))),
    async stop() {
      await endProcess(child);
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
