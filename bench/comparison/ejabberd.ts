import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerRecipe } from './contestant.ts';
import { readDebianVersion } from './debian.ts';

/** Where ejabberd keeps its archives: its default, or SQLite. */
export type EjabberdStorage = 'mnesia' | 'sqlite';

/** The tables of the old schema, which is the one that ejabberd uses unless told otherwise. */
const SCHEMA = '/usr/share/ejabberd/sql/lite.sql';

/** Debian's ejabberd with archive, Carbons and stream management, without its limits on speed. It runs alone: without Erlang's distribution. */
export function ejabberd(storage: EjabberdStorage): PeerRecipe {
  return {
    name: 'ejabberd',
    version: readDebianVersion('ejabberd'),
    configuration: `${storage === 'mnesia' ? 'Mnesia' : 'SQLite'}, mod_mam, mod_carboncopy, mod_stream_mgmt`,
    async prepare(folder, port) {
      await mkdir(join(folder, 'spool'));
      await writeFile(join(folder, 'ejabberd.yml'), configure(folder, port, storage));
      await writeFile(join(folder, 'inetrc'), '{lookup,["file","native"]}.\n');
    },
    command: (folder) => {
      const spool = JSON.stringify(join(folder, 'spool'));
      return ['erl', '+K', 'true', '+P', '250000', '-noinput', '-mnesia', 'dir', spool, '-s', 'ejabberd'];
    },
    env: (folder) => ({
      EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
      EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
      ERL_CRASH_DUMP: join(folder, 'crash.dump'),
      ERL_INETRC: join(folder, 'inetrc'),
      ERL_MAX_PORTS: '32000',
      ERL_LIBS: findLibraries(),
    }),
  };
}

/** Debian keeps Erlang's libraries in the folder of the machine's architecture. */
function findLibraries(): string {
  const folder = readdirSync('/usr/lib').find(hasEjabberd);
  if (folder === undefined) throw new Error('ejabberd is not where Debian puts it');
  return join('/usr/lib', folder);
}

function hasEjabberd(folder: string): boolean {
  const path = join('/usr/lib', folder);
  return folder.includes('-linux-gnu') && readdirSync(path).some((name) => name.startsWith('ejabberd-'));
}

function configure(folder: string, port: number, storage: EjabberdStorage): string {
  if (storage === 'sqlite' && !existsSync(SCHEMA)) throw new Error(`${SCHEMA} is missing`);
  const sql = `
default_db: sql
sql_type: sqlite
sql_database: "${folder}/ejabberd.sqlite"
`;
  return `
hosts: [localhost]
loglevel: error
auth_method: ${storage === 'sqlite' ? 'sql' : 'internal'}
auth_password_format: plain
registration_timeout: infinity
${storage === 'sqlite' ? sql : ''}
listen:
  -
    port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: none
    access: all
modules:
  mod_carboncopy: {}
  mod_disco: {}
  mod_mam:
    default: always
    assume_mam_usage: true
    request_activates_archiving: false
  mod_ping: {}
  mod_register:
    ip_access: all
    access: all
    captcha_protected: false
  mod_roster: {}
  mod_stream_mgmt:
    resend_on_timeout: if_offline
`;
}
